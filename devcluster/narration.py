"""What the demo prints: numbered steps, commands with their output, and claims that are checked."""

import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from rich.console import Console
from rich.markup import escape
from rich.table import Table


class CheckFailed(Exception):  # noqa: N818 - reads as what happened
    """A claim of the demo is not true."""


@dataclass(frozen=True)
class _Marks:
    """What stands before a line."""

    output: str
    tick: str
    cross: str


_UNICODE = _Marks("│", "✓", "✗")
_ASCII = _Marks("|", "ok:", "ERROR:")


def printed_console() -> Console:
    """Return a console for standard output; what its encoding does not have is replaced by question marks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False, soft_wrap=True)


class Narrator:
    """Prints the steps of the demo."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._marks = _UNICODE if console.encoding.startswith("utf") else _ASCII
        self._numbers = count(1)

    def step(self, title: str) -> None:
        """Begin a step."""
        self._console.print(f"\n[bold]{next(self._numbers)}. {escape(title)}[/bold]")

    def say(self, text: str) -> None:
        """Print a line of explanation."""
        self._console.print(f"   {escape(text)}")

    def command(self, words: str) -> None:
        """Print the command that runs now."""
        self._console.print(f"   [cyan]$ {escape(words)}[/cyan]")

    def output(self, text: str) -> None:
        """Print the output of a program."""
        for line in text.rstrip().splitlines():
            self._console.print(f"   [dim]{self._marks.output}[/dim] {escape(line)}")

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows under the names of their columns."""
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self._console.print(table, soft_wrap=False)

    def check(self, holds: bool, claim: str) -> None:  # noqa: FBT001 - the subject of the call
        """Tick off a claim.

        Raises:
            CheckFailed: The claim does not hold.
        """
        if not holds:
            raise CheckFailed(claim)
        self._console.print(f"   [green]{self._marks.tick}[/green] {escape(claim)}")

    def failure(self, text: str) -> None:
        """Print what went wrong."""
        self._console.print(f"\n[red]{self._marks.cross}[/red] {escape(text)}")
