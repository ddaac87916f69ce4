"""Finds phrases that read as translated, also where they go over the end of a line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[2]

PHRASES: Final = {
    r"(?:is|are|was|were) not there": "does not exist, is absent",
    r"(?:is|are|was|were) looked at": "name who reads or checks it",
    r"what becomes of": "what happens to",
    r"as it is written here": "matches the spec",
    r"to be had": "available",
    r"in the place of": "instead of",
    r"of then": "former",
    r"give or take": "about, ±",
    r"without a word": "silently",
    r"(?:nothing|everything) stays behind": "cleaned up",
    r"you get (?:a|the|one)": "this guide shows how to",
    r"(?:one|a) (?:row|file|module|line) an? (?:kind|stage|command|entry)": "one … per …",
    r"is void": "is no longer valid",
    r"stands? for": "represents, means",
}
"""What to write instead of each phrase, by a pattern for it."""

PLACES: Final = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "Makefile", "pyproject.toml"),
    *("CODE_OF_CONDUCT.md", "ROADMAP.md", "SUPPORT.md", ".github"),
    *("docs", "charts", "crds", "operator", "devcluster", "benchmarks", "tools", "examples", "integrations", "tests"),
)
SUFFIXES: Final = {"", ".gotmpl", ".json", ".lua", ".md", ".py", ".toml", ".tpl", ".txt", ".yaml", ".yml"}

ALLOWED: Final = {
    # Recorded answers of real servers.
    "tests/contract",
    # The phrases themselves, and what is tried on them.
    "tools/prose",
    "tests/tools/test_prose.py",
}

# Between two words: spaces, or a new line with the marks that begin it in comments and quotes.
_GAP: Final = r"(?:[ \t]+|[ \t]*\n[ \t]*(?:(?:#|//|--|>)[ \t]*)?)"
_PATTERNS: Final = [
    (re.compile(rf"\b{phrase.replace(' ', _GAP)}\b", re.IGNORECASE), instead) for phrase, instead in PHRASES.items()
]


def found_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, phrase and what to write instead, for each phrase in a text."""
    for pattern, instead in _PATTERNS:
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, re.sub(_GAP, " ", match[0]), instead


def files(root: Path) -> Iterator[Path]:
    """Yield the files that are checked, by their path under ``root``."""
    for place in PLACES:
        start = root / place
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            relative = path.relative_to(root)
            is_allowed = any(relative.is_relative_to(allowed) for allowed in ALLOWED)
            if path.is_file() and path.suffix in SUFFIXES and not is_allowed:
                yield relative


@click.command()
@click.option("--root", default=ROOT, type=click.Path(file_okay=False, path_type=Path), help="Folder to check.")
def main(*, root: Path) -> None:
    """List the phrases that must not come back; fail if there are any."""
    found = [
        f"{path}:{line}: {phrase} ==> {instead}"
        for path in files(root)
        for line, phrase, instead in sorted(found_in((root / path).read_text(encoding="utf-8")))
    ]
    if found:
        raise click.ClickException("\n".join(["these phrases read as translated:", *found]))
