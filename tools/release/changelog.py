"""The changelog: which versions it has, and what it says of one."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECTION = re.compile(r"^## (?P<title>.*)$", re.MULTILINE)
_TITLE = re.compile(r"\[(?P<version>[^\]]+)\](?: - (?P<date>.+))?")
_HEADING = re.compile(r"^### (?P<name>.+)$")
_ENTRY = re.compile(r"^- ", re.MULTILINE)
UNRELEASED = "Unreleased"
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
"""What Keep a Changelog names, and the only ones that Artifact Hub accepts."""


@dataclass(frozen=True, slots=True)
class Change:
    """One entry.

    Attributes:
        kind: the heading in lower case, such as ``added``: one of `KINDS` in a changelog that is released.
        description: the text, on one line.
    """

    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """What the changelog says of one version.

    Attributes:
        date: what the heading has for the day of the release, or `UNRELEASED`; empty if it has nothing.
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


def sections(changelog: str, version: str) -> list[Section]:
    """Return what a changelog says of a version: one section, unless something is wrong."""
    headings = list(_SECTION.finditer(changelog))
    ends = [*(heading.start() for heading in headings[1:]), len(changelog)]
    return [
        Section((title["date"] or "").strip(), changelog[heading.end() : end].strip() + "\n")
        for heading, end in zip(headings, ends, strict=True)
        if (title := _TITLE.fullmatch(heading["title"].strip())) and title["version"] == version
    ]


def _entries(block: str) -> list[str]:
    """Return the items of the lists in a block; an item ends with an empty line or a heading."""
    return [" ".join(re.split(r"\n\n|\n#", item)[0].split()) for item in _ENTRY.split(block)[1:]]
