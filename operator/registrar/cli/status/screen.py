"""Shows one report after another: in place on a terminal, one behind the other elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import click

_HOME, _REST_OF_LINE, _REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
_NO_WRAPPING, _WRAPPING = "\x1b[?7l", "\x1b[?7h"


class Screen:
    """Where ``--watch`` shows reports; a context manager that leaves the terminal as it was.

    Args:
        interval: seconds between two reports.
        is_for_people: whether to say when a report was made; programs get the reports alone.
    """

    def __init__(self, interval: float, *, is_for_people: bool) -> None:
        self._interval = interval
        self._is_for_people = is_for_people
        self._is_in_place = is_for_people and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._lines: list[str] = []
        self._problems: list[str] = []

    def __enter__(self) -> Self:
        if self._is_in_place:
            click.echo(_NO_WRAPPING, nl=False)
            click.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_in_place:
            click.echo(_WRAPPING, nl=False)

    def show(self, lines: Iterable[str], problems: list[str]) -> None:
        """Show a report, and what could not be read for it."""
        present = list(lines)
        is_new = present != self._lines
        self._lines = present
        self._show_problems(problems)
        if self._is_in_place:
            self._draw()
        elif is_new:
            head = [datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")] if self._is_for_people else []
            tail = [""] if self._is_for_people else []
            click.echo("\n".join([*head, *present, *tail]))
            sys.stdout.flush()

    def show_problem(self, message: str) -> None:
        """Show why there is no report this time; the last one stays."""
        self._show_problems([message])
        if self._is_in_place:
            self._draw()

    def _show_problems(self, problems: list[str]) -> None:
        if not self._is_in_place and problems != self._problems:
            for problem in problems:
                click.echo(f"Error: {problem}", err=True)
        self._problems = problems

    def _draw(self) -> None:
        """Draw over what is there: a cleared screen would flicker."""
        now = datetime.now(UTC).strftime("%H:%M:%S")
        errors = [click.style(f"Error: {problem}", fg="red") for problem in self._problems]
        lines = [f"Every {self._interval:g} s, {now} UTC. Ctrl-C ends.", *errors, "", *self._lines]
        # The last line of the terminal is for the cursor.
        height = shutil.get_terminal_size().lines - 1
        if len(lines) > height:
            lines = [*lines[: height - 1], f"… {len(lines) - height + 1} more lines"]
        drawn = "".join(f"{line}{_REST_OF_LINE}\n" for line in lines)
        click.echo(f"{_HOME}{drawn}{_REST_OF_SCREEN}", nl=False)
