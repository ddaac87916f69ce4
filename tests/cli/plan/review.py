"""A change of manifests under review: the folder, and the command on a registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from markdown_it import MarkdownIt
from markdown_it.token import Token

from registrar.api.meta import API_VERSION, OWNER_PROPERTY
from registrar.cli import main
from registrar.cli.exits import ExitCode

GITHUB = MarkdownIt("commonmark").enable("table")
"""The part of GitHub's Markdown that decides what is text, and what is markup."""


def model(name: str, /, **spec: Any) -> dict[str, Any]:
    """Return the manifest of a model."""
    return {"apiVersion": API_VERSION, "kind": "RegisteredModel", "metadata": {"name": name}, "spec": spec}


def version(name: str, parent: str, /, **spec: Any) -> dict[str, Any]:
    """Return the manifest of a version."""
    reference = {"registeredModelRef": {"name": parent}}
    return {"apiVersion": API_VERSION, "kind": "ModelVersion", "metadata": {"name": name}, "spec": reference | spec}


def texts(**values: str) -> dict[str, Any]:
    """Return custom properties as the registry has them."""
    return {name: {"metadataType": "MetadataStringValue", "string_value": text} for name, text in values.items()}


def stamped(name: str, **values: str) -> dict[str, Any]:
    """Return custom properties of an entry that a resource of the namespace ``team`` manages."""
    return texts(**{OWNER_PROPERTY: f"created:model-registrar/model-registrar/team/{name}"}, **values)


def write(folder: Path, **files: list[dict[str, Any]]) -> Path:
    """Write manifests to files of a folder. JSON is YAML, and exact."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, documents in files.items():
        (folder / f"{name}.yaml").write_text("\n---\n".join(json.dumps(each, indent=1) for each in documents))
    return folder


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
