"""What a copy leaves as it is in the other registry, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from model_registry.types import RegistryEntry
from registrar.cli.catalogue import Place
from registrar.cli.console import one_line


class Reason(StrEnum):
    """Why an entry, or a part of one, is not copied, as docs/reference/copy.md lists it."""

    AMBIGUOUS = "Ambiguous"
    """Several entries have the same name at the same place, in one of the registries."""
    ARCHIVED = "Archived"
    """The entry is archived in the other registry, or marked for deletion; a copy restores nothing."""
    DIGEST_CHANGED = "DigestChanged"
    """The artifact has another digest in the other registry, or would keep its digest beside another address. A digest
    never changes, because other content is another version: register it as one, or correct the digest where it is
    wrong."""
    EXTERNAL_ID_CONFLICT = "ExternalIdConflict"
    """Another entry has the external ID in the other registry."""
    LINKED = "Linked"
    """Several versions hold the artifact, and it cannot be linked to this one: Git manages it in the other registry, it
    has another address or digest there, or the oldest of them is not copied."""
    MANAGED = "Managed"
    """The entry has an owner stamp in the other registry, or is an artifact that the version with one does not have:
    the manifest is in Git, so change it there. KServe would load the new artifact."""
    NAME_CONFLICT = "NameConflict"
    """The other registry reports that the name is taken, and has no entry of exactly that name: its database ignores
    case or accents."""
    NO_MODEL = "NoModel"
    """The version's model does not exist."""
    NO_NAME = "NoName"
    """The artifact has no name, by which the next copy would find it again."""
    NO_VERSION = "NoVersion"
    """No version holds the artifact."""
    PARENT = "Parent"
    """The model or version that it belongs to was not copied, or the artifact to link to it."""
    REFUSED = "Refused"
    """The other registry refused it."""
    UNSUPPORTED_TYPE = "UnsupportedType"
    """No registry takes back artifacts of this type, or a property of this type."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry as messages and reports name it.

    Attributes:
        kind: its type, such as ModelVersion.
        names: the names from the root down to the entry.
    """

    kind: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {' / '.join(map(repr, self.names))}"

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        parents = dict(zip(("model", "version"), self.names[:-1], strict=False))
        return {"kind": self.kind, **parents, "name": self.names[-1]}


def named(entry: RegistryEntry, place: Place) -> Named:
    """Return how an entry is named."""
    return Named(type(entry).__name__, place[1:])


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry, or a part of one, that is not copied.

    Attributes:
        reason: why.
        subject: the entry.
        part: the part of it, as a manifest would write it; empty for all of it.
        detail: more about the reason; may be empty.
    """

    reason: Reason
    subject: Named
    part: str = ""
    detail: str = ""

    def __str__(self) -> str:
        part = f", {self.part}" if self.part else ""
        detail = f": {self.detail}" if self.detail else ""
        return one_line(f"{self.subject}{part}: {self.reason}{detail}")

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        found = {"reason": str(self.reason), **self.subject.as_json()}
        return {**found, **{name: text for name, text in (("part", self.part), ("detail", self.detail)) if text}}


def failures(problems: Iterable[Problem], allowed: Collection[str]) -> list[Problem]:
    """Return the problems of whole entries, with a reason that is not allowed.

    A property that no registry takes back would otherwise make every run fail, and nobody could help it.
    """
    return [one for one in problems if not one.part and one.reason not in allowed]
