"""``registrar status --watch``, until Ctrl-C."""

import json
import os
import pty
import re
import signal
import subprocess
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from devcluster.controlplane import ControlPlane
from devcluster.environment import child_environment
from registrar.cli.exits import ExitCode
from tests.cli.program import PROGRAMS, status
from tests.support.api_server_proxy import ApiServerProxy, proxy_to_api_server
from tests.support.loopback import Reply
from tests.support.resources import PLURALS, Namespace, manifest
from tests.support.waiting import wait_until

EVERY = ("--watch", "--interval", "1s")


@pytest.fixture
def proxy(cluster: ControlPlane, tmp_path: Path) -> Iterator[ApiServerProxy]:
    """The API server behind a proxy that keeps all requests."""
    with proxy_to_api_server(cluster, tmp_path) as started:
        yield started


class Watching:
    """The command while it watches; `printed` is what it has written so far."""

    def __init__(self, process: subprocess.Popen[bytes], printed: Callable[[], str]) -> None:
        self.process = process
        self.printed = printed

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.printed(), f"the command prints {text!r}")

    def ctrl_c(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@contextmanager
def watching(kubeconfig: Path, folder: Path, *arguments: str) -> Iterator[Watching]:
    """Run the command with its output in files."""
    out, errors = folder / "out", folder / "errors"
    command = [str(PROGRAMS / "registrar"), "status", *EVERY, *arguments]
    environment = child_environment({"KUBECONFIG": str(kubeconfig)})
    with out.open("wb") as output, errors.open("wb") as problems:
        process = subprocess.Popen(command, stdout=output, stderr=problems, env=environment)
        try:
            yield Watching(process, lambda: out.read_text() + errors.read_text())
        finally:
            process.kill()
            process.wait()


@contextmanager
def on_a_terminal(kubeconfig: Path, lines: int, *arguments: str) -> Iterator[Watching]:
    """Run the command on a terminal of so many lines."""
    reader, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (lines, 80))
    command = [str(PROGRAMS / "registrar"), "status", *EVERY, *arguments]
    # These two would come before the terminal's own size.
    environment = {"KUBECONFIG": str(kubeconfig), "TERM": "xterm", "NO_COLOR": "1", "LINES": "", "COLUMNS": ""}
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=child_environment(environment)
    )
    os.close(terminal)
    os.set_blocking(reader, False)
    printed = bytearray()

    def read() -> str:
        # The end of a terminal whose programs have ended is an error on Linux, and so is a terminal without news.
        with suppress(OSError):
            while part := os.read(reader, 65536):
                printed.extend(part)
        return printed.decode(errors="replace").replace("\r\n", "\n")

    try:
        yield Watching(process, read)
    finally:
        process.kill()
        process.wait()
        os.close(reader)


def test_each_change_is_printed_and_nothing_else(own_space: Namespace, proxy: ApiServerProxy, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "first"))
    with watching(proxy.kubeconfig, tmp_path, "-n", own_space.name) as command:
        command.wait_for("1 of 1 resource is not ready")
        wait_until(lambda: len(proxy.received) >= 9, "two further readings, which find nothing new")
        own_space.create(manifest("RegisteredModel", "second"))
        command.wait_for("2 of 2 resources are not ready")
        assert command.ctrl_c() == ExitCode.INTERRUPTED
    first, second = re.split(r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n", (tmp_path / "out").read_text())[1:]
    assert "RegisteredModel/first" in first
    assert "second" not in first
    assert "RegisteredModel/second" in second
    assert "\x1b" not in first + second
    assert (tmp_path / "errors").read_text().strip() == "Interrupted."


def test_json_is_one_document_after_another(own_space: Namespace, tmp_path: Path) -> None:
    with watching(own_space.cluster.kubeconfig, tmp_path, "-n", own_space.name, "-o", "json") as command:
        command.wait_for('"total": 0')
        own_space.create(manifest("RegisteredModel", "m"))
        command.wait_for('"total": 1')
        command.ctrl_c()
    text, decoder, totals = (tmp_path / "out").read_text(), json.JSONDecoder(), []
    while text := text.lstrip():
        content, end = decoder.raw_decode(text)
        totals.append(content["summary"]["total"])
        text = text[end:]
    assert totals == [0, 1]


def test_an_interval_costs_one_list_of_each_kind(own_space: Namespace, proxy: ApiServerProxy, tmp_path: Path) -> None:
    with watching(proxy.kubeconfig, tmp_path, "-n", own_space.name) as command:
        wait_until(lambda: len(proxy.received) >= 9, "three readings")
        command.ctrl_c()
    plurals = [received.route.rpartition("/")[2] for received in proxy.received]
    assert plurals[:9] == [*PLURALS.values()] * 3
    assert {received.method for received in proxy.received} == {"GET"}
    assert not any("watch=" in received.path for received in proxy.received)


def test_an_api_server_that_is_away_for_a_moment_is_asked_again(
    own_space: Namespace, proxy: ApiServerProxy, tmp_path: Path
) -> None:
    own_space.create(manifest("RegisteredModel", "m"))
    with watching(proxy.kubeconfig, tmp_path, "-n", own_space.name) as command:
        command.wait_for("RegisteredModel/m")
        proxy.script = lambda _: Reply(503, {"kind": "Status"})
        command.wait_for("Error: The API server did not list registeredmodels")
        own_space.create(manifest("RegisteredModel", "later"))
        proxy.script = lambda _: None
        command.wait_for("RegisteredModel/later")
        proxy.script = lambda _: Reply(401, {"kind": "Status"})
        # Asking again is of no use then.
        assert command.process.wait(30) == ExitCode.NOT_KNOWN
    assert "does not accept the kubeconfig's credentials" in (tmp_path / "errors").read_text()


def test_a_terminal_is_drawn_over_and_causes_stay_on_it(own_space: Namespace) -> None:
    own_space.create(*(manifest("RegisteredModel", f"m{number}") for number in range(30)))
    with on_a_terminal(own_space.cluster.kubeconfig, 12, "-n", own_space.name) as command:
        command.wait_for("more lines")
        wait_until(lambda: command.printed().count("\x1b[H") >= 4, "the command draws again")
        assert command.ctrl_c() == ExitCode.INTERRUPTED
        printed = command.printed()
    screens = [screen.replace("\x1b[K", "") for screen in printed.split("\x1b[H") if "Every" in screen]
    for screen in screens:
        lines = screen.partition("\x1b[J")[0].splitlines()
        assert len(lines) == 11
        assert re.fullmatch(r"Every 1 s, \d\d:\d\d:\d\d UTC\. Ctrl-C ends\.", lines[0])
        assert lines[2].startswith("30 of 30 resources are not ready")
        assert re.fullmatch(r"… \d+ more lines", lines[-1])
    # Long lines are cut while it draws, and wrapped again afterwards.
    assert printed.count("\x1b[?7l") == printed.count("\x1b[?7h") == 1
    assert printed.rindex("\x1b[?7h") > printed.rindex("\x1b[H")


def test_a_terminal_shows_what_is_missing_above_the_last_report(own_space: Namespace, proxy: ApiServerProxy) -> None:
    own_space.create(manifest("RegisteredModel", "m"))
    with on_a_terminal(proxy.kubeconfig, 30, "-n", own_space.name) as command:
        command.wait_for("RegisteredModel/m")
        proxy.script = lambda _: Reply(503, {"kind": "Status"})
        command.wait_for("Error: The API server did not list registeredmodels")
        last = command.printed().rpartition("\x1b[H")[2]
        command.ctrl_c()
    assert last.index("Error: ") < last.index("RegisteredModel/m")


def test_a_resource_that_goes_away_ends_the_command(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "m"))
    with watching(own_space.cluster.kubeconfig, tmp_path, "rmodel/m", "-n", own_space.name) as command:
        command.wait_for("is not ready")
        own_space.delete("RegisteredModel", "m")
        assert command.process.wait(30) == ExitCode.ATTENTION
    assert (tmp_path / "errors").read_text() == f"Error: RegisteredModel {own_space.name}/m does not exist.\n"


WRONG = {
    "an interval without a watch": (["--interval=2s"], "--interval is for --watch"),
    "no time between two readings": (["--watch", "--interval=0s"], "is too short: the least is 1s"),
    "an interval of words": (["--watch", "--interval=soon"], "is no duration"),
    "waiting and watching": (["--watch", "--wait"], "--watch, which does not"),
    "a search that is watched": (["--watch", "--find=7"], "leave out KIND/NAME, --not-ready, --wait and --watch"),
    "a graph that is watched": (["--watch", "-o", "dot"], "A graph has no place for"),
    "a graph with Events": (["rmodel/m", "--events", "-o", "dot"], "A graph has no place for"),
    "a search as a graph": (["--find=7", "-o", "dot"], "A graph has no place for"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=list(WRONG))
def test_what_does_not_fit_together_is_refused(arguments: list[str], message: str, tmp_path: Path) -> None:
    answer = status(tmp_path / "none", *arguments)
    assert (answer.returncode, answer.stdout) == (ExitCode.USAGE, "")
    assert message in answer.stderr


def test_a_graph_is_printed(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "m"), manifest("ModelVersion", "v", registeredModelRef={"name": "m"}))
    answer = status(own_space.cluster.kubeconfig, "-A", "-o", "dot")
    assert answer.returncode == ExitCode.ATTENTION
    assert f'"RegisteredModel {own_space.name}/m" -> "ModelVersion {own_space.name}/v";' in answer.stdout
    assert answer.stdout.startswith("digraph registrar {\n")
