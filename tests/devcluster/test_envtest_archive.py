"""envtest's released archive, from an index on loopback."""

import os
import socket
from pathlib import Path

import pytest
from rich.console import Console

from devcluster import envtest_archive
from devcluster.envtest_archive import ArchiveError
from tests.devcluster.archive_index import Index, archive_of

PROGRAMS = {name: f"#!/bin/sh\necho {name}\n" for name in envtest_archive.PROGRAMS}


@pytest.fixture
def destination(empty_cache: Path) -> Path:
    return empty_cache / "envtest"


def test_good_archive_gives_executable_programs(index: Index, destination: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(PROGRAMS | {"README": "not needed"}))

    envtest_archive.fetch("v1.37.2", destination, paper)

    assert {path.name: path.read_text() for path in destination.iterdir()} == PROGRAMS
    assert all(os.access(path, os.X_OK) for path in destination.iterdir())
    assert "Fetched the released programs of Kubernetes v1.37.0" in paper.export_text()


def test_newest_patch_of_the_same_minor_version_is_taken(index: Index, destination: Path, paper: Console) -> None:
    for version in ("v1.36.9", "v1.37.2", "v1.37.10", "v1.38.0", "v1.37.11-rc.0"):
        index.release(version, archive_of(PROGRAMS | {"etcd": version}))
    index.release("v1.37.12", archive_of(PROGRAMS), target="plan9-mips")

    envtest_archive.fetch("v1.37.2", destination, paper)

    assert (destination / "etcd").read_text() == "v1.37.10"


def test_wrong_checksum_is_refused(index: Index, destination: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(PROGRAMS), checksum="0" * 128)

    with pytest.raises(ArchiveError, match=r"checksum of .* differs from the index"):
        envtest_archive.fetch("v1.37.2", destination, paper)
    _nothing_is_left(destination)


def test_archive_that_breaks_off_is_refused(index: Index, destination: Path, paper: Console) -> None:
    archive = archive_of(PROGRAMS)
    path = index.release("v1.37.0", archive)
    index.content[path] = archive[: len(archive) // 2]
    index.claimed_length[path] = len(archive)

    with pytest.raises(ArchiveError, match="cannot be fetched"):
        envtest_archive.fetch("v1.37.2", destination, paper)
    _nothing_is_left(destination)


def test_archive_that_was_published_broken_is_refused(index: Index, destination: Path, paper: Console) -> None:
    archive = archive_of(PROGRAMS)
    index.release("v1.37.0", archive[: len(archive) // 2])

    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        envtest_archive.fetch("v1.37.2", destination, paper)
    _nothing_is_left(destination)


def test_archive_without_a_program_is_refused(index: Index, destination: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of({"etcd": "alone"}))

    with pytest.raises(ArchiveError, match="has no kube-apiserver, kubectl"):
        envtest_archive.fetch("v1.37.2", destination, paper)
    _nothing_is_left(destination)


def test_archive_cannot_write_outside_its_folder(index: Index, destination: Path, paper: Console) -> None:
    index.release("v1.37.0", archive_of(PROGRAMS | {"../../../../../escaped": "!", "../../../etcd": "mine"}))

    envtest_archive.fetch("v1.37.2", destination, paper)

    assert {path.name for path in destination.iterdir()} == set(PROGRAMS)
    assert {path.name for path in destination.parent.iterdir()} == {destination.name}


def test_version_that_was_never_released(index: Index, destination: Path, paper: Console) -> None:
    index.release("v1.36.0", archive_of(PROGRAMS))

    with pytest.raises(ArchiveError, match=r"envtest has released no v1\.37 for"):
        envtest_archive.fetch("v1.37.2", destination, paper)


@pytest.mark.parametrize("body", [b"<html>hotel</html>", b"releases: [", b"releases:", b"{releases: {v1.37.0: 1}}"])
def test_index_that_is_something_else(index: Index, destination: Path, paper: Console, body: bytes) -> None:
    index.content["/index.yaml"] = body

    with pytest.raises(ArchiveError, match="index of envtest's releases cannot be read"):
        envtest_archive.fetch("v1.37.2", destination, paper)


def test_index_that_is_absent(index: Index, destination: Path, paper: Console) -> None:
    with pytest.raises(ArchiveError, match="404"):
        envtest_archive.fetch("v1.37.2", destination, paper)
    assert index.asked == ["/index.yaml"]


def test_unreachable_index(destination: Path, paper: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # Bound but not listening: connections are refused.
        address = f"http://127.0.0.1:{bound.getsockname()[1]}/index.yaml"
        monkeypatch.setenv(envtest_archive.INDEX_OVERRIDE, address)

        with pytest.raises(ArchiveError, match="cannot be fetched: ConnectError"):
            envtest_archive.fetch("v1.37.2", destination, paper)


def _nothing_is_left(destination: Path) -> None:
    assert list(destination.parent.iterdir()) == []
