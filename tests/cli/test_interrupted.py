"""What Ctrl-C in the middle of `registrar export` and `registrar snapshot` leaves: whole files, and the truth."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from registrar.cli.documents.load import load
from registrar.cli.exits import ExitCode
from tests.cli.export import Export, files
from tests.support.fault_proxy import Fault, on_matching, proxy_to
from tests.support.rest import Rest


@pytest.fixture
def six(rest: Rest) -> Rest:
    """A registry with six models."""
    for number in range(6):
        # More than a pipe takes, compressed too.
        rest.model(f"m{number}", description=random.Random(number).randbytes(100_000).hex())  # noqa: S311
    return rest


def interrupted(when: Callable[[], int | None], *arguments: str | Path) -> str:
    """Run a command, press Ctrl-C when something has happened; returns what it said.

    Args:
        when: waits until it has happened; returns the pipe that the command is blocked at, if any.
        arguments: the command.
    """
    command = [sys.executable, "-m", "registrar", *arguments]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        pipe = when()
        process.send_signal(signal.SIGINT)
        # Closing a compressed file writes what is left of it, as it does to a file on a disk.
        while pipe is not None and os.read(pipe, 1 << 16):
            pass
        _, errors = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, errors
    assert "Traceback" not in errors
    return errors


def blocked_at(file: Path) -> Callable[[], int]:
    """Have the writing of a file block half-way; returns what waits until it does, and then the pipe it writes to."""
    file.parent.mkdir(parents=True, exist_ok=True)
    # A pipe takes 64 KiB, and nobody reads it.
    beside = file.with_name(f".writing-{file.name}")
    os.mkfifo(beside)

    def wait() -> int:
        pipe = os.open(beside, os.O_RDONLY)
        os.read(pipe, 1)
        return pipe

    return wait


def report_in(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def test_an_export_that_is_interrupted_while_it_writes_leaves_whole_files(
    six: Rest, tmp_path: Path, export: Export
) -> None:
    root = tmp_path / "git"
    when = blocked_at(root / "m3" / "model.yaml")
    report = tmp_path / "report.json"
    said = interrupted(when, "export", root, f"--registry-url={six.url}", f"--report={report}", "--kustomization")
    assert "The export is incomplete. 3 files were written, each of them whole." in said
    assert list(files(root)) == [f"m{number}/model.yaml" for number in range(3)]
    assert [len(load(text)) for text in files(root).values()] == [1, 1, 1]
    assert list(root.rglob(".*")) == []
    found = report_in(report)
    assert found["complete"] is False
    assert found["filesWritten"] == [str(root / f"m{number}" / "model.yaml") for number in range(3)]
    # The next one does the rest.
    assert "3 manifests written to 3 files, 0 rewritten, 0 differ, 3 unchanged." in export().stderr


def test_a_rewritten_file_is_as_it_was_or_as_it_will_be(six: Rest, tmp_path: Path, export: Export) -> None:
    root = tmp_path / "git"
    export()
    before = files(root)
    for number in range(1, 7):
        six.change(f"registered_models/{number}", owner="new")
    when = blocked_at(root / "m3" / "model.yaml")
    interrupted(when, "export", root, f"--registry-url={six.url}", "--update")
    after = files(root)
    assert after.keys() == before.keys()
    changed = [name for name in before if after[name] != before[name]]
    assert changed == [f"m{number}/model.yaml" for number in range(3)]
    assert all(after[name] == f"{before[name]}  owner: new\n" for name in changed)


def test_an_export_that_is_interrupted_while_it_reads_writes_nothing_but_its_report(six: Rest, tmp_path: Path) -> None:
    stalls = on_matching(Fault.STALL_BEFORE, lambda got: "artifacts" in got.path)
    report = tmp_path / "report.json"
    with proxy_to(six.url, stalls) as proxy:
        arguments = ("export", tmp_path / "git", f"--registry-url={proxy.url}", f"--report={report}")
        said = interrupted(lambda: proxy.wait_for_stalled(1), *arguments)
    assert "The export is incomplete. No file was written." in said
    assert not (tmp_path / "git").exists()
    assert (report_in(report)["complete"], report_in(report)["filesWritten"]) == (False, [])


def test_an_export_that_cannot_read_the_registry_reports_that_it_is_incomplete(tmp_path: Path, export: Export) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"complete": true}')
    result = export("--registry-url=http://127.0.0.1:1", f"--report={report}")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "Run the command again." in result.stderr
    assert report_in(report)["complete"] is False


@pytest.mark.parametrize("mode", ["--check", "--update"])
def test_an_export_that_a_file_stops_does_not_say_to_run_it_again(
    six: Rest, tmp_path: Path, export: Export, mode: str
) -> None:
    assert six.entries()
    root = tmp_path / "git"
    root.mkdir()
    (root / "broken.yaml").write_text("kind: [")
    result = export(mode)
    assert result.exit_code == ExitCode.ATTENTION
    first, *_, last = result.stderr.splitlines()
    assert first == "The export is incomplete. No file was written."
    assert f"{root / 'broken.yaml'}:2: " in last


def test_an_export_that_cannot_write_a_file_names_those_that_it_wrote(
    six: Rest, tmp_path: Path, export: Export
) -> None:
    root = tmp_path / "git"
    root.mkdir()
    (root / "m2").write_text("in the way")
    result = export(f"--report={tmp_path / 'report.json'}")
    assert result.exit_code == ExitCode.ATTENTION
    assert "2 files were written, each of them whole." in result.stderr
    assert report_in(tmp_path / "report.json")["complete"] is False
    assert six.entries()


@pytest.mark.parametrize("name", ["registry.ndjson", "registry.ndjson.gz"])
def test_a_snapshot_that_is_interrupted_is_the_one_before(name: str, six: Rest, tmp_path: Path) -> None:
    file = tmp_path / "deep" / name
    when = blocked_at(file)
    file.write_bytes(b"before")
    interrupted(when, "snapshot", "-o", file, f"--registry-url={six.url}")
    assert [path.read_bytes() for path in file.parent.iterdir()] == [b"before"]


def test_a_snapshot_that_is_interrupted_while_it_reads_leaves_nothing(six: Rest, tmp_path: Path) -> None:
    stalls = on_matching(Fault.STALL_BEFORE, lambda got: "artifacts" in got.path)
    with proxy_to(six.url, stalls) as proxy:
        arguments = ("snapshot", "-o", tmp_path / "registry.ndjson", f"--registry-url={proxy.url}")
        interrupted(lambda: proxy.wait_for_stalled(1), *arguments)
    assert list(tmp_path.iterdir()) == []
