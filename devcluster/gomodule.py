"""What ``devcluster/go/go.mod`` pins: the versions of the control plane and how its programs are built."""

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "go"


@dataclass(frozen=True)
class GoModule:
    """A Go module whose tools are built into programs.

    Attributes:
        folder: Holds ``go.mod`` and ``go.sum``.
        packages: Program name -> import path of its main package.
        flags: For ``go build`` and, because they decide what is up to date, for ``go list``.
    """

    folder: Path
    packages: dict[str, str]
    flags: tuple[str, ...]

    @property
    def go_version(self) -> str:
        """The lowest Go version that builds it, such as ``1.26.0``."""
        return _find(r"^go (\S+)$", self.folder / "go.mod")

    @property
    def key(self) -> str:
        """Names one build: other sources, flags or machine give another key."""
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        digest.update(repr((sorted(self.packages.items()), self.flags, platform.system(), platform.machine())).encode())
        return digest.hexdigest()[:16]


def kubernetes_version() -> str:
    """Return the Kubernetes version of the control plane, such as ``v1.37.2``."""
    return _find(r"^\s*k8s\.io/kubernetes (v\S+)", _FOLDER / "go.mod")


def control_plane() -> GoModule:
    """Return the module that pins etcd and Kubernetes."""
    version = kubernetes_version()
    major, minor, _patch = version.removeprefix("v").split(".")
    # kubectl and helm parse the version that the server tells; `go build` alone leaves it at v0.0.0-master.
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
        folder=_FOLDER,
        packages={
            "etcd": "go.etcd.io/etcd/server/v3",
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kubectl": "k8s.io/kubernetes/cmd/kubectl",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        },
        flags=("-trimpath", "-buildvcs=false", "-mod=readonly", f"-ldflags={linker}"),
    )


def _find(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{path} has no line that matches {pattern}")
    return found[1]
