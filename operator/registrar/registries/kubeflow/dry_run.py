"""Kubeflow's Model Registry as it would be after writes that are not sent: what a dry run writes to.

It starts as an inventory of the registry and takes writes in memory, with the server's own refusals: a name that is
taken under its parent, an external ID that is taken, a version that does not exist. Kept true by the test that compares
its writes with those that the operator sends (tests/cli/plan/oracle).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

from model_registry._wire import require_writable
from model_registry.exceptions import ConflictError, NotFound
from model_registry.types import Artifact, ModelVersion, RegistryEntry
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.table import family_of
from registrar.planning.external_ids import ExternalIdSpace, external_id_space
from registrar.planning.problems import ReconcileError
from registrar.registries.backend import Changes, Cursor
from registrar.registries.inventory import Inventory, id_number
from registrar.registries.kubeflow.conflicts import explain_conflict
from registrar.registries.kubeflow.entries import sole
from registrar.registries.kubeflow.names import unsupported
from registrar.registries.provisional import FIRST_PROVISIONAL_ID

_Place = tuple[type[RegistryEntry], str, str | None]
"""Class, ID of the parent, name."""


class DryRunBackend:
    """See `registrar.registries.backend.RegistryBackend`.

    Args:
        inventory: what the registry holds.

    Attributes:
        needed: the versions whose artifacts were asked for and are not in the inventory; they were taken for none.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.needed: set[str] = set()
        self._unread = inventory.unread
        self._entries: dict[tuple[type[RegistryEntry], str], RegistryEntry] = {}
        self._places: defaultdict[_Place, list[str]] = defaultdict(list)
        self._held: defaultdict[str, list[str]] = defaultdict(list)
        self._external: dict[tuple[ExternalIdSpace, str], RegistryEntry] = {}
        self._next_id = itertools.count(FIRST_PROVISIONAL_ID)
        self._now = 0
        for entry in (*inventory.models, *inventory.versions, *inventory.distinct_artifacts()):
            self._add(entry)
        for version_id, artifacts in inventory.artifacts.items():
            for artifact in artifacts:
                self._hold(artifact, version_id)

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """See the protocol."""
        found = self._entries.get((kind.family, entry_id))
        return found if type(found) is kind.entry else None

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """See the protocol."""
        self._ask_for(kind, parent_id)
        found = [
            self._entries[kind.family, entry_id] for entry_id in self._places.get((kind.entry, parent_id, name), ())
        ]
        return sole(found, f"the version {parent_id} has several {kind.name}s named {name!r}")

    async def artifacts_of(self, version_id: str) -> list[RegistryEntry]:
        """See the protocol."""
        self.needed |= {version_id} & self._unread
        return [self._entries[Artifact, artifact_id] for artifact_id in self._held.get(version_id, ())]

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        """See the protocol."""
        require_writable(entry)
        self._ask_for(kind, parent_id)
        taken = self._places.get((kind.entry, parent_id, entry.name))
        holder = self._entries[kind.family, taken[0]] if taken else self._holder(kind, entry.external_id)
        if holder is not None:
            raise _conflict(kind, entry.name, holder)
        if kind.family is Artifact and (ModelVersion, parent_id) not in self._entries:
            raise NotFound(f"no ModelVersion found for id {parent_id}", 404, "POST", "artifacts")
        values: dict[str, Any] = {"id": str(next(self._next_id)), **self._times(entry, is_new=True)}
        if kind.parent_attribute is not None:
            values[kind.parent_attribute] = parent_id
        created: RegistryEntry = entry.model_copy(update=values)
        self._add(created)
        if kind.family is Artifact:
            self._hold(created, parent_id)
        return created

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """See the protocol."""
        before = self._entries[kind.family, str(entry.id)]
        # The server refuses a change that leaves the properties out where it could not take them back.
        require_writable(entry if entry.custom_properties is not None else before)
        holder = self._holder(kind, entry.external_id)
        if holder is not None and holder.id != before.id:
            raise _conflict(kind, str(entry.name), holder)
        sent = {name: value for name in type(before).model_fields if (value := getattr(entry, name)) is not None}
        changed = before.model_copy(update={**sent, **self._times(before, is_new=False)})
        self._put(changed)
        return changed

    async def list_stamped(self, family: type[RegistryEntry], owner_id: str) -> list[RegistryEntry]:  # noqa: ARG002 - the view decides whose a stamp is
        """See the protocol."""
        found = [entry for (each, _), entry in self._entries.items() if each is family and entry.custom_properties]
        return sorted(found, key=id_number)

    async def places(self, family: type[RegistryEntry], limit: int) -> frozenset[tuple[str, str]]:  # noqa: ARG002 - a conflict costs nothing here
        """See the protocol."""
        return frozenset()

    async def newest(self, family: type[RegistryEntry]) -> Cursor:
        """See the protocol. Nobody else writes to a dry run."""

    async def changed_since(self, family: type[RegistryEntry], cursor: Cursor, own_latest: int) -> Changes:  # noqa: ARG002 - nobody else writes to a dry run
        """See the protocol."""
        return Changes((), cursor)

    def explain_conflict(self, desired: Desired, conflict: ConflictError) -> ReconcileError:
        """See the protocol."""
        return explain_conflict(desired, conflict)

    def unsupported(self, desired: Desired) -> str | None:
        """See the protocol."""
        return unsupported(desired)

    def _ask_for(self, kind: EntryKind, parent_id: str) -> None:
        if kind.family is Artifact:
            self.needed |= {parent_id} & self._unread

    def _add(self, entry: RegistryEntry) -> None:
        """Take an entry that is new here; versions that hold an artifact are noted apart."""
        self._put(entry)
        if not isinstance(entry, Artifact):
            parent_id = str(entry.registered_model_id) if isinstance(entry, ModelVersion) else ""
            self._places[type(entry), parent_id, entry.name].append(str(entry.id))

    def _put(self, entry: RegistryEntry) -> None:
        family, entry_id = family_of(type(entry)), str(entry.id)
        before = self._entries.get((family, entry_id))
        space = external_id_space(type(entry))
        if before is not None and before.external_id is not None:
            self._external.pop((space, before.external_id), None)
        if entry.external_id is not None:
            self._external[space, entry.external_id] = entry
        self._entries[family, entry_id] = entry

    def _hold(self, artifact: RegistryEntry, version_id: str) -> None:
        self._held[version_id].append(str(artifact.id))
        self._places[type(artifact), version_id, artifact.name].append(str(artifact.id))

    def _holder(self, kind: EntryKind, external_id: str | None) -> RegistryEntry | None:
        """Return the entry that has an external ID among those that must not have it too."""
        return None if external_id is None else self._external.get((external_id_space(kind.entry), external_id))

    def _times(self, entry: RegistryEntry, *, is_new: bool) -> dict[str, str]:
        latest = int(entry.last_update_time_since_epoch or 0)
        self._now = max(self._now, latest) + 1
        now = {"last_update_time_since_epoch": str(self._now)}
        return {**now, "create_time_since_epoch": str(self._now)} if is_new else now


def _conflict(kind: EntryKind, name: str, holder: RegistryEntry) -> ConflictError:
    conflict = ConflictError(f"{kind.name} with name {name} already exists", 409, "POST", kind.name)
    conflict.holder = holder
    return conflict
