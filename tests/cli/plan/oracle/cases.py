"""What the oracle plays: entries made by hand, manifests before and after a change, and edits by hand in between."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from registrar.api.bodies import ResourceKey
from tests.support.resources import Manifest

OWNER_PROPERTY = "model-registrar.dev/owner"
REFERENCE_TO_ID = "@id:"
"""Begins a text in a manifest that means the ID of an entry, which only the filled registry knows."""


@dataclass(frozen=True)
class World:
    """Where all cases of a batch take place.

    Attributes:
        spaces: the two namespaces.
        owner_id: the installation.
    """

    spaces: tuple[str, str]
    owner_id: str


@dataclass(frozen=True, order=True)
class Place:
    """An entry by its kind and the names from the root down. No name of an entry ever changes, so this is who it is."""

    kind: str
    names: tuple[str, ...]

    @property
    def parent(self) -> Place:
        return Place("RegisteredModel" if len(self.names) == 2 else "ModelVersion", self.names[:-1])

    @property
    def id_token(self) -> str:
        """What a manifest says instead of the ID."""
        return f"{REFERENCE_TO_ID}{self.kind}:" + "\n".join(self.names)

    def __str__(self) -> str:
        return f"{self.kind} {'/'.join(self.names)}"


@dataclass(frozen=True)
class Put:
    """One write by hand: creates the entry, or changes the one at that place.

    Attributes:
        place: the entry.
        fields: plain fields and the state, as the registry names them.
        properties: custom properties in the registry's form; None removes one.
    """

    place: Place
    fields: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One history. Its names begin with its own prefix, so that one registry and one operator carry many.

    Attributes:
        name: the prefix; no other case's begins with it.
        before: the entries that others made before.
        base: the manifests that are applied first; empty for a case without a base.
        meanwhile: what others change in the registry after that.
        head: the manifests of the change.
        deletes_first: the resources that only the base has are deleted before the others are applied, not afterwards.
        unseen: the fields of which an operator that has not seen what others set there makes something else.
    """

    name: str
    before: tuple[Put, ...] = ()
    base: tuple[Manifest, ...] = ()
    meanwhile: tuple[Put, ...] = ()
    head: tuple[Manifest, ...] = ()
    deletes_first: bool = False
    unseen: frozenset[tuple[Place, str]] = frozenset()


def key_of(manifest: Manifest) -> ResourceKey:
    """Return what identifies a manifest's resource."""
    metadata = manifest["metadata"]
    return ResourceKey(manifest["kind"], metadata["namespace"], metadata["name"])


def with_ids(manifests: Iterable[Manifest], ids: Mapping[Place, str]) -> tuple[Manifest, ...]:
    """Return manifests with IDs instead of what means them; each entry that does not exist gets one of its own."""
    by_token = {place.id_token: entry_id for place, entry_id in ids.items()}

    def resolved(value: Any) -> Any:
        match value:
            case dict():
                return {name: resolved(item) for name, item in value.items()}
            case list():
                return [resolved(item) for item in value]
            case str() if value.startswith(REFERENCE_TO_ID):
                return by_token.get(value) or str(1_500_000_000 + zlib.crc32(value.encode()) % 400_000_000)
        return value

    return tuple(resolved(manifest) for manifest in manifests)
