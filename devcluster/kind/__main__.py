"""``make e2e-kind``: install everything in a kind cluster, as people do, and check that it works."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from devcluster import engine, gobuild, gomodule
from devcluster.controlplane import KubectlError
from devcluster.engine import NoEngineError
from devcluster.environment import child_environment
from devcluster.errors import BinariesError
from devcluster.existing import SWITCH
from devcluster.kind import cluster, serving
from devcluster.kind.cluster import CommandError, KindCluster
from devcluster.narration import CheckFailed, Narrator, printed_console
from devcluster.stage import REPOSITORY, Entries, read_entries, resources_of
from model_registry.exceptions import RegistryError

MANIFESTS = Path(__file__).parent / "manifests"
QUICKSTART = REPOSITORY / "examples" / "quickstart"
ENTRIES = REPOSITORY / "examples" / "kserve" / "10-model.yaml"
"""The content of the Git repository in the cluster."""
CUSTOMIZATIONS = REPOSITORY / "integrations" / "argocd" / "argocd-cm.yaml"
"""Health checks and actions that Argo CD needs for our kinds."""
SHARED_TESTS = ("tests/crds", "tests/controller", "tests/examples")
"""Test suites that can share a cluster."""
IMAGE = "localhost/model-registrar:e2e"
CHART_VALUES = {
    "image.repository": IMAGE.partition(":")[0],
    "image.tag": IMAGE.partition(":")[2],
    "registry.url": "http://model-registry-service.kubeflow:8080",
    "serving.labelInferenceServices": "true",
}
NEEDS_ENGINE = "make e2e-kind needs a container engine, because kind runs its nodes as containers:"
WITHOUT_ENGINE = (
    "Start or install one of them. Without an engine, make test runs the operator on its own control plane, "
    "make chart installs the chart there, and make gitops runs a real Argo CD."
)
_LIMIT = "--timeout=300s"
_WAIT_SECONDS = 300.0
_INTERRUPTED = 130


def tour(on: KindCluster) -> None:
    """Install and check one part after the other.

    Raises:
        CheckFailed: A claim is not true.
        CommandError, KubectlError, RegistryError: A part failed.
    """
    _install_the_registry(on)
    _install_the_chart(on)
    _apply_the_quickstart(on)
    _sync_from_git(on)
    serving.serve(on)
    _run_the_shared_tests(on)


def _install_the_registry(on: KindCluster) -> None:
    on.narrator.step("Install the Kubeflow Model Registry with its database")
    on.kubectl("apply", "--server-side", "-f", MANIFESTS / "registry.yaml")
    for name in ("model-registry-db", "model-registry"):
        on.kubectl("rollout", "status", "--namespace=kubeflow", f"deployment/{name}", _LIMIT)
    on.narrator.check(asyncio.run(read_entries(on.registry_url)).all == [], "the registry answers and is empty")


def _install_the_chart(on: KindCluster) -> None:
    on.narrator.step("Build the operator's image and install the chart")
    archive = on.folder / "image.tar"
    on.run(on.engine.name, "build", f"--tag={IMAGE}", REPOSITORY)
    on.run(on.engine.name, "save", f"--output={archive}", IMAGE)
    on.run("kind", "load", "image-archive", archive, f"--name={on.name}")
    on.run(
        "helm",
        "install",
        "model-registrar",
        REPOSITORY / "charts" / "model-registrar",
        f"--kubeconfig={on.plane.kubeconfig}",
        "--namespace=model-registrar",
        "--create-namespace",
        *(f"--set={name}={value}" for name, value in CHART_VALUES.items()),
        "--wait",
        _LIMIT,
    )


def _apply_the_quickstart(on: KindCluster) -> None:
    on.narrator.step("Apply the quickstart")
    on.kubectl("apply", "--namespace=default", "-f", QUICKSTART)
    on.kubectl("wait", "--namespace=default", "--for=condition=Ready", _LIMIT, "-f", QUICKSTART)
    on.kubectl("get", "model-registry", "--namespace=default")
    _check_ids(on, asyncio.run(read_entries(on.registry_url)))


def _check_ids(on: KindCluster, entries: Entries) -> None:
    resources = resources_of(on.plane)
    found = [entries.of(resource) for resource in resources]
    on.narrator.check(
        bool(resources) and all(entry is not None and entry.state == "LIVE" for entry in found),
        f"the registry has a LIVE entry under the ID of each of the {len(resources)} resources",
    )


def _sync_from_git(on: KindCluster) -> None:
    on.narrator.step("Install Argo CD and a Git server, and turn a commit into entries")
    source = gobuild.module_folder(gomodule.argocd(), "github.com/argoproj/argo-cd/v3")
    on.kubectl("create", "namespace", "argocd")
    apply = ("apply", "--server-side", "--force-conflicts", "--namespace=argocd", "-f")
    on.kubectl(*apply, source / "manifests" / "install.yaml")
    on.kubectl("patch", "configmap", "argocd-cm", "--namespace=argocd", "--type=merge", "--patch-file", CUSTOMIZATIONS)
    on.kubectl("create", "configmap", "entries", "--namespace=argocd", f"--from-file={ENTRIES}")
    on.kubectl(*apply, MANIFESTS / "git-server.yaml")
    for part in ("deployment/git-server", "deployment/argocd-repo-server", "statefulset/argocd-application-controller"):
        on.kubectl("rollout", "status", "--namespace=argocd", part, _LIMIT)
    on.kubectl(*apply, MANIFESTS / "application.yaml")
    _wait(on, lambda: _application(on) == "Synced Healthy", "the application is Synced and Healthy")
    _check_ids(on, asyncio.run(read_entries(on.registry_url)))

    edit = (
        "cd /srv/entries && sed -i 's/owner: .*/owner: care-team/' *.yaml && git commit --quiet --all --message=Owner"
    )
    on.kubectl("exec", "--namespace=argocd", "deployment/git-server", "--", "sh", "-euc", edit)
    on.kubectl("annotate", "--namespace=argocd", "application/entries", "argocd.argoproj.io/refresh=normal")
    _wait(on, lambda: "care-team" in _owners(on), "the registry has the commit's new owner")


def _application(on: KindCluster) -> str:
    """Return sync and health status of the application, such as ``Synced Healthy``."""
    path = "jsonpath={.status.sync.status} {.status.health.status}"
    return on.plane.run_kubectl("get", "--namespace=argocd", "application/entries", "--output", path).stdout


def _owners(on: KindCluster) -> set[str | None]:
    return {model.owner for model in asyncio.run(read_entries(on.registry_url)).models}


def _wait(on: KindCluster, holds: Callable[[], bool], claim: str) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(1)
    on.narrator.check(held, claim)


def _run_the_shared_tests(on: KindCluster) -> None:
    on.narrator.step("Run the test suites that can share a cluster, on this cluster and its registry")
    # The tests start their own operators; the CRDs stay.
    on.run("helm", "uninstall", "model-registrar", "--namespace=model-registrar", f"--kubeconfig={on.plane.kubeconfig}")
    variables = {SWITCH: "true", "KUBECONFIG": str(on.plane.kubeconfig), "MODEL_REGISTRY_URL": on.registry_url}
    path = os.pathsep.join([str(on.plane.kubectl.parent), os.environ["PATH"]])
    words = ["-m", "pytest", "-n", "2", "--dist", "loadfile", *SHARED_TESTS]
    on.narrator.command(" ".join([*(f"{name}={value}" for name, value in variables.items()), "python", *words]))
    ended = subprocess.run(
        [sys.executable, *words], cwd=REPOSITORY, env=child_environment(variables | {"PATH": path}), check=False
    )
    on.narrator.check(ended.returncode == 0, "the tests pass")


def main() -> int:
    """Install and check everything, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m devcluster.kind", description=main.__doc__)
    parser.add_argument("--keep", action="store_true", help="keep the cluster, and print how to delete it")
    keep = parser.parse_args().keep
    # `kill` ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    narrator = Narrator(printed_console())
    try:
        found = engine.find(NEEDS_ENGINE, WITHOUT_ENGINE)
        narrator.step(f"Create a kind cluster with {found.name}")
        with cluster.create(found, narrator, keep=keep) as on:
            tour(on)
    except (NoEngineError, BinariesError, CommandError, KubectlError, RegistryError) as error:
        narrator.failure(str(error))
        return 1
    except CheckFailed as error:
        narrator.failure(f"Not true: {error}")
        return 1
    except KeyboardInterrupt:
        narrator.failure("Stopped.")
        return _INTERRUPTED
    narrator.say("All checks passed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
