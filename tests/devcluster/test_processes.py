"""Nothing outlives its owner. Each test runs an owner as its own program and checks what remains of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from devcluster.processes import Child, ChildError, Children

# An owner of two children: a quiet one, and a shell that has its own child and may ignore SIGTERM.
OWNER = """
import signal, sys, time
from pathlib import Path
from devcluster.processes import Children

def end():
    match sys.argv[1]:
        case "leave": return
        case "raise": raise RuntimeError("on purpose")
        case "wait": time.sleep(600)

with Children() as children:
    quiet = children.start("quiet", ["sleep", "600"])
    shell = children.start("shell", ["sh", "-c", sys.argv[2] + " sleep 600 & echo ready; wait; wait"])
    shell.wait_until(lambda: "ready" in shell.output(), timeout=60)
    Path(children.folder, "data").write_text("data")
    print(children.folder, flush=True)
    end()
"""
REPOSITORY = Path(__file__).parents[2]
DEADLINE = 60.0


class Owner:
    """A started owner, its folder and every process below it."""

    def __init__(self, ending: str, *, stubborn: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER, ending, "trap '' TERM;" if stubborn else ""],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.folder = Path(self.process.stdout.readline().strip())
        # Another owner may have ended already; then its folder's name in a command line shows what remains.
        self.below = psutil.Process(self.process.pid).children(recursive=True) if ending == "wait" else []

    def signal_as_terminal_does(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)

    def result(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, said

    def nothing_is_left(self) -> bool:
        # The guardian, the quiet one, the shell and the shell's sleep.
        assert not self.below or len(self.below) >= 4
        return not self.folder.exists() and not any(_lives(process) for process in self.below)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for_ready(child: Child) -> None:
    child.wait_until(lambda: "ready" in child.output(), timeout=DEADLINE)


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


@pytest.fixture
def children() -> Iterator[Children]:
    with Children() as started:
        yield started


@pytest.mark.parametrize(("ending", "status"), [("leave", 0), ("raise", 1)])
def test_owner_that_ends_by_itself_leaves_nothing_behind(ending: str, status: int) -> None:
    owner = Owner(ending, stubborn=ending == "leave")

    assert owner.result()[0] == status
    assert owner.nothing_is_left()
    assert not [p for p in psutil.process_iter() if str(owner.folder) in " ".join(_command_line(p))]


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return []


def test_ctrl_c_leaves_nothing_behind() -> None:
    owner = Owner("wait")
    owner.signal_as_terminal_does(signal.SIGINT)

    _, said = owner.result()
    assert "KeyboardInterrupt" in said
    assert _eventually(owner.nothing_is_left)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_owner_that_is_killed_leaves_nothing_behind(number: signal.Signals) -> None:
    owner = Owner("wait", stubborn=number == signal.SIGKILL)
    owner.signal_as_terminal_does(number)

    assert owner.result()[0] == -number
    assert _eventually(owner.nothing_is_left)


def test_ctrl_c_while_a_child_is_being_started_leaves_nothing_behind() -> None:
    """The signal arrives between the start of the program and the note to the guardian."""
    source = """
import os, signal, subprocess
from devcluster import processes

class Interrupted(subprocess.Popen):
    def __init__(self, command, **options):
        super().__init__(command, **options)
        if command[0] == "sleep":
            print(self.pid, flush=True)
            os.kill(os.getpid(), signal.SIGINT)

processes.subprocess.Popen = Interrupted
with processes.Children() as children:
    children.start("sleep", ["sleep", "600"])
    print("started all the same", flush=True)
"""
    result = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=DEADLINE
    )

    assert "KeyboardInterrupt" in result.stderr
    assert result.stdout.strip().isdigit()
    assert not psutil.pid_exists(int(result.stdout))


def test_children_end_in_reverse_order(children: Children) -> None:
    order = children.folder / "order"
    program = "trap 'echo {0} >> {1}; exit' TERM; echo ready; while :; do sleep 0.05; done"
    with Children() as inner:
        for name in ("first", "second", "third"):
            child = inner.start(name, ["sh", "-c", program.format(name, order)])
            _wait_for_ready(child)

    assert order.read_text().split() == ["third", "second", "first"]


def test_child_that_ends_early_is_an_error_with_the_end_of_its_log(children: Children) -> None:
    child = children.start("broken", ["sh", "-c", "echo cannot open the shop >&2; exit 3"])

    with pytest.raises(
        ChildError, match=r"broken ended with status 3 before it was ready\.\n.*\n  cannot open the shop"
    ):
        child.wait_until(lambda: False, timeout=DEADLINE)


def test_child_that_stays_unready_is_an_error(children: Children) -> None:
    child = children.start("slow", ["sleep", "600"])

    with pytest.raises(ChildError, match=r"slow was not ready after 0 s"):
        child.wait_until(lambda: False, timeout=0.1)


def test_ended_child_returns_its_status_again(children: Children) -> None:
    child = children.start("sleep", ["sleep", "600"])

    assert children.end(child) == -signal.SIGTERM
    assert children.end(child) == -signal.SIGTERM


def test_killed_child_gets_no_chance_to_say_goodbye(children: Children) -> None:
    child = children.start("polite", ["sh", "-c", "trap 'echo goodbye; exit 0' TERM; echo ready; sleep 600"])
    _wait_for_ready(child)

    assert children.end(child, kill=True) == -signal.SIGKILL
    assert "goodbye" not in child.output()


def test_children_know_no_other_cluster(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/someone/elses")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    monkeypatch.setenv("REGISTRAR_RUN_NAMESPACE", "elsewhere")
    monkeypatch.setenv("NO_PROXY", "corp.example")

    child = children.start("environment", ["env"], environment={"EXTRA": "given"})
    assert child.wait(DEADLINE) == 0

    variables = dict(line.split("=", 1) for line in child.output().splitlines() if "=" in line)
    assert not [name for name in variables if name.startswith(("KUBECONFIG", "KUBERNETES_", "REGISTRAR_"))]
    assert variables["NO_PROXY"] == "corp.example,127.0.0.1,localhost,::1"
    assert variables["EXTRA"] == "given"
