"""What an export left out, and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from registrar.cli.console import one_line, shortened


class Reason(StrEnum):
    """Why an entry, or a part of one, is not in the manifests, as docs/reference/export.md lists it."""

    AMBIGUOUS = "Ambiguous"
    """Several entries have the same name at the same place."""
    FOREIGN_STAMP = "ForeignStamp"
    """Another installation manages the entry."""
    INVALID_VALUE = "InvalidValue"
    """The resource's schema refuses the value."""
    LINKED = "Linked"
    """Several versions hold the artifact: it goes with the oldest."""
    NO_MODEL = "NoModel"
    """The version's model does not exist."""
    NO_URI = "NoUri"
    """The artifact has no URI, and does not wait for an upload."""
    NO_VERSION = "NoVersion"
    """No version holds the artifact."""
    NOT_EXACT = "NotExact"
    """Applying the manifest would change more than the owner stamp."""
    SENSITIVE = "Sensitive"
    """It looks like a secret."""
    STRUCT = "Struct"
    """A property of a structured type, which the operator keeps and cannot declare."""
    TOO_LONG = "TooLong"
    """It is longer than a resource may declare."""
    TOO_MANY = "TooMany"
    """There are more than a resource may declare."""
    UNKNOWN_STATE = "UnknownState"
    """The registry reports a state that this version of the operator does not know, or none."""
    UNSUPPORTED_TYPE = "UnsupportedType"
    """The operator manages no artifacts of this type, or cannot write a property of the entry back."""


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that is not in the manifests.

    Attributes:
        reason: why.
        kind: the entry's type, such as ModelVersion.
        name: its name.
        entry_id: its ID.
        part: the part of it, as a manifest would write it; empty for all of it.
        detail: more about the reason; may be empty.
    """

    reason: Reason
    kind: str
    name: str
    entry_id: str
    part: str = ""
    detail: str = ""

    def __str__(self) -> str:
        part = f", {self.part}" if self.part else ""
        detail = f": {self.detail}" if self.detail else ""
        return one_line(f"{self.kind} {self.name!r} (id {self.entry_id}){part}: {self.reason}{detail}")

    def comment(self) -> str:
        """Return what a manifest says about it: no ID, so that two registries with equal entries give equal files."""
        part = f", {self.part}" if self.part else ""
        return one_line(f"# Left out: {self.kind} {self.name!r}{part}: {self.reason}")

    def as_json(self) -> dict[str, str]:
        """Return the same for programs."""
        fields = {"reason": str(self.reason), "kind": self.kind, "name": self.name, "id": self.entry_id}
        return {**fields, **{name: text for name, text in (("part", self.part), ("detail", self.detail)) if text}}


def failures(omissions: Iterable[Omission], allowed: Collection[str]) -> list[Omission]:
    """Return the entries that are missing as a whole, for a reason that is not allowed.

    A part does no harm: the operator leaves alone what no manifest declares.
    """
    return [one for one in omissions if not one.part and one.reason not in allowed]


def lines(omissions: Iterable[Omission]) -> Iterator[str]:
    """Yield a line for each omission by reason, at most `MAX_LINES` of one, and a line with the numbers."""
    by_reason: defaultdict[Reason, list[Omission]] = defaultdict(list)
    for omission in omissions:
        by_reason[omission.reason].append(omission)
    for reason in sorted(by_reason):
        yield from shortened([f"Left out: {one}" for one in by_reason[reason]], f"for the reason {reason}")
    if by_reason:
        counts = Counter({reason: len(found) for reason, found in by_reason.items()})
        yield "Left out: " + ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items()))
