"""One registry: its backend, the view of our entries, and what was looked up of other people's."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from typing import Any

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.tenants import Tenant
from registrar.api.v1alpha1.common import EntryOrigin, EntryStatus, Holder
from registrar.api.v1alpha1.registry_ref import RegistryRef
from registrar.kinds.base import Desired, EntryKind, Identity
from registrar.kinds.table import FAMILIES
from registrar.planning.problems import ReconcileError, outage, waiting
from registrar.planning.serving import NOT_MARKED
from registrar.registries.backend import Cursor, RegistryBackend, RegistryWentBackError
from registrar.registries.breaker import CircuitBreaker
from registrar.registries.followed import Place
from registrar.registries.view import EntryView
from registrar.settings import FROM_FLAGS

logger = logging.getLogger(__name__)

CONFIRMED_SECONDS = 1.0
"""How long an answer about an entry proves it to those who write below it."""


class Registry:
    """A registry server and what is known of it.

    Args:
        backend: the server.
        url: its address, as settings and status write it.
        owner_id: this installation's name in owner stamps.
        name: its name in the operator.
        tenants: which namespaces may use it, and for which models; None lets every namespace use it for all.
        ref: the resource that connects it; None for the registry of the flags.

    Attributes:
        failure: why the last attempt to read it failed; None after one that succeeded, and before the first.
        holder: this installation, as the status of a resource that it manages names it.
        epoch: grows whenever the registry turns out to be another one, or an older one: whatever was known of its
            entries before has to be proved again.
        view: the entries with our stamp; trusted once `loaded`.
        loaded: whether the view has been read from the registry.
        loads: how many times it was.
        read_at: when the last successful reading of it began, on the monotonic clock.
        breaker: whether the registry is unavailable.
        kserve_obstacle: why KServe does not ask this registry; None if it does.
    """

    def __init__(
        self,
        backend: RegistryBackend,
        url: str,
        owner_id: str,
        name: str = FROM_FLAGS,
        tenants: Sequence[Tenant] | None = None,
        ref: RegistryRef | None = None,
    ) -> None:
        self.tenants = tenants
        self.backend = backend
        self.url = url
        self.owner_id = owner_id
        self.name = name
        self.ref = ref
        self.kserve_obstacle = None if ref is None else NOT_MARKED
        self.failure: Exception | None = None
        self.epoch = 1
        self.view = EntryView(owner_id)
        self.loaded = False
        self.loads = 0
        self.read_at = -math.inf
        self.holder = Holder(owner_id=owner_id, registry_url=url)
        self._affected: set[ResourceKey] = set()
        self.breaker = CircuitBreaker()
        self._external: dict[tuple[str, ...], Identity] = {}
        self._roots: dict[tuple[str, str], str] = {}
        self._cursors: dict[type[RegistryEntry], Cursor] = {}

    async def load(self) -> None:
        """Read the view: the lists of entries with our stamp.

        Raises:
            RegistryError: the registry cannot be read; the view stays as it was.
        """
        asked_at = time.monotonic()
        cursors = {family: await self.backend.newest(family) for family in FAMILIES}
        entries = [entry for family in FAMILIES for entry in await self.backend.list_stamped(family, self.owner_id)]
        self.view.replace(entries, asked_at)
        # What was looked up of other people's entries is as old as the view was.
        self._external.clear()
        self._roots.clear()
        self._cursors = cursors
        self.loaded = True
        self.loads += 1
        self.read_at = asked_at
        logger.info("The registry %s holds %d entries of this installation", self.url, len(self.view))

    def end_epoch(self) -> None:
        """Believe nothing that was known of the registry's entries, and have the view loaded again before any write."""
        self.epoch += 1
        self.loaded = False
        self._external.clear()
        self._roots.clear()
        self.breaker.request_probe()

    async def poll(self) -> frozenset[ResourceKey]:
        """Read what changed since the last poll into the view: one short list a family, whatever their number.

        Returns:
            The resources whose entries changed.

        Raises:
            RegistryWentBackError: the registry lacks what it had; its epoch has to end.
            RegistryError: the registry cannot be read.
        """
        began_at = time.monotonic()
        for family, cursor in list(self._cursors.items()):
            asked_at = time.monotonic()
            try:
                changes = await self.backend.changed_since(family, cursor, self.view.latest(family))
            except RegistryWentBackError as error:
                raise RegistryWentBackError(f"The registry {self.url} went back to an older state: {error}") from error
            for entry in changes.entries:
                # Kept until a poll has read all families: the next one finds nothing new in those that it has read.
                self._affected |= self.view.learn(entry, asked_at)
            self._cursors[family] = changes.cursor
        self.read_at = began_at
        affected, self._affected = frozenset(self._affected), set()
        return affected

    async def get(self, kind: EntryKind, entry_id: str) -> RegistryEntry | None:
        """Return the entry as the registry has it now, and keep it in the view. Raises RegistryError."""
        found = await self.backend.get(kind, entry_id)
        if found is None:
            self.view.forget(kind.family, entry_id)
        else:
            # Another resource may have asked, and the feed shows this change to nobody any more.
            self._affected |= self.view.keep(found)
        return found

    async def find(self, kind: EntryKind, name: str, parent_id: str) -> RegistryEntry | None:
        """Return the entry with exactly that name under that parent. Raises RegistryError."""
        return await self.backend.find(kind, name, parent_id)

    async def create(self, desired: Desired, entry: Any) -> RegistryEntry:
        """Create an entry under the desired parent, and keep it in the view. Raises RegistryError."""
        created = await self.backend.create(desired.kind, entry, desired.parent_id)
        self._keep_own(created)
        return created

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        """Change an entry by its ID, and keep it in the view. Raises RegistryError."""
        changed = await self.backend.update(kind, entry)
        self._keep_own(changed)
        return changed

    def _keep_own(self, written: RegistryEntry) -> None:
        """Keep the answer to a write: whose entry it is knows of it, but not those that follow its place."""
        self.breaker.outliers.note_write()
        self.view.keep(written)
        self._affected |= self.view.followed.followers(written)

    async def followed(self, kind: EntryKind, place: Place) -> RegistryEntry | None:
        """Return the entry at a place that a resource follows: as last seen, or by one look-up.

        Raises:
            RegistryError: the registry could not answer.
        """
        known = self.view.followed.at(place)
        if known is not None:
            return known
        found = await self.backend.find(kind, place.name, place.parent_id)
        if found is not None:
            self._affected |= self.view.keep(found)
        return found

    async def confirm(self, identity: Identity) -> None:
        """Make sure that an entry still is the one that was proved, before anything is written below it.

        It is read unless the registry answered about it within the last second. An ID alone proves nothing: after a
        reset or a restore it can belong to another entry, of another kind even.

        Raises:
            ReconcileError: it is another entry, or the registry's epoch ended; every identity is proved again.
            RegistryError: the registry could not answer.
        """
        if identity.epoch == self.epoch:
            if self.view.seconds_since_answer(identity) <= CONFIRMED_SECONDS:
                return
            found = await self.get(identity.kind, identity.id)
            if found is not None and identity.is_entry(found) and identity.epoch == self.epoch:
                return
            if identity.epoch == self.epoch:
                logger.warning(
                    "The %s %s is no longer the entry %r: the registry %s was reset, restored or replaced",
                    identity.kind.name,
                    identity.id,
                    identity.name,
                    self.url,
                )
                self.end_epoch()
        raise waiting(
            Reason.REGISTRY_UNAVAILABLE,
            f"The registry {self.url} was reset, restored or replaced; the operator is reading it again.",
            requeue_after=CONFIRMED_SECONDS,
        )

    def leave(self, key: ResourceKey) -> None:
        """Forget a resource that is gone, or belongs to another registry."""
        self.view.leave(key)
        self.breaker.outliers.forget(key)

    def identity_of(self, kind: EntryKind, entry: RegistryEntry, origin: EntryOrigin | None = None) -> Identity:
        """Return the identity of an entry that this registry has just shown, and how it came under management."""
        return Identity(self.name, self.epoch, kind, str(entry.id), entry.name, entry.create_time_since_epoch, origin)

    def known_id(self, status: EntryStatus) -> str | None:
        """Return the ID in a status, as far as it counts.

        The address of a registry is not its identity: the same database may get another one. So an ID counts whose
        entry's creation time is recorded, because that proves the entry; without it, only the same address does.
        """
        is_provable = status.create_time_since_epoch is not None
        return status.id if is_provable or status.registry_url == self.url else None

    @property
    def is_available(self) -> bool:
        """Whether the view can be trusted and calls make sense."""
        return self.loaded and not self.breaker.is_open

    def ensure_available(self) -> None:
        """Make sure that the view can be trusted and calls make sense.

        Raises:
            ReconcileError: the view was not loaded yet, or the registry is unavailable.
        """
        if self.breaker.problem is not None:
            raise ReconcileError(self.breaker.problem)
        if not self.loaded:
            raise outage(f"The registry {self.url} has not been read yet.")

    async def external(self, kinds: Sequence[EntryKind], entry_id: str | None, names: Sequence[str]) -> Identity | None:
        """Return an entry that no resource represents, or None while it does not exist. Found ones are remembered.

        Args:
            kinds: the kinds from the root down to the entry's.
            entry_id: its ID; None to look it up by names.
            names: its ancestors' names and its own, from the root down.
        """
        place = (kinds[-1].name, entry_id or "", *names)
        if place in self._external:
            return self._external[place]
        if entry_id is not None:
            found = await self.backend.get(kinds[-1], entry_id)
        else:
            parent = await self.external(kinds[:-1], None, names[:-1]) if len(names) > 1 else None
            if len(names) > 1 and parent is None:
                return None
            found = await self.backend.find(kinds[-1], names[-1], "" if parent is None else parent.id)
        if found is None or found.id is None:
            return None
        return self._external.setdefault(place, self.identity_of(kinds[-1], found))

    async def root_name(self, kinds: Sequence[EntryKind], entry_id: str) -> str | None:
        """Return the name of the model that an entry belongs to, or None where the registry lacks one of them.

        Found ones are remembered: nobody can rename an entry.

        Args:
            kinds: the kinds from the root down to the entry's.
            entry_id: its ID.

        Raises:
            RegistryError: the registry could not answer.
        """
        kind, place = kinds[-1], (kinds[-1].name, entry_id)
        if place in self._roots:
            return self._roots[place]
        known = self.view.by_id(kind, entry_id)
        entry = await self.backend.get(kind, entry_id) if known is None else known
        if entry is None:
            return None
        above = kind.parent_attribute
        name = entry.name if above is None else await self.root_name(kinds[:-1], str(getattr(entry, above)))
        return None if name is None else self._roots.setdefault(place, name)
