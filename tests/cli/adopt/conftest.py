"""The command in a namespace of its own, on a registry of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.program import PROGRAMS, run
from tests.support.resources import Namespace
from tests.support.rest import PROPERTIES, Rest

Adopt = Callable[..., CompletedProcess[str]]
"""What the fixture `adopt` is."""
REGISTRAR = PROGRAMS / "registrar"


def arguments(rest: Rest, space: Namespace) -> list[str]:
    """Return the options that name a registry, a namespace and its operator."""
    return [f"--registry-url={rest.url}", f"--owner-id=tests/{space.name}", f"--namespace={space.name}"]


@pytest.fixture
def adopt(rest: Rest, own_space: Namespace) -> Adopt:
    """Run the command; it waits for nothing unless the test says so."""

    def call(*words: str | Path, kubeconfig: Path = own_space.cluster.kubeconfig) -> CompletedProcess[str]:
        return run(kubeconfig, REGISTRAR, "adopt", "--timeout=0s", *arguments(rest, own_space), *words)

    return call


@pytest.fixture
def filled(rest: Rest) -> Rest:
    """The registry with two models, three versions, one of which is archived, and artifacts of both types."""
    churn = rest.model("Churn", owner="analytics", description="Predicts churn.", customProperties=PROPERTIES)
    rest.version(churn, "2025-11", state="ARCHIVED")
    version = rest.version(churn, "2026-03", author="grace")
    rest.artifact(version, "onnx", uri="s3://models/churn.onnx", customProperties=PROPERTIES)
    rest.artifact(version, "card", artifactType="doc-artifact", uri="s3://models/card.md")
    rest.version(rest.model("fraud", externalId="42"), "1")
    return rest
