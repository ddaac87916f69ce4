"""Finds entries that carry a stamp of this installation and whose resource, or inline artifact, does not exist.

They are left over when a finalizer was removed by hand, when a cluster was lost, when a resource vanished while no
operator ran, or when its name was corrected before its status had the ID of its first entry. They are reported;
``--orphaned-entries=Archive`` also archives those without a resource.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from model_registry.exceptions import RegistryError
from model_registry.types import RegistryEntry
from registrar.api.bodies import Body, ResourceKey, ready_status, recorded_id
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1 import DeletionPolicy
from registrar.cluster.api import ClusterAPI, KubernetesError
from registrar.fencing import NotLeadingError
from registrar.kinds.base import EntryKind
from registrar.kinds.table import entry_kind, resource_of
from registrar.planning.actions import RecordedState
from registrar.planning.addresses import LIVE_STATES
from registrar.planning.fields import state_of
from registrar.planning.ownership import Origin, stamp_of
from registrar.planning.plan import plan_release
from registrar.reconcile.apply import release
from registrar.reconcile.handover import is_claimed, is_named
from registrar.reconcile.memory import Memory
from registrar.reconcile.noting import release_write
from registrar.reconcile.posting import post
from registrar.reconcile.resource import ManagedResource, declared_names, read_resource
from registrar.reconcile.targets import Target
from registrar.reconcile.tenancy import may_use_entry
from registrar.registries.registry import Registry
from registrar.reporting.outcome import EventNote, Facts
from registrar.reporting.writes import write_note
from registrar.settings import OrphanedEntries, Settings
from registrar.workqueue.delays import spread

logger = logging.getLogger(__name__)

MAX_ARCHIVED = 10
MAX_ARCHIVED_SHARE = 0.05
"""More orphans than both are no left-overs: the operator watches the wrong cluster or namespaces."""
MAX_NAMED = 20
"""Entries that the log names at once."""
NOT_LOADED_SECONDS = 1.0
"""Until the next attempt where the registry could not be read yet."""


class OrphanMonitor(Protocol):
    """Shows how many entries are left over."""

    def found(self, orphans: Mapping[str, int]) -> None:
        """Take the number of orphaned entries by entry kind; kinds without any are left out."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """One entry that is left over.

    Attributes:
        kind: its kind.
        entry_id: its ID.
        name: its name.
        reference: the resource that its stamp names.
        key: the same as a key.
        parent_id: ID of its parent entry; empty at the root.
        is_created: the operator created the entry.
    """

    kind: EntryKind
    entry_id: str
    name: str
    reference: str
    key: ResourceKey
    parent_id: str
    is_created: bool

    @property
    def target(self) -> Target:
        """The entry as one that loses its resource."""
        return Target(self.kind, self.entry_id, self.name, self.reference, self.parent_id, RecordedState())

    def __str__(self) -> str:
        return f"{self.kind.name} {self.name!r} (id {self.entry_id}, of {self.key})"


class OrphanSearch:
    """Looks for orphaned entries at the start and at each resync.

    Args:
        settings: the process settings.
        kube: the API server, which confirms that a resource does not exist.
        registry: the registry.
        memory: what is known of all resources.
        monitor: shows how many there are.
        is_beside: returns whether a resource is known in another memory for the same registry.
    """

    def __init__(
        self,
        settings: Settings,
        kube: ClusterAPI,
        registry: Registry,
        memory: Memory,
        monitor: OrphanMonitor,
        is_beside: Callable[[ResourceKey], bool] = lambda _: False,
    ) -> None:
        self._settings = settings
        self._kube = kube
        self._registry = registry
        self._memory = memory
        self._monitor = monitor
        self._is_beside = is_beside
        self._before: frozenset[Orphan] = frozenset()
        self._lost_before: frozenset[Orphan] = frozenset()

    async def run(self, begin: asyncio.Event) -> None:
        """Search for as long as the operator leads, which begins with the event."""
        await begin.wait()
        await self._memory.cache.synced.wait()
        while True:
            is_loaded = self._registry.loaded
            if is_loaded:
                try:
                    await self.search()
                except (KubernetesError, RegistryError, NotLeadingError) as error:
                    logger.warning("Orphaned entries could not be looked for; the next resync tries again: %s", error)
                except Exception:
                    # Whatever it is, the operator's other work must not end with it.
                    logger.exception("The search for orphaned entries failed unexpectedly; the next resync tries again")
            await asyncio.sleep(spread(self._settings.resync_interval) if is_loaded else NOT_LOADED_SECONDS)

    async def search(self) -> None:
        """Report the orphaned entries, and archive those that two searches in a row have found, if that is asked for.

        Those whose namespace may not use their model by now are only reported.

        Raises:
            KubernetesError: the API server did not answer.
            RegistryError: the registry did not answer.
            NotLeadingError: another replica leads by now.
        """
        gone, lost = self._find()
        gone = await self._without_wanted(gone)
        # The version of a lost artifact retires it, unless it is in another version: then the next search finds it.
        found = gone | (lost & self._lost_before)
        self._lost_before = lost
        self._monitor.found(Counter(orphan.kind.name for orphan in found))
        if found - self._before:
            _log(found)
        if self._settings.orphaned_entries is OrphanedEntries.ARCHIVE:
            await self._archive([orphan for orphan in gone & self._before if orphan.is_created])
        self._before = found

    def _find(self) -> tuple[frozenset[Orphan], frozenset[Orphan]]:
        """Return the entries whose resource does not exist, and those that are only named.

        These are what an existing resource has left behind, and entries with the same stamp: a notebook may have copied
        it from one to the other, so it proves nothing of any.
        """
        entries = list(self._registry.view.all())
        stamps = Counter(
            (type(entry), stamp.reference)
            for entry in entries
            if (stamp := stamp_of(entry, self._registry.owner_id)) is not None
        )
        orphans = frozenset(filter(None, map(self._orphan, entries)))
        named = frozenset(
            orphan
            for orphan in orphans
            if stamps[orphan.kind.entry, orphan.reference] > 1 or self._memory.cache.get(orphan.key) is not None
        )
        return orphans - named, named

    def _orphan(self, entry: RegistryEntry) -> Orphan | None:
        stamp = stamp_of(entry, self._registry.owner_id)
        kind = entry_kind(type(entry))
        if stamp is None or kind is None or stamp.origin not in {Origin.CREATED, Origin.ADOPTED}:
            return None
        key = resource_of(type(entry), stamp.reference)
        if key is None or (self._settings.namespaces and key.namespace not in self._settings.namespaces):
            return None
        memory, body = self._memory, self._memory.cache.get(key)
        if (
            memory.departures.get(key) is not None
            or state_of(entry) not in LIVE_STATES
            or (body is None and self._is_beside(key))
        ):
            return None
        if body is not None and not _is_left_by(body, str(entry.id), stamp.artifact):
            return None
        is_created = stamp.origin is Origin.CREATED
        parent_id = kind.parent_id_of(entry)
        return Orphan(kind, str(entry.id), str(entry.name), stamp.reference, key, parent_id, is_created)

    async def _without_wanted(self, orphans: frozenset[Orphan]) -> frozenset[Orphan]:
        """Return those that no other resource declares: what is handed over has the former stamp for a while."""
        kube, memory, registry = self._kube, self._memory, self._registry
        declared = {name for body in memory.unclaimed() for name in declared_names(body)} if orphans else frozenset()
        return frozenset(
            [
                orphan
                for orphan in orphans
                if not await is_claimed(orphan.target, orphan.key, memory, kube, registry)
                and (orphan.name not in declared or not await is_named(orphan.target, orphan.key, memory, registry))
            ]
        )

    async def _archive(self, orphans: list[Orphan]) -> None:
        confirmed = [orphan for orphan in orphans if await self._kube.get(orphan.key) is None]
        if len(confirmed) > max(MAX_ARCHIVED, MAX_ARCHIVED_SHARE * len(self._registry.view)):
            logger.error(
                "%d of %d entries have no resource: none of them is archived. Check --kubeconfig, --namespace and "
                "--owner-id; if they are right, archive these entries by hand.",
                len(confirmed),
                len(self._registry.view),
            )
            return
        for orphan in confirmed:
            try:
                await self._archive_one(orphan)
            except RegistryError as error:
                logger.warning("The orphaned %s was not archived; the next resync tries again: %s", orphan, error)

    async def _archive_one(self, orphan: Orphan) -> None:
        observed = await self._registry.get(orphan.kind, orphan.entry_id)
        if observed is None or not await may_use_entry(orphan.key.namespace, observed, self._registry):
            return
        owner_id, archive = self._registry.owner_id, DeletionPolicy.ARCHIVE
        action = plan_release(orphan.kind, observed, orphan.reference, RecordedState(), archive, owner_id)
        if action is not None:
            await release(orphan.kind, action, self._registry)
            archived = write_note(release_write(orphan.reference, orphan.kind, "", action))
            note = EventNote(archived.reason, f"{archived.message}, because {orphan.key} does not exist")
            logger.info("%s: %s", orphan.reference, note.message)
            # Of an object that is gone, an Event knows the name alone.
            gone = ObjectMeta(name=orphan.key.name, namespace=orphan.key.namespace)
            await post(orphan.key, gone, [note], self._memory.events, self._kube)


def _is_left_by(body: Body, entry_id: str, artifact: str | None) -> bool:
    """Return whether an existing resource will never release an entry with its stamp.

    Its name was changed before its status had the ID of the first entry: the status names only the second one.
    """
    if artifact is not None:
        return _has_lost(read_resource(body), artifact)
    recorded = recorded_id(body)
    return ready_status(body) == "True" and recorded is not None and recorded.entry_id != entry_id


def _has_lost(resource: ManagedResource, artifact: str) -> bool:
    """Return whether a version neither declares nor records an inline artifact.

    An earlier resource of the same name may have left it in another version.
    """
    recorded = {status.name for status in Facts.of(resource.status).artifacts}
    return artifact not in recorded | {inline.name for inline in resource.inline}


def _log(orphans: frozenset[Orphan]) -> None:
    named = sorted(orphans, key=lambda orphan: (orphan.kind.name, len(orphan.entry_id), orphan.entry_id))
    hidden = len(named) - MAX_NAMED
    more = f" and {hidden} more" if hidden > 0 else ""
    logger.warning(
        "%d %s the stamp of resources that do not exist, or that have another entry: %s%s. Apply the missing resources "
        "again, or archive the entries and remove their stamps. If another cluster has these resources, give each "
        "cluster an --owner-id of its own instead.",
        len(named),
        "entry carries" if len(named) == 1 else "entries carry",
        ", ".join(map(str, named[:MAX_NAMED])),
        more,
    )
