"""Writes what the operator knows of a ClusterRegistry into its status and its finalizers."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import ConditionStatus
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry, RegistryReason
from registrar.api.v1alpha1.registry_marks import IN_USE_FINALIZER
from registrar.app.candidates import refusal
from registrar.app.connections import Connections
from registrar.app.opened import Opened
from registrar.app.replacements import Replacements
from registrar.app.resolver import RegistryResolver
from registrar.app.unserved import NO_REGISTRY
from registrar.cluster import cluster_registries as declarations
from registrar.cluster.api import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.cluster_registries import Declared
from registrar.fencing import NotLeadingError
from registrar.planning.resolution import Candidate, described, name_of
from registrar.planning.serving import KSERVE_FIELD, kserve_rivals
from registrar.reconcile.posting import log_warnings, post
from registrar.registries.health import health_of
from registrar.reporting.events import EventCorrelator
from registrar.reporting.registry_status import (
    Health,
    events_for,
    is_connected,
    is_judged,
    is_only_counted,
    next_finalizers,
    next_status,
    patch_of,
    replaced_since,
)
from registrar.workqueue.backoff import Backoff

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
"""Until a status is written again that the API server did not accept; it doubles with each failure in a row."""
MAX_RETRY_SECONDS = 30.0
"""The most of it."""
SEARCH_SECONDS = 3.0
"""Between two searches for resources that belong nowhere, but have an entry in a registry."""
QUIET_SECONDS = 2.0
"""Of a failure that no status reports: a token that was replaced, or a pod that starts again."""
COUNT_SECONDS = 30.0
"""Between two writes of a status in which only the number of resources has changed."""


@dataclass(slots=True)
class RegistryReports:
    """The status and the finalizers of ClusterRegistries.

    Attributes:
        kube: the API server.
        connections: the connections.
        resolver: resolves the registries of resources.
        opened: the ClusterRegistries that are served now, by name.
        note_change: is called when a ClusterRegistry may have changed without notice.
    """

    kube: KubernetesAPI
    connections: Connections
    resolver: RegistryResolver
    opened: Mapping[str, Opened]
    note_change: Callable[[], None]
    _counted_at: dict[str, float] = field(default_factory=dict)
    _failing_since: dict[str, float] = field(default_factory=dict)
    _pinned: dict[str, tuple[float, list[ResourceKey]]] = field(default_factory=dict)
    _users_at: dict[str, tuple[float, list[ResourceKey]]] = field(default_factory=dict)
    _retries: dict[str, Backoff] = field(default_factory=dict)
    _events: EventCorrelator = field(default_factory=EventCorrelator)
    _replacements: Replacements = field(default_factory=Replacements)

    async def write(self, declared: Declared) -> Declared:
        """Write what has changed in the status and the finalizers of a ClusterRegistry; returns it after that.

        What the API server did not accept is written again later, and delays no other ClusterRegistry.
        """
        name, now = declared.metadata.name, time.monotonic()
        if name in self._retries and not self._retries[name].is_over(now):
            return declared
        opened, users = self.opened.get(name), self._users(declared)
        accepted = self._replacements.follow(declared, None if opened is None else opened.connection)
        health = self.health(declared)
        is_synced = self.connections.synced.is_set()
        known = users if is_synced else None
        wanted = next_status(
            declared.metadata, declared.status, declared.url, health, known, accepted, datetime.now(UTC)
        )
        patch = patch_of(declared.raw_status, wanted)
        if self._may_pass(declared, health, now):
            patch = {}
        if is_only_counted(patch):
            patch = patch if now - self._counted_at.get(name, -math.inf) >= COUNT_SECONDS else {}
            self._counted_at[name] = now if patch else self._counted_at[name]
        try:
            if patch:
                notes = events_for(declared.status, wanted)
                declared = await declarations.patch_status(self.kube, declared, patch)
                log_warnings(_key(name), notes)
                await post(_key(name), declared.metadata, notes, self._events, self.kube)
            finalizers = next_finalizers(declared.metadata, has_users=bool(users), is_synced=is_synced)
            if finalizers is not None:
                declared = await declarations.patch_finalizers(self.kube, declared, finalizers)
        except NotLeadingError as error:
            logger.info("Leaving ClusterRegistry %s to the next leader: %s", name, error)
        except KubernetesError as error:
            logger.warning("The API server could not update ClusterRegistry %s; retrying: %s", name, error)
            self._retries.setdefault(name, Backoff(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS)).fail(now)
            if isinstance(error, StaleResourceError | ResourceGoneError):
                self.note_change()
        else:
            self._retries.pop(name, None)
        return declared

    def health(self, declared: Declared) -> Health:
        """Return whether a ClusterRegistry is served and reached, and why not."""
        name, spec = declared.metadata.name, declared.spec
        refused = refusal(name, declared, self.resolver.candidates, self.resolver.namespaces)
        if isinstance(spec, str) or refused is not None:
            return Health(RegistryReason.INVALID_SPEC, spec if isinstance(spec, str) else str(refused))
        opened = self.opened.get(name)
        if opened is None:
            return Health(RegistryReason.NOT_TRIED, "The operator has not read the registry yet.")
        problem = opened.credentials.problem
        if problem is not None:
            return Health(problem.reason, problem.message)
        health = health_of(opened.connection.context.registry, spec)
        replaced = self._replacements.health(declared, opened.connection)
        if replaced is not None and health.reason is RegistryReason.CONNECTED:
            health = replaced
        return _with_rivals(health, name_of(name), self.resolver.candidates)

    def forget(self, name: str) -> None:
        """Forget what is known of a ClusterRegistry that is not served any more."""
        for known in (self._counted_at, self._failing_since, self._pinned, self._users_at):
            known.pop(name, None)
        self._replacements.forget(name)

    def forget_deleted(self, name: str) -> None:
        """Forget everything of a ClusterRegistry that does not exist any more; another one may have its name."""
        self.forget(name)
        self._retries.pop(name, None)
        self._events.forget(_key(name))

    def _users(self, declared: Declared) -> list[ResourceKey]:
        """Return the resources that use a ClusterRegistry: those with an entry there, whoever serves them now.

        It may not be served, or the entry is of a resource that belongs nowhere, because its parent is elsewhere now.
        One that it refuses uses nothing: it would hold up a deletion for those who may use the registry.
        """
        name, metadata = declared.metadata.name, declared.metadata
        is_held = IN_USE_FINALIZER in metadata.finalizers and not metadata.terminating
        counted_at, users = self._users_at.get(name, (-math.inf, []))
        if is_held and users and time.monotonic() - counted_at < SEARCH_SECONDS:
            # Nothing depends on the exact number now, and each count looks at every resource.
            return users
        users = self._count_users(declared)
        self._users_at[name] = time.monotonic(), users
        return users

    def _count_users(self, declared: Declared) -> list[ResourceKey]:
        name = declared.metadata.name
        served = self.connections.places.users_of(name_of(name), self.connections.queue.is_running)
        found_at, found = self._pinned.get(name, (-math.inf, []))
        is_last_look = not found and not served and IN_USE_FINALIZER in declared.metadata.finalizers
        if is_last_look or time.monotonic() - found_at >= SEARCH_SECONDS:
            unserved = self.connections.places.resources_of(NO_REGISTRY)
            found = [key for key in unserved if self.resolver.uses(key, name_of(name))]
            self._pinned[name] = time.monotonic(), found
        # What still runs may be about to get its ID.
        return list({*found, *served})

    def _may_pass(self, declared: Declared, health: Health, now: float) -> bool:
        """Return whether a moment may change the verdict: none is known yet, or the registry has just failed.

        A restart must not replace what the status says by what it does not know.
        """
        name = declared.metadata.name
        if health.reason is RegistryReason.NOT_TRIED and is_judged(declared.metadata, declared.status):
            return True
        opened = self.opened.get(name)
        is_compared = opened is None or opened.connection.context.guard.counted_at is not None
        if health.reason is RegistryReason.CONNECTED and not is_compared:
            return replaced_since(declared.metadata, declared.status) is not None
        is_new = health.status is not ConditionStatus.TRUE and health.reason is not RegistryReason.INVALID_SPEC
        if not is_new or not is_connected(declared.status):
            self._failing_since.pop(name, None)
            return False
        return now - self._failing_since.setdefault(name, now) < QUIET_SECONDS


def _key(name: str) -> ResourceKey:
    return ResourceKey(ClusterRegistry.KIND, "", name)


def _with_rivals(health: Health, name: str, candidates: Mapping[str, Candidate]) -> Health:
    """Return a health that also says why KServe gets no address, where others of the mark exclude this one."""
    rivals = kserve_rivals(name, candidates)
    if not rivals:
        return health
    others = f"{' and '.join(map(described, rivals))} {'has' if len(rivals) == 1 else 'have'} it too"
    message = f"{KSERVE_FIELD} has no effect, because {others}, and KServe asks one registry. Set it on one of them."
    return replace(health, message=f"{health.message} {message}")
