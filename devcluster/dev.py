"""Runs the operator of the checkout, and restarts it whenever its code changes: ``make dev``."""

import argparse
import signal

from rich.console import Console
from watchfiles import PythonFilter, watch

from devcluster import stage
from devcluster.controlplane import KubectlError
from devcluster.errors import BinariesError
from devcluster.narration import Narrator, printed_console
from devcluster.processes import Child, ChildError
from devcluster.stage import REPOSITORY, WAIT_SECONDS, Stage

SOURCES = REPOSITORY / "operator"
QUICKSTART = REPOSITORY / "examples" / "quickstart"
_READY = "Ready: watching"
_TURN_MILLISECONDS = 500


def follow(on: Stage, console: Console) -> None:
    """Restart the operator after each change of its code, until Ctrl-C. One that does not start waits for the next."""
    operator = on.operator
    # The first turn, at the latest after the time-out, shows that the folder is watched.
    turns = watch(SOURCES, watch_filter=PythonFilter(), rust_timeout=_TURN_MILLISECONDS, yield_on_timeout=True)
    for number, changes in enumerate(turns):
        if number == 0:
            console.print(f"\n[bold]Change a file in operator/, and it restarts.[/bold] {on.how_to_use()}\n")
        if not changes:
            continue
        for path in sorted({path for _, path in changes}):
            on.narrator.say(f"{path.removeprefix(f'{REPOSITORY}/')} has changed")
        on.children.end(operator)
        operator = on.start_operator()
        _wait_until_ready(on, operator)


def _wait_until_ready(on: Stage, operator: Child) -> None:
    try:
        operator.wait_until(lambda: _READY in operator.output(), timeout=WAIT_SECONDS)
    except ChildError as error:
        on.narrator.failure(f"{error}\nThe next change starts it again.")
    else:
        on.narrator.say("the operator is ready")


def main() -> int:
    """Run the operator until Ctrl-C, and return the exit status."""
    argparse.ArgumentParser(
        prog="python -m devcluster dev",
        description="Run the operator on a temporary control plane, and restart it whenever its code changes.",
    ).parse_args()
    console = printed_console()
    narrator = Narrator(console)
    # `kill` ends it as Ctrl-C does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with stage.build(narrator) as on:
            on.kubectl("apply", "-f", QUICKSTART)
            _wait_until_ready(on, on.operator)
            follow(on, console)
    except (KubectlError, ChildError, BinariesError) as error:
        narrator.failure(str(error))
        return 1
    except KeyboardInterrupt:
        console.print("\nEverything has been stopped and cleaned up.")
    return 0
