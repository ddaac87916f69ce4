"""The owner stamp: what an entry says about who manages it.

Every entry that the operator writes carries the string property ``model-registrar.dev/owner`` with
``<origin>:<owner id>/<namespace>/<name>``, and ``#<artifact>`` after it for an inline artifact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from model_registry.types import RegistryEntry
from registrar.api.meta import OWNER_PROPERTY


class Origin(StrEnum):
    """How an entry came under management, and whether a deletion may still retire it.

    The stamp of an entry that the deletion policy leaves alone says `KEPT` instead of how it came, so that no search
    for orphans takes it for one. That of an entry which a deletion archived says `RELEASED`: the next resource of this
    installation resumes it, and other installations treat it as unstamped.
    """

    CREATED = "created"
    ADOPTED = "adopted"
    KEPT = "kept"
    RELEASED = "released"


_ORIGINS = frozenset(Origin)
"""Made once: a stamp is read several times for each entry."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp of this installation.

    Attributes:
        origin: how the entry came under management.
        reference: ``namespace/name`` or ``namespace/name#artifact``.
    """

    origin: Origin
    reference: str

    @property
    def path(self) -> str:
        """The resource, as ``namespace/name``."""
        return self.reference.partition("#")[0]

    @property
    def namespace(self) -> str:
        """The namespace of the resource."""
        return self.reference.partition("/")[0]

    @property
    def artifact(self) -> str | None:
        """The name of the inline artifact; None where the entry is the resource's own."""
        return self.reference.partition("#")[2] or None

    def text(self, owner_id: str) -> str:
        """Return the property's value."""
        return f"{self.origin}:{owner_id}/{self.reference}"


@dataclass(frozen=True, slots=True)
class ForeignStamp:
    """A stamp of another installation, or one that this version cannot read."""

    text: str


def read_stamp(value: object, owner_id: str) -> Stamp | ForeignStamp | None:
    """Return the stamp that the property's value writes.

    Returns:
        None for an entry without a stamp, or with one that another installation has released.
    """
    if value is None or value == "":
        return None
    text = str(value)
    origin, _, owner = text.partition(":")
    reference = owner.removeprefix(f"{owner_id}/")
    # namespace/name has exactly one slash: an owner id that continues ours ("a" and "a/b") is another installation.
    if origin not in _ORIGINS or reference == owner or reference.partition("#")[0].count("/") != 1:
        return None if origin == Origin.RELEASED else ForeignStamp(text)
    return Stamp(Origin(origin), reference)


def any_stamp_of(entry: RegistryEntry, owner_id: str) -> Stamp | ForeignStamp | None:
    """Return the entry's stamp, whoever wrote it; None if it carries none."""
    return read_stamp((entry.custom_properties or {}).get(OWNER_PROPERTY), owner_id)


def stamp_of(entry: RegistryEntry | None, owner_id: str) -> Stamp | None:
    """Return the entry's stamp, if it is one of this installation."""
    stamp = None if entry is None else any_stamp_of(entry, owner_id)
    return stamp if isinstance(stamp, Stamp) else None


def held(entries: Iterable[RegistryEntry], owner_id: str) -> list[RegistryEntry]:
    """Return those of the entries with a resource's stamp that it has, and no earlier resource of its name has left.

    What one has released is never held. What one has kept looks like what a resource with ``deletionPolicy: Orphan``
    has, so it counts only where nothing else is held.
    """
    origins = [(entry, stamp.origin) for entry in entries if (stamp := stamp_of(entry, owner_id)) is not None]
    present = [(entry, origin) for entry, origin in origins if origin is not Origin.RELEASED]
    certain = [entry for entry, origin in present if origin is not Origin.KEPT]
    return certain or [entry for entry, _ in present]
