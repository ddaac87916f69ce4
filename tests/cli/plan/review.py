"""A change under review: the command on a registry or a snapshot, and a comment as its readers see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from markdown_it import MarkdownIt
from markdown_it.token import Token

from registrar.cli import main
from registrar.cli.exits import ExitCode

GITHUB = MarkdownIt("commonmark").enable("table")
"""The part of GitHub's Markdown that decides what is text, and what is markup."""


def texts(**values: str) -> dict[str, Any]:
    """Return custom properties as the registry has them."""
    return {name: {"metadataType": "MetadataStringValue", "string_value": text} for name, text in values.items()}


def run(source: str, *arguments: str | Path, command: str = "plan") -> Result:
    """Run the command; the source is a registry's address, or an option with a snapshot."""
    chosen = source if source.startswith("--") else f"--registry-url={source}"
    words = [command, "-n", "team", chosen, *map(str, arguments)]
    return CliRunner().invoke(main, words, catch_exceptions=False)


def snapshot(url: str, file: Path) -> None:
    """Write a snapshot of a registry."""
    words = ["snapshot", f"--registry-url={url}", "-o", str(file)]
    assert CliRunner().invoke(main, words, catch_exceptions=False).exit_code == ExitCode.DONE


def rendered(markdown: str) -> list[Token]:
    """Return what a reader of the comment sees, in pieces: every token that has content."""
    tokens = GITHUB.parse(markdown)
    return [each for token in tokens for each in (token, *(token.children or ())) if each.content and not each.children]


def body_of(title: str, text: str) -> str:
    """Return a comment with a long plan."""
    return f"<!-- registrar-plan: {title} -->\n### {title}: {text}\n\n" + "x" * 50_000 + "\n"
