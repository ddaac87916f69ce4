"""The changelog: which versions it has, and what it says of one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>.+)$", re.MULTILINE)
_HEADING = re.compile(r"^### (?P<name>.+)$")
_ENTRY = re.compile(r"^- ", re.MULTILINE)
UNRELEASED = "Unreleased"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry.

    Attributes:
        kind: what Keep a Changelog calls it, such as ``added``.
        description: the text, on one line.
    """

    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """What the changelog says of one version.

    Attributes:
        date: the day of the release, or `UNRELEASED`.
        text: the Markdown below the heading.
    """

    date: str
    text: str

    def changes(self) -> list[Change]:
        """Return the entries in their order."""
        found: list[Change] = []
        for block in re.split(r"^(?=### )", self.text, flags=re.MULTILINE):
            heading = _HEADING.match(block.partition("\n")[0])
            if heading is not None:
                found += (Change(heading["name"].lower(), text) for text in _entries(block))
        return found


def section(changelog: str, version: str) -> Section | None:
    """Return what a changelog says of a version; None if it does not have it."""
    headings = list(_VERSION.finditer(changelog))
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    for heading, end in zip(headings, ends, strict=True):
        if heading["version"] == version:
            return Section(heading["date"].strip(), changelog[heading.end() : end].strip() + "\n")
    return None


def _entries(block: str) -> list[str]:
    """Return the items of the lists in a block; an item ends with an empty line or a heading."""
    return [" ".join(re.split(r"\n\n|\n#", item)[0].split()) for item in _ENTRY.split(block)[1:]]
