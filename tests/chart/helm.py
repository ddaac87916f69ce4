"""Helm as people call it, and what the chart renders."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from devcluster.controlplane import ControlPlane
from devcluster.environment import child_environment

CHART = Path(__file__).parents[2] / "charts" / "model-registrar"
VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
"""One file for each way of installing; together they set every value."""
MINIMAL = CHART / "ci" / "minimal-values.yaml"

Manifest = dict[str, Any]


class HelmError(RuntimeError):
    """Helm ended with a status other than 0; the message is what it said."""


@dataclass(frozen=True)
class Helm:
    """Helm, with a home of its own.

    Attributes:
        program: The executable.
        home: Where it keeps what it keeps.
        plane: The cluster; None for what needs none.
    """

    program: Path
    home: Path
    plane: ControlPlane | None = None

    def run(self, *arguments: str | os.PathLike[str]) -> str:
        """What it prints.

        Raises:
            HelmError: It failed.
        """
        environment = {
            name: str(self.home / name) for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
        }
        if self.plane is not None:
            environment["KUBECONFIG"] = str(self.plane.kubeconfig)
        result = subprocess.run(
            [self.program, *arguments], capture_output=True, text=True, check=False, env=child_environment(environment)
        )
        if result.returncode != 0:
            raise HelmError(result.stderr.strip() or result.stdout.strip())
        return result.stdout

    def template(self, values: Mapping[str, Any] | Path, *arguments: str, release: str = "model-registrar") -> str:
        """What the chart renders to with these values, in namespace ``registrar``."""
        place = ("--namespace", "registrar")
        if isinstance(values, Path):
            return self.run("template", release, CHART, *place, "--values", values, *arguments)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            yaml.safe_dump(dict(values), file)
            file.flush()
            return self.run("template", release, CHART, *place, "--values", file.name, *arguments)

    def manifests(self, values: Mapping[str, Any] | Path, *arguments: str) -> list[Manifest]:
        """The same, one by one."""
        return documents(self.template(values, *arguments))


def documents(text: str) -> list[Manifest]:
    """The manifests of a stream."""
    return [one for one in yaml.safe_load_all(text) if one]


def of_kind(manifests: Sequence[Manifest], kind: str) -> list[Manifest]:
    """Those of one kind."""
    return [one for one in manifests if one["kind"] == kind]


def the(manifests: Sequence[Manifest], kind: str) -> Manifest:
    """The only one of a kind."""
    (found,) = of_kind(manifests, kind)
    return found
