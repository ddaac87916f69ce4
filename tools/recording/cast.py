"""What a program wrote to a terminal, and when: an asciicast, version 2."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.text import Text

CAST: Final = Path(__file__).resolve().parents[2] / "docs" / "images" / "demo.cast"
"""The recording of the demo."""

_CHANGING: Final = (
    # Before the ports and the numbers: a name of a temporary folder may end with digits.
    (re.compile(r"\S*/model-registrar-\w+"), "FOLDER"),
    # An older kubectl does not say from where it deletes.
    (re.compile(r" from \S+ namespace"), ""),
    (re.compile(r"at once|within \d+\.\d s"), "soon"),
    (re.compile(r"\b(?:\d+[hms])+\b"), "AGE"),
    (re.compile(r"\d+"), "N"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True)
class Line:
    """One line of the terminal.

    Attributes:
        seconds: When it was complete, since the start.
        text: Its styled text, without the line break.
    """

    seconds: float
    text: Text


@dataclass(frozen=True)
class Cast:
    """A recording.

    Attributes:
        width, height: The size of the terminal, in characters.
        title: What was recorded.
        events: Seconds since the start, with the output then.
    """

    width: int
    height: int
    title: str
    events: tuple[tuple[float, str], ...]

    @classmethod
    def read(cls, path: Path) -> Cast:
        """Read a file."""
        header, *events = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        outputs = tuple((seconds, text) for seconds, kind, text in events if kind == "o")
        return cls(header["width"], header["height"], header["title"], outputs)

    def write(self, path: Path) -> None:
        """Write a file."""
        header = {"version": 2, "width": self.width, "height": self.height, "title": self.title}
        rows = [header, *([round(seconds, 2), "o", text] for seconds, text in self.events)]
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        path.write_text(text, encoding="utf-8")

    def lines(self) -> list[Line]:
        """Return the lines in order."""
        found, rest = [], ""
        for seconds, text in self.events:
            *complete, rest = (rest + text.replace("\r\n", "\n")).split("\n")
            found += [Line(seconds, Text.from_ansi(line)) for line in complete]
        return found


def comparable(text: str) -> list[str]:
    """Return the lines of a run of the demo, so that two runs are equal if they show the same.

    Numbers (ports, IDs, ages, durations), temporary folders and the width of columns differ from run to run, and so
    does the order of what is registered at the same time.
    """
    for pattern, replacement in _CHANGING[:-1]:
        text = pattern.sub(replacement, text)
    spaces, one = _CHANGING[-1]
    return sorted(spaces.sub(one, line).strip() for line in text.splitlines())
