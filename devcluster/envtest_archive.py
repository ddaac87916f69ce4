"""The programs that kubernetes-sigs/controller-tools releases for tests, as setup-envtest fetches them.

The index is YAML: ``releases.<version>.<archive name>`` holds ``hash`` (SHA-512, hexadecimal) and ``selfLink`` (the
archive's address). An archive is a gzipped tar with ``controller-tools/envtest/{etcd,kube-apiserver,kubectl}``.
Source: https://book.kubebuilder.io/reference/envtest.html and the index itself.
"""

import hashlib
import os
import platform
import re
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import httpx
import yaml
from rich.console import Console

from devcluster.progress import meter

INDEX_OVERRIDE = "MODEL_REGISTRAR_ENVTEST_INDEX"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
_INDEX = "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"
# Short: without a route the fallback is a build, and waiting before it is time lost.
_TIMEOUT = httpx.Timeout(30.0, connect=3.0)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_MEGABYTE = 1_000_000


class ArchiveError(RuntimeError):
    """The released archive cannot be used. The message says why."""


def fetch(version: str, destination: Path, console: Console) -> None:
    """Fetch the newest release of the same minor version and put all of its programs, or none, into ``destination``.

    The caller holds the cache's lock.

    Args:
        version: Of Kubernetes, such as ``v1.37.2``.
        destination: Folder that does not exist yet, beside which the archive is unpacked.
        console: Where progress is shown.

    Raises:
        ArchiveError: The index cannot be reached, has no such release, or the archive does not match it.
    """
    index = os.environ.get(INDEX_OVERRIDE) or _INDEX
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            answer = client.get(index).raise_for_status()
            release, address, checksum = _choose(answer.text, version)
            with tempfile.TemporaryDirectory(dir=destination.parent) as temporary:
                archive = Path(temporary) / "archive.tar.gz"
                _download(client, address, archive, checksum, console)
                _unpack(archive, Path(temporary) / "programs")
                (Path(temporary) / "programs").rename(destination)
    except httpx.HTTPError as error:
        raise ArchiveError(f"{index} or what it names cannot be fetched: {error!r}") from error
    console.print(f"  Fetched the released programs of Kubernetes {release}.")


def _choose(text: str, version: str) -> tuple[str, str, str]:
    """Return version, address and SHA-512 of the newest archive for this machine with the minor version asked for."""
    system, machine = platform.system().lower(), platform.machine().lower()
    architecture = _MACHINES.get(machine, machine)
    minor = version.rpartition(".")[0]
    try:
        releases: dict[str, Any] = yaml.safe_load(text)["releases"]
        fitting = [name for name in releases if re.fullmatch(rf"{re.escape(minor)}\.\d+", name)]
        for name in sorted(fitting, key=lambda name: int(name.rpartition(".")[2]), reverse=True):
            entry = releases[name].get(f"envtest-{name}-{system}-{architecture}.tar.gz")
            if entry is not None:
                return name, str(entry["selfLink"]), str(entry["hash"]).lower()
    except (yaml.YAMLError, TypeError, KeyError, AttributeError) as error:
        raise ArchiveError(f"the index of envtest's releases cannot be read: {error!r}") from error
    raise ArchiveError(f"envtest has released no {minor} for {system}/{architecture}")


def _download(client: httpx.Client, address: str, archive: Path, checksum: str, console: Console) -> None:
    digest = hashlib.sha512()
    done = 0
    with (
        client.stream("GET", address) as answer,
        archive.open("wb") as file,
        meter(console, "megabytes fetched") as shown,
    ):
        answer.raise_for_status()
        size = int(answer.headers.get("Content-Length", 0)) // _MEGABYTE
        for block in answer.iter_raw():
            digest.update(block)
            file.write(block)
            done += len(block)
            shown.update(done // _MEGABYTE, size or None)
    if digest.hexdigest() != checksum:
        raise ArchiveError(f"the checksum of {address} differs from the index; the archive was discarded")


def _unpack(archive: Path, folder: Path) -> None:
    folder.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                name = Path(member.name).name
                content = tar.extractfile(member) if name in PROGRAMS and member.isfile() else None
                if content is not None:
                    with content, (folder / name).open("wb") as file:
                        shutil.copyfileobj(content, file)
                    (folder / name).chmod(0o755)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArchiveError(f"envtest's archive cannot be unpacked: {error}") from error
    missing = [name for name in PROGRAMS if not (folder / name).exists()]
    if missing:
        raise ArchiveError(f"envtest's archive has no {', '.join(missing)}")
