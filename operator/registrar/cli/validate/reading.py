"""Reads files, and separates our manifests from those of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from registrar.api.meta import API_VERSION, GROUP
from registrar.api.tenants import Labels
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.api.wording import meant_by
from registrar.cli.documents.load import Document, DocumentError, load_each, resources_at
from registrar.cli.documents.load import Path as DocumentPath
from registrar.cli.documents.manifest import labels_in
from registrar.cli.files import manifest_files, open_to_read
from registrar.cli.validate.found import Found, FoundRegistry
from registrar.cli.validate.problems import Problem, Rule
from registrar.kinds.table import KINDS, kind_of

STDIN = "stdin"
"""What problems call the file that was read from stdin."""
_NAMES = (*(kind.name for kind in KINDS), ClusterRegistry.KIND)
"""No set: a kind in a file may be anything, a list too."""


@dataclass(slots=True)
class Reading:
    """What was read.

    Attributes:
        manifests: the manifests of entries, in the order of files and lines.
        registries: the ClusterRegistries, in the same order.
        problems: what kept others from being read.
        namespaces: the labels of the Namespaces, by name.
        files: the number of files that were read.
        others: the number of documents that are not ours.
    """

    manifests: list[Found] = field(default_factory=list)
    registries: list[FoundRegistry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    namespaces: dict[str, Labels] = field(default_factory=dict)
    files: int = 0
    others: int = 0


def read(paths: Iterable[Path], stdin: BinaryIO, namespace: str | None) -> Reading:
    """Return the manifests of files and folders, each file once.

    Args:
        paths: the paths; ``-`` is stdin.
        stdin: what ``-`` reads.
        namespace: the namespace of manifests that name none; None if it is not known.
    """
    reading, seen = Reading(), set[Path]()
    for path in paths:
        try:
            if str(path) == "-":
                read_text(stdin.read().decode(), STDIN, namespace, reading)
                continue
            for file in manifest_files(path) if path.is_dir() else [path]:
                if file.resolve() not in seen:
                    seen.add(file.resolve())
                    _read_file(file, namespace, reading)
        except (OSError, UnicodeDecodeError) as error:
            reading.problems.append(_unreadable(STDIN if str(path) == "-" else path, error))
    return reading


def _read_file(file: Path, namespace: str | None, reading: Reading) -> None:
    try:
        with open_to_read(file) as opened:
            text = opened.read()
    except (OSError, UnicodeDecodeError) as error:
        reading.problems.append(_unreadable(file, error))
    else:
        read_text(text, str(file), namespace, reading)


def _unreadable(path: Path | str, error: OSError | UnicodeDecodeError) -> Problem:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return Problem(Rule.UNREADABLE, str(getattr(error, "filename", None) or path), None, f"cannot be read: {reason}")


def read_text(text: str, file: str, namespace: str | None, reading: Reading) -> None:
    """Add the manifests of a text to what was read.

    Args:
        text: the documents.
        file: what problems call the text.
        namespace: as in `read`.
        reading: what was read so far.
    """
    reading.files += 1
    for document in load_each(text):
        if isinstance(document, DocumentError):
            reading.problems.append(Problem(Rule.INVALID_YAML, file, document.line, str(document)))
            continue
        resources = list(resources_at(document))
        reading.others += not resources
        for path, body in resources:
            problem = _identity_problem(document, path, body, file)
            if problem is not None:
                reading.problems.append(problem)
            elif (body.get("apiVersion"), body.get("kind")) == (API_VERSION, ClusterRegistry.KIND):
                reading.registries.append(FoundRegistry(file, document, path, body))
            elif body.get("apiVersion") == API_VERSION:
                kind = kind_of(str(body["kind"]))
                reading.manifests.append(Found(file, document, path, body, kind, namespace))
            else:
                reading.others += 1
                if (body.get("apiVersion"), body.get("kind")) == ("v1", "Namespace"):
                    reading.namespaces |= labels_in(body)


def _identity_problem(document: Document, path: DocumentPath, body: Mapping[str, Any], file: str) -> Problem | None:
    """Return why a resource is neither ours nor another's."""
    version, kind = body.get("apiVersion"), body.get("kind")

    def problem(rule: Rule, field: str, message: str) -> Problem:
        return Problem(rule, file, document.line_of((*path, field)), message)

    if version == API_VERSION:
        if kind in _NAMES:
            return None
        meant = meant_by(str(kind), _NAMES)
        advice = f"write one of {', '.join(sorted(_NAMES))}" if meant is None else f"did you mean {meant}?"
        return problem(Rule.UNKNOWN_KIND, "kind", f"{API_VERSION} has no kind {kind}; {advice}")
    is_misspelt = kind in _NAMES and (version is None or meant_by(str(version), [API_VERSION]) is not None)
    if is_misspelt or str(version).partition("/")[0] == GROUP:
        stands = "apiVersion is missing" if version is None else f"apiVersion {version} is not known"
        return problem(Rule.UNKNOWN_VERSION, "apiVersion", f"{stands}; write {API_VERSION}")
    return None
