"""The versions that the ``go.mod`` files in this folder pin, and how their programs are built."""

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devcluster.errors import BinariesError

# Which Kubernetes the control plane runs: the newest by default.
KUBERNETES = "MODEL_REGISTRAR_KUBERNETES"
_KUBERNETES_FOLDERS = {"newest": Path(__file__).parent / "go", "oldest": Path(__file__).parent / "go-oldest"}
_ARGOCD_FOLDER = Path(__file__).parent / "go-argocd"
_KIND_FOLDER = Path(__file__).parent / "go-kind"
# Which Helm the chart's tests run: Helm 4 by default.
HELM = "MODEL_REGISTRAR_HELM"
_HELM_FOLDERS = {"4": Path(__file__).parent / "go-chart", "3": Path(__file__).parent / "go-helm3"}
_WORKFLOWS_FOLDER = Path(__file__).parent / "go-workflows"
_PROMETHEUS_FOLDER = Path(__file__).parent / "go-prometheus"
_KSERVE_FOLDER = Path(__file__).parent / "go-kserve"
KSERVE_MODULE = "github.com/kserve/kserve"
# The same on every machine, whatever is built.
_FLAGS = ("-trimpath", "-buildvcs=false", "-mod=readonly")


@dataclass(frozen=True)
class GoModule:
    """A Go module whose tools are built into programs.

    Attributes:
        folder: Folder with ``go.mod``, ``go.sum`` and our own sources, if any.
        packages: Program name -> import path of its main package.
        flags: Flags of ``go build``, and of ``go list``, because they decide which packages are up to date.
    """

    folder: Path
    packages: dict[str, str]
    flags: tuple[str, ...]

    @property
    def go_version(self) -> str:
        """The lowest version of Go that builds it, such as ``1.26.0``."""
        return _find(r"^go (\S+)$", self.folder / "go.mod")

    @property
    def key(self) -> str:
        """A name for this build: other sources, flags or another kind of machine give another key."""
        digest = hashlib.sha256()
        for path in [self.folder / "go.mod", self.folder / "go.sum", *sorted(self.folder.rglob("*.go"))]:
            digest.update(path.read_bytes())
        digest.update(repr((sorted(self.packages.items()), self.flags, platform.system(), platform.machine())).encode())
        return digest.hexdigest()[:16]


def chosen_kubernetes() -> str:
    """Return which Kubernetes ``MODEL_REGISTRAR_KUBERNETES`` chooses: ``newest`` or ``oldest``.

    Raises:
        BinariesError: It has another value.
    """
    return _chosen(KUBERNETES, _KUBERNETES_FOLDERS)


def kubernetes_version(which: str | None = None) -> str:
    """Return a Kubernetes version of the control plane, such as ``v1.37.2``.

    Args:
        which: ``newest`` or ``oldest``; by default, the one that ``MODEL_REGISTRAR_KUBERNETES`` chooses.
    """
    return _find(r"^\s*k8s\.io/kubernetes (v\S+)", _KUBERNETES_FOLDERS[which or chosen_kubernetes()] / "go.mod")


def control_plane() -> GoModule:
    """Return the module that pins etcd and Kubernetes.

    Raises:
        BinariesError: ``MODEL_REGISTRAR_KUBERNETES`` has an unknown value.
    """
    version = kubernetes_version()
    major, minor, _patch = version.removeprefix("v").split(".")
    # kubectl and helm parse the version that the server reports; `go build` alone leaves it at v0.0.0-master.
    stamp = {
        "gitVersion": version,
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": "unknown",
        "buildDate": "1970-01-01T00:00:00Z",
    }
    linker = " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in stamp.items())])
    return GoModule(
        folder=_KUBERNETES_FOLDERS[chosen_kubernetes()],
        packages={
            "etcd": "go.etcd.io/etcd/server/v3",
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kubectl": "k8s.io/kubernetes/cmd/kubectl",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        },
        flags=(*_FLAGS, f"-ldflags={linker}"),
    )


def argocd_version() -> str:
    """Return the version of Argo CD that the GitOps tests run, such as ``v3.1.9``."""
    return _find(r"^\s*github\.com/argoproj/argo-cd/v3 (v\S+)", _ARGOCD_FOLDER / "go.mod")


def argocd() -> GoModule:
    """Return the module that pins Argo CD, the kustomize that it calls, and the source of its in-memory Redis."""
    # Its parts refuse to talk to a part whose version begins with a letter.
    linker = f"-s -w -X github.com/argoproj/argo-cd/v3/common.version={argocd_version().removeprefix('v')}"
    return GoModule(
        folder=_ARGOCD_FOLDER,
        packages={
            "argocd": "github.com/argoproj/argo-cd/v3/cmd",
            "kustomize": "sigs.k8s.io/kustomize/kustomize/v5",
            "redis": "model-registrar.dev/devcluster/argocd/redis",
        },
        flags=(*_FLAGS, f"-ldflags={linker}"),
    )


def chosen_helm() -> str:
    """Return which Helm ``MODEL_REGISTRAR_HELM`` chooses: ``4`` or ``3``.

    Raises:
        BinariesError: It has another value.
    """
    return _chosen(HELM, _HELM_FOLDERS)


def helm_version(major: str = "4") -> str:
    """Return a version of Helm that the chart's tests run, such as ``v4.3.1``.

    Args:
        major: ``4`` or ``3``.
    """
    return _find(rf"^\s*helm\.sh/helm/v{major} (v\S+)", _HELM_FOLDERS[major] / "go.mod")


def helm_3() -> GoModule:
    """Return the module that pins Helm 3."""
    # Without a cluster it renders for the Kubernetes of its own libraries, or else for 1.20.
    minor = _find(r"^\s*k8s\.io/client-go v0\.(\d+)", _HELM_FOLDERS["3"] / "go.mod")
    stamp = {
        "internal/version.version": helm_version("3"),
        "pkg/lint/rules.k8sVersionMajor": "1",
        "pkg/lint/rules.k8sVersionMinor": minor,
        "pkg/chartutil.k8sVersionMajor": "1",
        "pkg/chartutil.k8sVersionMinor": minor,
    }
    linker = " ".join(["-s -w", *(f"-X helm.sh/helm/v3/{name}={value}" for name, value in stamp.items())])
    return GoModule(
        folder=_HELM_FOLDERS["3"],
        packages={"helm": "helm.sh/helm/v3/cmd/helm"},
        flags=(*_FLAGS, f"-ldflags={linker}"),
    )


def chart_tools() -> GoModule:
    """Return the module that pins Helm 4 and the programs that check the chart."""
    return GoModule(
        folder=_HELM_FOLDERS["4"],
        packages={
            "helm": "helm.sh/helm/v4/cmd/helm",
            "helm-unittest": "github.com/helm-unittest/helm-unittest/cmd/helm-unittest",
            "kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform",
            "helm-docs": "github.com/norwoodj/helm-docs/cmd/helm-docs",
        },
        flags=(*_FLAGS, f"-ldflags=-s -w -X helm.sh/helm/v4/internal/version.version={helm_version()}"),
    )


def actionlint_version() -> str:
    """Return the version of actionlint that checks the workflows, such as ``v1.7.12``."""
    return _find(r"^\s*github\.com/rhysd/actionlint (v\S+)", _WORKFLOWS_FOLDER / "go.mod")


def workflow_tools() -> GoModule:
    """Return the module that pins the program that checks the workflows."""
    return GoModule(
        folder=_WORKFLOWS_FOLDER,
        packages={"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
        flags=(*_FLAGS, "-ldflags=-s -w"),
    )


def prometheus_version() -> str:
    """Return the version of Prometheus that runs the alerts and the dashboard's queries, such as ``v0.315.1``."""
    return _find(r"^\s*github\.com/prometheus/prometheus (v\S+)", _PROMETHEUS_FOLDER / "go.mod")


def prometheus_release() -> str:
    """Return the minor version of that release, such as ``3.15``: its module's is ``v0.315``."""
    numbers = prometheus_version().split(".")[1]
    return f"{int(numbers[:-2])}.{int(numbers[-2:])}"


def prometheus() -> GoModule:
    """Return the module that pins Prometheus and promtool."""
    # Without the discovery of targets in clouds, whose libraries would be most of the build.
    return GoModule(
        folder=_PROMETHEUS_FOLDER,
        packages={
            "prometheus": "github.com/prometheus/prometheus/cmd/prometheus",
            "promtool": "github.com/prometheus/prometheus/cmd/promtool",
        },
        flags=(*_FLAGS, "-tags=remove_all_sd", "-ldflags=-s -w"),
    )


def kind_version() -> str:
    """Return the version of kind that ``make e2e-kind`` runs, such as ``v0.33.0``."""
    return _find(r"^\s*sigs\.k8s\.io/kind (v\S+)", _KIND_FOLDER / "go.mod")


def kind() -> GoModule:
    """Return the module that pins kind."""
    return GoModule(folder=_KIND_FOLDER, packages={"kind": "sigs.k8s.io/kind"}, flags=(*_FLAGS, "-ldflags=-s -w"))


def kserve_version() -> str:
    """Return the version of KServe whose manifests are used, such as ``v0.19.0``."""
    return _find(rf"^require {re.escape(KSERVE_MODULE)} (v\S+)", _KSERVE_FOLDER / "go.mod")


def kserve() -> GoModule:
    """Return the module that pins KServe. Nothing is built: only its files are read."""
    return GoModule(folder=_KSERVE_FOLDER, packages={}, flags=())


def _chosen(variable: str, choices: Mapping[str, Path]) -> str:
    """Return the choice that an environment variable makes; the first one if it is unset or empty."""
    chosen = os.environ.get(variable) or next(iter(choices))
    if chosen not in choices:
        raise BinariesError(f"{variable} is {chosen!r}: use {' or '.join(choices)}, or leave it unset.")
    return chosen


def _find(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{path} has no line that matches {pattern}")
    return found[1]
