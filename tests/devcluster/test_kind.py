"""``make e2e-kind`` without a container engine: it refuses, and the manifests that it would apply are valid."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster import engine
from devcluster.controlplane import ControlPlane
from devcluster.engine import Engine, NoEngineError
from devcluster.environment import child_environment
from devcluster.kind.__main__ import CUSTOMIZATIONS, ENTRIES, MANIFESTS, QUICKSTART, SHARED_TESTS
from devcluster.kind.cluster import REGISTRY_NODE_PORT, settings

REPOSITORY = Path(__file__).parents[2]


def _program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_without_an_engine_it_refuses_and_says_what_to_do_instead(tmp_path: Path) -> None:
    _program(tmp_path, "docker", "echo 'Cannot connect to the Docker daemon.' >&2; exit 1")
    command = [sys.executable, "-m", "devcluster.kind"]

    refused = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=child_environment({"PATH": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr == ""
    lines = refused.stdout.strip().splitlines()
    assert lines[:-1] == [
        "✗ make e2e-kind needs a container engine, because kind runs its nodes as containers:",
        "  docker: Cannot connect to the Docker daemon.",
        "  podman: not in PATH",
        "  nerdctl: not in PATH",
    ]
    assert lines[-1].startswith("Start or install one of them. Without an engine, make test runs the operator")


def test_the_first_engine_that_answers_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    _program(tmp_path, "docker", "exit 1")
    podman = _program(tmp_path, "podman", '[ "$1" = info ]')
    _program(tmp_path, "nerdctl", "exit 0")

    assert engine.find("This needs one:", "Do without.") == Engine("podman", podman)


def test_an_engine_that_hangs_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(engine, "_ANSWER_SECONDS", 0.2)
    _program(tmp_path, "docker", "exec /bin/sleep 60")

    with pytest.raises(NoEngineError, match="docker: did not answer within"):
        engine.find("This needs one:", "Do without.")


def _documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((MANIFESTS / name).read_text()))


@pytest.mark.parametrize("name", ["registry.yaml", "git-server.yaml"])
def test_the_api_server_accepts_the_manifests_in_the_restricted_profile(
    name: str, control_plane: ControlPlane, namespace: str
) -> None:
    # The API server then warns of every Pod that the strictest profile would refuse.
    control_plane.run_kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
    documents = _documents(name)
    for document in documents:
        if document["kind"] == "Namespace":
            document["metadata"]["name"] = f"{namespace}-{document['metadata']['name']}"
        else:
            document["metadata"]["namespace"] = namespace

    applied = control_plane.run_kubectl(
        "apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=yaml.safe_dump_all(documents)
    )

    assert applied.stdout.count("(server dry run)") == len(documents)
    assert applied.stderr == ""


def test_the_registry_is_where_this_machine_and_the_operator_look_for_it() -> None:
    services = [document for document in _documents("registry.yaml") if document["kind"] == "Service"]
    (service,) = [service for service in services if service["metadata"]["name"] == "model-registry-service"]
    (port,) = service["spec"]["ports"]
    (node,) = json.loads(json.dumps(settings(18080)))["nodes"]

    assert port["nodePort"] == REGISTRY_NODE_PORT
    assert node["extraPortMappings"] == [
        {"containerPort": port["nodePort"], "hostPort": 18080, "listenAddress": "127.0.0.1"}
    ]


def test_every_deployment_is_reached_by_its_service_and_its_probe() -> None:
    for name in ("registry.yaml", "git-server.yaml"):
        documents = _documents(name)
        services = [document["spec"] for document in documents if document["kind"] == "Service"]
        deployments = [document["spec"] for document in documents if document["kind"] == "Deployment"]
        assert len(services) == len(deployments)
        for deployment in deployments:
            labels = deployment["template"]["metadata"]["labels"]
            (container,) = deployment["template"]["spec"]["containers"]
            (service,) = [service for service in services if service["selector"].items() <= labels.items()]
            assert [port["targetPort"] for port in service["ports"]] == [port["name"] for port in container["ports"]]
            assert container["readinessProbe"]


def test_the_application_reads_the_repository_that_the_git_server_serves() -> None:
    (application,) = _documents("application.yaml")
    deployment, service = _documents("git-server.yaml")
    host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert application["spec"]["source"]["repoURL"] == f"git://{host}/entries"
    (script,) = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "git init --quiet --initial-branch=main /srv/entries" in script
    assert "--base-path=/srv" in script


def test_what_is_applied_and_run_is_there() -> None:
    paths = [CUSTOMIZATIONS, ENTRIES, *QUICKSTART.glob("*.yaml"), *(REPOSITORY / name for name in SHARED_TESTS)]
    assert len(paths) > len(SHARED_TESTS) + 1
    assert [path for path in paths if not path.exists()] == []
