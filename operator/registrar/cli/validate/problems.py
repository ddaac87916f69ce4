"""What `registrar validate` finds in manifests."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Rule(StrEnum):
    """A rule that manifests break, as docs/reference/validate.md lists it."""

    UNREADABLE = "Unreadable"
    """The path does not exist, or cannot be read."""
    INVALID_YAML = "InvalidYaml"
    """The document is no YAML or JSON, names a key twice, or is not read by kubectl as it is written."""
    UNKNOWN_VERSION = "UnknownVersion"
    """No operator of this version serves the `apiVersion`."""
    UNKNOWN_KIND = "UnknownKind"
    """The API group has no such kind."""
    UNKNOWN_FIELD = "UnknownField"
    """The kind has no such field. The API server drops it, or refuses the manifest."""
    INVALID_VALUE = "InvalidValue"
    """The API server or the operator refuses the value, or the combination of values."""
    DUPLICATE_RESOURCE = "DuplicateResource"
    """Two manifests have the same kind, namespace and `metadata.name`: the last one that is applied replaces the
    other."""
    DUPLICATE_ENTRY = "DuplicateEntry"
    """Two resources represent the same entry of the registry. Only one of them gets it."""
    DUPLICATE_EXTERNAL_ID = "DuplicateExternalId"
    """Two entries have the same `externalId`. It is unique across models and versions, and separately across
    artifacts."""
    OTHER_TENANTS = "OtherTenants"
    """Two ClusterRegistries have the same root URL and different tenants. The operator serves neither."""
    KSERVE_CONFLICT = "KServeConflict"
    """Two ClusterRegistries of different root URLs have `servesKServe`. KServe asks one registry, so no version gets
    `status.storageUri`."""
    OTHER_REGISTRY = "OtherRegistry"
    """A resource names another ClusterRegistry in `registryRef` than its parent."""
    TOO_LARGE = "TooLarge"
    """The manifest is larger than 1.5 MiB, and etcd does not store it."""
    TOO_LARGE_TO_APPLY = "TooLargeToApply"
    """Client-side `kubectl apply` copies the manifest into an annotation, and all annotations together hold 262,144
    bytes."""
    NULL_PROPERTY = "NullProperty"
    """The API server drops a custom property that is null."""
    MISSING_PARENT = "MissingParent"
    """A reference names a resource that is not among the manifests."""
    MISSING_VERSION = "MissingVersion"
    """An alias names a version that is not among the manifests, although others of its model are."""
    ARCHIVED_VERSION = "ArchivedVersion"
    """An alias names a version whose manifest archives it. The operator waits until the version is LIVE."""
    SIMILAR_NAME = "SimilarName"
    """The names of two entries under one parent differ only in case or accents. A registry on MySQL takes them for
    one."""

    @property
    def is_warning(self) -> bool:
        """Whether manifests that break it may be right all the same."""
        return self in _WARNINGS


_WARNINGS = frozenset(
    {
        Rule.TOO_LARGE_TO_APPLY,
        Rule.NULL_PROPERTY,
        Rule.MISSING_PARENT,
        Rule.MISSING_VERSION,
        Rule.ARCHIVED_VERSION,
        Rule.SIMILAR_NAME,
    }
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource that a problem is about.

    Attributes:
        kind: its kind.
        namespace: its namespace; None if neither the manifest nor the command line names one.
        name: its name; None if it has none.
    """

    kind: str
    namespace: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """A place in a file where a rule is broken.

    Attributes:
        rule: the rule.
        file: the file.
        line: the line, the first being 1; None for a file that could not be read.
        message: what is wrong, and what to do.
        subject: the resource; None if it is none of ours.
    """

    rule: Rule
    file: str
    line: int | None
    message: str
    subject: Subject | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"rule": str(self.rule), "file": self.file, "line": self.line, "message": self.message}

    @property
    def place(self) -> str:
        """Where it is, in the form that editors and terminals open."""
        return self.file if self.line is None else f"{self.file}:{self.line}"
