"""What the operator remembers of resources between their reconciles, and the one way to forget a resource."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable

from model_registry.types import RegistryEntry
from registrar.api.bodies import (
    Body,
    ResourceKey,
    is_awaited,
    is_synced,
    is_terminating,
    key_of,
    uid_of,
    was_never_finalized,
)
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import Claim, Identity
from registrar.planning.claims import Claimant
from registrar.planning.holding import HELD, Holding
from registrar.reconcile.alias_index import AliasIndex
from registrar.reconcile.artifact_index import ArtifactIndex
from registrar.reconcile.claims import ClaimIndex
from registrar.reconcile.departures import Departures
from registrar.reconcile.dependencies import Dependencies
from registrar.reconcile.drift import Corrections
from registrar.reconcile.external_id_waits import ExternalIdWait, ExternalIdWaits
from registrar.reconcile.losses import Losses
from registrar.reconcile.readiness import Readiness
from registrar.reconcile.sync_gate import SyncGate
from registrar.reconcile.sync_waits import SyncWaits
from registrar.reporting.events import EventCorrelator
from registrar.reporting.unreported import UnreportedOutcomes


class Memory:
    """What is known of every resource, in memory only.

    Attributes:
        cache: the latest bodies.
        claims: which resources want which entry.
        dependencies: who waits for which parent.
        external_ids: who waits for an external ID of whom.
        aliases: which models have aliases of which versions.
        artifacts: which artifacts that are resources belong to which version.
        corrections: what the operator corrected lately.
        losses: entries that are missing.
        sync_waits: who has to look again once the cache has synced.
        unreported: what no status reports yet.
        readiness: since when resources are not Ready.
        events: which Events they got lately.
        departures: which are gone, with entries that are not released yet.

    Args:
        cache: the latest bodies.
        gate: the way into the work queue.
        leave: has the registry's view forget a resource that is gone.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        cache: ResourceCache,
        gate: SyncGate,
        leave: Callable[[ResourceKey], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cache = cache
        self.claims = ClaimIndex()
        self.dependencies = Dependencies()
        self.external_ids = ExternalIdWaits()
        self.aliases = AliasIndex()
        self.artifacts = ArtifactIndex()
        self.corrections = Corrections()
        self.losses = Losses()
        self.sync_waits = SyncWaits()
        self.unreported = UnreportedOutcomes()
        self.readiness = Readiness()
        self.events = EventCorrelator()
        self.departures = Departures()
        self._waiting_since: dict[ResourceKey, float] = {}
        self._unclaimed: set[ResourceKey] = set()
        self._holdings: dict[ResourceKey, Holding] = {}
        self._leaving_since: dict[ResourceKey, dict[str | None, float]] = {}
        self._gate = gate
        self._leave = leave
        self._monotonic = monotonic

    def keep(self, body: Body) -> bool:
        """Keep a body unless the same or a newer one is known; returns whether it was kept.

        A successor of the same name inherits nothing that is known of the first.
        """
        if not self.cache.is_news(body):
            return False
        key = key_of(body)
        known = self.cache.get(key)
        if known is not None and uid_of(known) != uid_of(body):
            self.forget(key)
            if was_never_finalized(known):
                self.depart(known)
        return self._put(body)

    def keep_answer(self, body: Body) -> None:
        """Keep the answer to one of our own writes, unless the resource is gone or was replaced since.

        The answer may arrive after the watch has shown the deletion; nothing would remove the resource again then.
        """
        known = self.cache.get(key_of(body))
        if known is not None and uid_of(known) == uid_of(body):
            self._put(body)

    def _put(self, body: Body) -> bool:
        before = self.cache.get(key_of(body))
        is_kept = self.cache.put(body)
        if is_kept:
            self._note_claims(key_of(body))
            self._wake_dependents(before, body)
            if before is None:
                self._announce_parent(key_of(body))
        return is_kept

    def _announce_parent(self, key: ResourceKey) -> None:
        """Wake the children of a new resource: it may never get an ID, and they wait for another thing now."""
        children = self.dependencies.children(key)
        for child in children:
            # Mostly it gets its ID at once, and their status says nothing in between.
            self.stop_waiting(child)
        self.wake(children)

    def _wake_dependents(self, before: Body | None, after: Body | None) -> None:
        """Wake the resources whose status repeats something of this one."""
        version = self.artifacts.note(before, after, self.dependencies.parent)
        self.wake(self.aliases.note(before, after) | version)

    def forget(self, key: ResourceKey) -> None:
        """Forget a resource that is gone from the cluster; wake those that wanted what it had or depend on it."""
        known = self.cache.get(key)
        self.cache.remove(key)
        if known is not None:
            self._wake_dependents(known, None)
        self.aliases.follow(key, ())
        self._forget_entries(self.claims.claims_of(key))
        self.unreported.reported(key)
        self.readiness.forget(key)
        self.events.forget(key)
        self.sync_waits.forget(key)
        self._waiting_since.pop(key, None)
        self._leaving_since.pop(key, None)
        self._unclaimed.discard(key)
        self._holdings.pop(key, None)
        self._gate.forget(key)
        self._leave(key)
        rivals = self.claims.keep_only(key, frozenset()) | self.external_ids.forget(key)
        self.wake(rivals | self.dependencies.forget(key))

    def _forget_entries(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            self.corrections.forget(claim)
            self.losses.forget(claim)

    def depart(self, body: Body) -> None:
        """Keep a resource that is gone before its deletion could be finalized, and have its entries released."""
        self.departures.add(body)
        self._gate.add(key_of(body))

    def released(self, key: ResourceKey) -> None:
        """Drop a resource that is gone: its entries are released. Wake those that waited for their external IDs."""
        self.departures.remove(key)
        # A successor of the same name has a grace of its own.
        self._leaving_since.get(key, {}).pop(None, None)
        self.wake(self.external_ids.forget(key))

    def wake(self, keys: Iterable[ResourceKey]) -> None:
        """Reconcile these soon, because what they depend on has changed; those that someone waits for come first."""
        for key in keys:
            body = self.cache.get(key)
            self._gate.add(key, urgent=body is not None and is_awaited(body), front=True)

    def depend(self, child: ResourceKey, parent: ResourceKey) -> None:
        """Have a child woken when its parent gets another identity, and the parent reconciled if it has none yet."""
        self.dependencies.depend(child, parent)
        if self.dependencies.identity(parent) is None:
            self._gate.release(parent)

    def identify(self, key: ResourceKey, identity: Identity, parent_id: str = "") -> None:
        """Record a resource's identity; wake its children if it has changed, and the version of a new artifact."""
        version = self.artifacts.announce(self.cache.get(key), parent_id, identity.id, self.dependencies.parent(key))
        self.wake(self.dependencies.identify(key, identity) | version)

    def wait_for_external_id(self, wait: ExternalIdWait) -> tuple[ResourceKey, ...]:
        """Have a resource woken once another lets an external ID go.

        Returns:
            The others, if they wait in a circle; they are woken to report it too.
        """
        is_new = self.external_ids.begin(wait)
        circle = self.external_ids.circle(wait.waiter)
        if is_new:
            self.wake(circle)
        return circle

    def let_go(self, key: ResourceKey, artifact: str | None, entry: RegistryEntry | None = None) -> None:
        """Wake those that waited for the external ID of a resource's entry, unless the entry as given still has it."""
        self.wake(self.external_ids.let_go(key, artifact, entry))

    def claim(self, claim: Claim, claimant: Claimant) -> None:
        """Claim an entry for a resource.

        A terminating resource that holds it is woken, because it may hand the entry over now; so are those that wanted
        it from a resource that is terminating now.
        """
        known = self.claims.claimants(claim)
        self.claims.register(claim, claimant)
        self._note_claims(claimant.key)
        if claimant not in known:
            rivals = {rival.key: rival for rival in known if rival.key != claimant.key}
            self.wake(
                key
                for key, rival in rivals.items()
                if claimant.terminating or rival.terminating or self._is_terminating(key)
            )

    def claim_only(self, key: ResourceKey, claims: Iterable[Claim]) -> None:
        """Release every other claim of a resource, and wake the resources that claimed the same entries."""
        before = self.claims.claims_of(key)
        self.wake(self.claims.keep_only(key, frozenset(claims)))
        self._forget_entries(claim for claim in before if not self.claims.claimants(claim))
        self._note_claims(key)

    def _note_claims(self, key: ResourceKey) -> None:
        """Note whether a resource has claimed what it declares: it has if it is in sync with its present spec."""
        body = self.cache.get(key)
        if body is None or (key in self.claims and is_synced(body)):
            self._unclaimed.discard(key)
        else:
            self._unclaimed.add(key)

    def unclaimed(self) -> list[Body]:
        """Return the resources that may declare what they do not claim yet: new, changed, waiting, or paused ones."""
        return [body for key in self._unclaimed if (body := self.cache.get(key)) is not None]

    def holding(self, key: ResourceKey) -> Holding:
        """Return what is known of this installation's hold on a resource."""
        return self._holdings.get(key, Holding())

    def hold(self, key: ResourceKey, holding: Holding) -> None:
        """Remember this installation's hold on a resource."""
        # Nearly all are held, and thousands of equal values would be kept.
        self._holdings[key] = HELD if holding == HELD else holding

    def report_hold(self, key: ResourceKey) -> None:
        """Remember that a status names this installation as the holder of a resource."""
        self._holdings.setdefault(key, HELD)

    def count_yielded(self) -> Counter[str]:
        """Return how many resources another installation manages, by kind."""
        return Counter(key.kind for key, holding in self._holdings.items() if holding.yielded is not None)

    def leaving(self, key: ResourceKey, artifact: str | None) -> float:
        """Return the seconds since an entry of a resource began to lose it, counted from the first call."""
        now = self._monotonic()
        return now - self._leaving_since.setdefault(key, {}).setdefault(artifact, now)

    def stop_leaving(self, key: ResourceKey, staying: Collection[str | None]) -> None:
        """Count `leaving` from its next call again, for all but these artifacts of a resource."""
        since = {artifact: at for artifact, at in self._leaving_since.pop(key, {}).items() if artifact in staying}
        if since:
            self._leaving_since[key] = since

    def _is_terminating(self, key: ResourceKey) -> bool:
        body = self.cache.get(key)
        return body is not None and is_terminating(body)

    def rivals(self, claim: Claim, key: ResourceKey) -> list[Claimant]:
        """Return the other resources that want an entry."""
        return [claimant for claimant in self.claims.claimants(claim) if claimant.key != key]

    def waited(self, key: ResourceKey) -> float:
        """Return the seconds for which a resource has been waiting, counted from the first call."""
        now = self._monotonic()
        return now - self._waiting_since.setdefault(key, now)

    def stop_waiting(self, key: ResourceKey) -> None:
        """Count `waited` from its next call again."""
        self._waiting_since.pop(key, None)

    def note_readiness(self, body: Body) -> float | None:
        """Note a body; returns the seconds that the resource took to become Ready, once it has."""
        return self.readiness.observe(body, self._monotonic())
