"""A registry of 200 entries comes under Git: the commands of the guide, and the example repository's Application."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from devcluster import argocd
from devcluster.argocd import ArgoCD
from devcluster.controlplane import ControlPlane
from registrar.api.meta import OWNER_PROPERTY
from tests.argocd.application import Application
from tests.argocd.git import IDENTITY, Repository
from tests.cli.program import PROGRAMS
from tests.docs.pages import blocks_of
from tests.docs.session import commands_of
from tests.env.registry import EmbeddedServers
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.fixtures import StartOperator
from tests.support.resources import PLURALS, Namespace
from tests.support.rest import PROPERTIES, Rest

REPOSITORY = Path(__file__).parents[2]
PAGE = Path("docs/how-to/adopt-many.md")
APPLICATION = REPOSITORY / "examples" / "repository" / "argocd" / "application.yaml"
STEPS = ("registrar export models ", "registrar plan models ", "git init", "git add", "git commit")
"""What the commands of the guide begin with that bring the folder into Git."""
MODELS = 20


@pytest.fixture
def registry(embedded_registry: EmbeddedServers) -> Iterator[Rest]:
    """Twenty models, each with four versions and five artifacts, that nothing manages."""
    with httpx.Client(trust_env=False) as http:
        rest = Rest(embedded_registry().url, http)
        for number in range(MODELS):
            model = rest.model(f"Model {number}", owner="analytics", description="Predicts.\n\n- y", language=["en"])
            versions = [rest.version(model, f"2026-{month:02}-01", author="grace") for month in range(1, 5)]
            for version in versions:
                rest.artifact(version, "model", uri="s3://models/m", state="LIVE", customProperties=PROPERTIES)
            rest.artifact(versions[0], "card", artifactType="doc-artifact", uri="s3://models/card.md", state="LIVE")
        yield rest


@pytest.fixture
def proxy(registry: Rest) -> Iterator[FaultProxy]:
    """The same, with a record of what is asked of it."""
    with proxy_to(registry.url) as proxy:
        yield proxy


def follow(repository: Repository, registry_url: str, space: Namespace) -> str:
    """Run the guide's commands up to the commit in a repository; returns what they print."""
    commands = [words for block in blocks_of(PAGE) if block.language == "console" for words, _ in commands_of(block)]
    chosen = [next(words for words in commands if words.startswith(step)) for step in STEPS]
    environment = {
        **IDENTITY,
        "PATH": f"{PROGRAMS}:/usr/local/bin:/usr/bin:/bin",
        "REGISTRAR_OWNER_ID": f"tests/{space.name}",
        "NO_PROXY": "*",
        "LC_ALL": "C.UTF-8",
    }
    script = "\n".join(chosen).replace("http://localhost:8080", registry_url)
    script = script.replace("--namespace default", f"--namespace {space.name}")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=repository.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def deploy(cluster: ControlPlane, repository: Repository, space: Namespace) -> str:
    """Apply the example's Application for a repository and a namespace; returns its name."""
    application = yaml.safe_load(APPLICATION.read_text())
    application["metadata"]["name"] = space.name
    application["spec"]["source"]["repoURL"] = repository.url
    application["spec"]["destination"]["namespace"] = space.name
    cluster.run_kubectl("apply", "-f", "-", stdin=json.dumps(application))
    return space.name


def without_stamps(entries: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found = {}
    for path, entry in entries.items():
        properties = {name: each for name, each in entry.get("customProperties", {}).items() if name != OWNER_PROPERTY}
        found[path] = {**entry, "customProperties": properties, "lastUpdateTimeSinceEpoch": ""}
    return found


@pytest.mark.timeout(300)
def test_two_hundred_entries_come_under_git_and_argo_cd_shows_them_healthy(
    cluster: ControlPlane,
    argo_cd: ArgoCD,
    own_space: Namespace,
    repository: Repository,
    registry: Rest,
    proxy: FaultProxy,
    start_operator: StartOperator,
) -> None:
    before = registry.entries()
    assert len(before) == 200
    printed = follow(repository, proxy.url, own_space)
    assert printed.splitlines()[-1].startswith("0 to create, 200 to adopt, stamp only, 0 to update, ")
    assert {received.method for received in proxy.received} == {"GET"}
    start_operator(proxy.url, own_space)
    app = Application(cluster, argo_cd, deploy(cluster, repository, own_space))
    try:
        app.wait(lambda found: found.get("status", {}).get("sync", {}).get("status") == "Synced")
        kinds = ",".join(PLURALS.values())
        cluster.run_kubectl(
            "wait", kinds, "--all", "--for=condition=Ready", "--timeout=200s", f"--namespace={own_space.name}"
        )
        found = app.synced(repository.head)
    finally:
        cluster.run_kubectl("delete", "application", app.name, "-n", argocd.NAMESPACE, "--wait=false")
    resources = found["status"]["resources"]
    assert Counter(each["kind"] for each in resources) == {"RegisteredModel": MODELS, "ModelVersion": 4 * MODELS}
    assert {each["health"]["status"] for each in resources if "health" in each} <= {"Healthy"}
    after = registry.entries()
    assert all(OWNER_PROPERTY in entry["customProperties"] for entry in after.values())
    assert without_stamps(after) == without_stamps(before)
    written = Counter(received.route for received in proxy.requests("PATCH"))
    assert len(written) == len(before)
    assert set(written.values()) == {1}
