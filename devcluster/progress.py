"""Shows progress while programs are fetched and built."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

_PLAIN_EVERY_SECONDS = 15.0


def terminal() -> Console:
    """Return a console for standard error that prints sentences as they are: no colours for numbers, no line breaks."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


class Meter:
    """Counts what is done, of a known or unknown total. ``meter`` returns it."""

    def __init__(self, console: Console, title: str, bar: tuple[Progress, TaskID] | None) -> None:
        self._console = console
        self._title = title
        self._bar = bar
        self._last_line = time.monotonic()

    def update(self, done: int, total: int | None, detail: str = "") -> None:
        """Show ``done`` of ``total`` (None if unknown), and what was done last."""
        if self._bar is not None:
            progress, task = self._bar
            progress.update(task, completed=done, total=total, detail=detail)
        elif time.monotonic() - self._last_line >= _PLAIN_EVERY_SECONDS:
            # A log file gets a line from time to time instead of a bar.
            self._last_line = time.monotonic()
            self._console.print(f"  {self._title}: {done}{f' of {total}' if total else ''}")


@contextlib.contextmanager
def meter(console: Console, title: str) -> Iterator[Meter]:
    """Show a bar on a terminal, or lines of text elsewhere, while the block runs."""
    if not console.is_terminal:
        console.print(f"  {title} …")
        yield Meter(console, title, None)
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        # Takes the rest of the line, so that the bar does not jump when a name is long.
        TextColumn("[dim]{task.fields[detail]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    with Progress(*columns, console=console, transient=True, expand=True) as progress:
        yield Meter(console, title, (progress, progress.add_task(title, total=None, detail="")))
