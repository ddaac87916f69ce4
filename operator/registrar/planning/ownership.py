"""The owner stamp: what an entry says about who manages it.

Every entry that the operator writes carries the string property ``model-registrar.dev/owner`` with
``<origin>:<owner id>/<namespace>/<name>``, and ``#<artifact>`` after it for an inline artifact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from model_registry.types import RegistryEntry
from registrar.api.meta import OWNER_PROPERTY


class Origin(StrEnum):
    """How an entry came under management; it decides what deletion does by default."""

    CREATED = "created"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp of this installation.

    Attributes:
        origin: whether the entry was created or adopted.
        reference: ``namespace/name`` or ``namespace/name#artifact``.
    """

    origin: Origin
    reference: str

    def text(self, owner_id: str) -> str:
        """Return the property's value."""
        return f"{self.origin}:{owner_id}/{self.reference}"


@dataclass(frozen=True, slots=True)
class ForeignStamp:
    """A stamp of another installation, or one that this version cannot read."""

    text: str


def read_stamp(value: object, owner_id: str) -> Stamp | ForeignStamp | None:
    """Return the stamp that the property's value writes; None and ``""`` mean that the entry carries none."""
    if value is None or value == "":
        return None
    text = str(value)
    origin, _, owner = text.partition(":")
    reference = owner.removeprefix(f"{owner_id}/")
    # namespace/name has exactly one slash: an owner id that continues ours ("a" and "a/b") is another installation.
    if origin not in set(Origin) or reference == owner or reference.partition("#")[0].count("/") != 1:
        return ForeignStamp(text)
    return Stamp(Origin(origin), reference)


def any_stamp_of(entry: RegistryEntry, owner_id: str) -> Stamp | ForeignStamp | None:
    """Return the entry's stamp, whoever wrote it; None if it carries none."""
    return read_stamp((entry.custom_properties or {}).get(OWNER_PROPERTY), owner_id)


def stamp_of(entry: RegistryEntry | None, owner_id: str) -> Stamp | None:
    """Return the entry's stamp, if it is one of this installation."""
    stamp = None if entry is None else any_stamp_of(entry, owner_id)
    return stamp if isinstance(stamp, Stamp) else None
