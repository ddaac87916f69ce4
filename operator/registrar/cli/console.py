"""How commands print: data on stdout, messages and progress on stderr."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence

import click

from registrar.cli.exits import ExitCode

MAX_LINES = 20
"""Lines of a sort that a terminal shows; then their number follows."""
ESCAPED = "backslashreplace"
"""How bytes of a file's name that are no UTF-8 are written: in the strings of JSON, the escape means the same."""
_SECONDS_BETWEEN = 0.1


class NotKnownError(click.ClickException):
    """The answer could not be found out."""

    exit_code = ExitCode.NOT_KNOWN


class AttentionError(click.ClickException):
    """A person has to change something first."""

    exit_code = ExitCode.ATTENTION


@contextlib.contextmanager
def write_errors_explained() -> Iterator[None]:
    """Have a file that cannot be written end the command with a sentence.

    Raises:
        AttentionError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise AttentionError(f"{error.filename} cannot be written: {error.strerror}") from error


def show(lines: Iterable[str]) -> None:
    """Print lines of data; styles reach a terminal only."""
    for line in styled(lines):
        click.echo(line)


def styled(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without styles if NO_COLOR is set (https://no-color.org)."""
    has_no_colour = bool(os.environ.get("NO_COLOR"))
    yield from (click.unstyle(line) if has_no_colour else line for line in lines)


def say(message: str) -> None:
    """Print a message for people."""
    click.echo(message, err=True)


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun, such as ``1 entry`` and ``1,200 entries``."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def one_line(text: str) -> str:
    """Return a text on one line, whatever names it contains."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shortened(texts: Sequence[str], sort: str) -> Iterator[str]:
    """Yield the first lines of a sort, and how many there are more."""
    yield from texts[:MAX_LINES]
    if len(texts) > MAX_LINES:
        yield f"… and {len(texts) - MAX_LINES:,} more {sort}"


class Counter:
    """Counts on one line of the terminal; prints nothing where stderr is none.

    Args:
        what: what is counted, such as ``entries read``.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, number: int) -> None:
        """Show a number, not more often than eyes can follow."""
        now = time.monotonic()
        if self._shown and now - self._last > _SECONDS_BETWEEN:
            self._last = now
            click.echo(f"\r{number:,} {self._what}\x1b[K", err=True, nl=False)

    def clear(self) -> None:
        """Remove the line."""
        if self._shown and self._last:
            click.echo("\r\x1b[K", err=True, nl=False)
