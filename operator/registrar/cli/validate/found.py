"""A manifest of ours in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.cli.documents.load import Document, Path
from registrar.cli.documents.manifest import FileManifest, manifest_in
from registrar.cli.validate.problems import Problem, Rule, Subject
from registrar.kinds.base import ResourceKind


@dataclass(frozen=True)
class Found:
    """A manifest of a known kind, which may have any other fault.

    Attributes:
        file: the file.
        document: the document that holds it.
        path: where in the document it is: not at the root for an item of a List.
        body: the manifest.
        kind: its kind.
        default_namespace: the namespace that it is applied in if it names none; None if that is not known.
    """

    file: str
    document: Document
    path: Path
    body: Mapping[str, Any]
    kind: ResourceKind
    default_namespace: str | None

    @cached_property
    def manifest(self) -> FileManifest | None:
        """The manifest, if it has a name to speak of it by."""
        return manifest_in(self.body)

    @cached_property
    def namespace(self) -> str | None:
        """The namespace that it is applied in, if that is known."""
        manifest = self.manifest
        return self.default_namespace if manifest is None else manifest.namespace or self.default_namespace

    @property
    def key(self) -> ResourceKey | None:
        """The resource that it declares; None where its name or its namespace is not known."""
        manifest, namespace = self.manifest, self.namespace
        return None if manifest is None or namespace is None else ResourceKey(self.kind.name, namespace, manifest.name)

    def line(self, path: Path = ()) -> int:
        """Return the line of a field, or of the last thing on the way to it that exists."""
        return self.document.line_of((*self.path, *path))

    def place(self, path: Path = ()) -> str:
        """Return file and line of a field."""
        return f"{self.file}:{self.line(path)}"

    def problem(self, rule: Rule, message: str, path: Path = ()) -> Problem:
        """Return a problem at a field."""
        manifest = self.manifest
        name = None if manifest is None else manifest.name
        subject = Subject(self.kind.name, self.namespace, name)
        return Problem(rule, self.file, self.line(path), message, subject)


@dataclass(frozen=True, slots=True)
class FoundRegistry:
    """A ClusterRegistry in a file, which may have any other fault.

    Attributes:
        file: the file.
        document: the document that holds it.
        path: where in the document it is.
        body: the manifest.
    """

    file: str
    document: Document
    path: Path
    body: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """Its ``metadata.name``, if it has one."""
        manifest = manifest_in(self.body)
        return None if manifest is None else manifest.name

    @property
    def place(self) -> str:
        """File and line of the manifest."""
        return f"{self.file}:{self.document.line_of(self.path)}"

    def problem(self, rule: Rule, message: str, path: Path = ()) -> Problem:
        """Return a problem at a field."""
        return Problem(rule, self.file, self.document.line_of((*self.path, *path)), message)
