"""Which resources a change can have written: those that it edits, those below them, and those that it makes way for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.cli.plan.manifests import Manifests, key_of_found
from registrar.cli.plan.population import Population
from registrar.cli.validate.entries import Entry, Place
from registrar.kinds.base import EntryKind, ResourceKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import kind_of
from registrar.planning.external_ids import ExternalIdSpace, external_id_space

_ROOTS = {"names": 1, "id": 3, "resource": 4}
"""How many parts of a place say how its root is known; only names say which entry that is."""


@dataclass(slots=True)
class _Reach:
    """What resources have, or had, so that others wait for it or want it.

    Attributes:
        keys: the resources.
        entries: the kinds and places of their entries.
        places: the places alone, for what is below them.
        tails: the kinds of their entries with the last names, for entries below an ID or a resource that is not here.
        below_unknown: the same for those that are themselves below such a parent.
        external_ids: their external IDs.
    """

    keys: set[ResourceKey]
    entries: set[tuple[str, Place]] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)
    tails: set[tuple[str, Place]] = field(default_factory=set)
    below_unknown: set[tuple[str, Place]] = field(default_factory=set)
    external_ids: set[tuple[ExternalIdSpace, str]] = field(default_factory=set)

    def add(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self.places.add(entry.place)
            self._add(entry.kind, entry.place, entry.external_id)

    def add_former(self, kind: ResourceKind, spec: Mapping[str, Any], entries: Sequence[Entry]) -> None:
        """Add what a resource had by its spec before the change, where the cluster alone has that.

        Args:
            kind: the kind of the resource.
            spec: its spec before the change.
            entries: its entries by now, its own first: the place of that stays.
        """
        if entries:
            own = entries[0]
            self._add(own.kind, own.place, spec.get("externalId"))
            for inline in kind.inline:
                for item in spec.get(inline.field) or ():
                    self._add(inline.entry, (*own.place, str(item["name"])), item.get("externalId"))

    def leads_to(self, entry: Entry) -> bool:
        """Return whether an entry is below one of these, or was or is wanted by both, as far as files show that."""
        kind, tails = entry.kind.name, _tails(entry.place)
        is_shared = (kind, entry.place) in self.entries
        may_be_shared = any((kind, tail) in self.below_unknown for tail in tails)
        if _is_below_unknown(entry.place):
            may_be_shared = (kind, tails[0]) in self.tails
        external_id = None if entry.external_id is None else (external_id_space(entry.kind.entry), entry.external_id)
        is_below = entry.place[:-1] in self.places
        return is_shared or may_be_shared or is_below or external_id in self.external_ids

    def _add(self, kind: EntryKind, place: Place, external_id: str | None) -> None:
        tails = _tails(place)
        self.entries.add((kind.name, place))
        self.tails.update((kind.name, tail) for tail in tails)
        if _is_below_unknown(place):
            self.below_unknown.add((kind.name, tails[0]))
        if external_id is not None:
            self.external_ids.add((external_id_space(kind.entry), external_id))


def _is_below_unknown(place: Place) -> bool:
    return place[0] != "names"


def _tails(place: Place) -> list[Place]:
    """Return the names of a place, then fewer and fewer of the last ones."""
    names = place[_ROOTS[str(place[0])] :]
    return [names[number:] for number in range(len(names))]


def affected(population: Population) -> set[ResourceKey]:
    """Return the resources of the manifests that a change edits, and the others that it can have written."""
    manifests = population.manifests
    accepted = manifests.accepted()
    edited = {key for key in accepted if not population.is_unchanged(key)}
    now, before = _entries(manifests), _entries(population.base)
    reach = _Reach({*edited, *population.departed()})
    for key in reach.keys:
        reach.add((*now.get(key, ()), *before.get(key, ())))
        reach.add_former(kind_of(key.kind), population.before(key) or {}, now.get(key, ()))
    followers = [key for key in accepted if any(each in reach.entries for each in _named(key, manifests, now))]
    parents = manifests.parents()
    found = set(edited)
    for key in accepted:
        # Parents come first, so that the children of children are found too.
        if key in found or parents.get(key) in reach.keys or any(map(reach.leads_to, now.get(key, ()))):
            found.add(key)
            reach.keys.add(key)
            reach.add(now.get(key, ()))
    # A version moves the aliases that name it, which moves nothing below the model.
    return found.union(followers)


def _entries(manifests: Manifests) -> dict[ResourceKey, list[Entry]]:
    entries: dict[ResourceKey, list[Entry]] = {}
    for entry in manifests.index().entries():
        key = key_of_found(entry.found)
        if key is not None:
            entries.setdefault(key, []).append(entry)
    return entries


def _named(
    key: ResourceKey, manifests: Manifests, entries: dict[ResourceKey, list[Entry]]
) -> Iterator[tuple[str, Place]]:
    """Yield the versions that the aliases of a model name."""
    aliases = manifests.spec(key).get("aliases") if key.kind == REGISTERED_MODEL.name else None
    for version in (aliases or {}).values():
        yield from ((MODEL_VERSION.entry.name, (*entry.place, version)) for entry in entries.get(key, ()))
