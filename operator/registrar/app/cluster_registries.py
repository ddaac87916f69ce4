"""Keeps a connection for each ClusterRegistry that can be served, and its status true.

What the watch shows only wakes it up. It lists the ClusterRegistries then, and every minute, and acts on the whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from registrar.api.tenants import affected
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryReason
from registrar.app.candidates import candidates_of, relabelled, tenants_of_flags
from registrar.app.connection import Connection, Served
from registrar.app.connections import Connections
from registrar.app.kserve import follow_kserve
from registrar.app.opened import Opened
from registrar.app.registry_reports import FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS, RegistryReports
from registrar.app.resolver import RegistryResolver
from registrar.cluster import cluster_registries as declarations
from registrar.cluster.api import KubernetesError
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.cluster_registries import Declared
from registrar.cluster.namespaces import Namespaces
from registrar.fencing import Leadership
from registrar.planning.resolution import Candidate, name_of
from registrar.registries.credentials import Credentials
from registrar.settings import FROM_FLAGS
from registrar.workqueue.backoff import Backoff

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""Between two looks at the connections; the API server is asked only where something has to change."""
LIST_SECONDS = 60.0
"""Between two lists without a change, and between two readings of each Secret and ConfigMap."""
RETRY_SECONDS = 3.0
"""Between two readings of bad credentials."""
LABELS_SECONDS = 600.0
"""Between two lists of the namespaces, which the watch keeps true."""
PAUSE_SECONDS = 0.1
"""Between two changes of labels that are acted on."""
CURED_BY_CREDENTIALS = (RegistryReason.UNAUTHORIZED, RegistryReason.CERTIFICATE_NOT_TRUSTED)
"""Why a registry may not be read until it gets another token, or other authorities."""


Open = Callable[[str, ClusterRegistrySpec, contextlib.AsyncExitStack], tuple[Served, Credentials]]
"""Returns the registry of a ClusterRegistry, whose client the stack closes, and what is read again to reach it."""
Stale = tuple[Connection, frozenset[str] | None]
"""A connection with other tenants than before, and the namespaces that this concerns; None for any namespace."""


@dataclass(slots=True)
class ClusterRegistries:
    """The ClusterRegistries of the cluster, as the operator serves them.

    Attributes:
        kube: the API server.
        leadership: whether this replica leads; only the leader writes.
        connections: the connections.
        resolver: resolves the registries of resources.
        open: opens a client.
        flags: the candidate of the flags' registry; None without one.
        selects_namespaces: whether tenants may select namespaces by their labels.
        namespaces: the labels of each namespace; None if tenants may not select them.
    """

    kube: KubernetesAPI
    leadership: Leadership
    connections: Connections
    resolver: RegistryResolver
    open: Open
    flags: Candidate | None
    selects_namespaces: bool = False
    namespaces: Namespaces | None = field(init=False)
    _declared: dict[str, Declared] = field(default_factory=dict)
    _opened: dict[str, Opened] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stale: bool = False
    _judged: tuple[Mapping[str, Candidate], frozenset[str]] = ({}, frozenset())
    _relabelled: asyncio.Event = field(default_factory=asyncio.Event)
    _not_woken: list[Stale] = field(default_factory=list)
    _list_retries: Backoff = field(default_factory=lambda: Backoff(FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS))
    _reports: RegistryReports = field(init=False)

    def __post_init__(self) -> None:
        self.namespaces = Namespaces(self._relabel) if self.selects_namespaces else None
        self.resolver.namespaces = self.namespaces
        self._reports = RegistryReports(self.kube, self.connections, self.resolver, self._opened, self.note_change)

    def note_change(self) -> None:
        """Have the ClusterRegistries listed again."""
        self._is_stale = True
        self._changed.set()

    async def load(self) -> None:
        """Serve all that exist now.

        Raises:
            KubernetesError: the API server did not answer.
        """
        if self.namespaces is not None:
            # Before that, nobody could be judged by labels.
            await self.namespaces.read_all(self.kube)
        self._declared = await declarations.read_all(self.kube)
        self._serve()

    async def run(self) -> None:
        """Follow the ClusterRegistries for as long as the operator runs."""
        listed_at = renewed_at = retried_at = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TICK_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            is_due = self._is_stale or time.monotonic() - listed_at >= LIST_SECONDS
            if is_due and self._list_retries.is_over(time.monotonic()):
                listed_at = time.monotonic()
                await self._list()
            if time.monotonic() - renewed_at >= LIST_SECONDS:
                renewed_at = time.monotonic()
                await self._renew(list(self._opened))
            if time.monotonic() - retried_at >= RETRY_SECONDS:
                retried_at = time.monotonic()
                await self._renew([name for name in self._opened if self._needs_credentials(name)])
            self._raise_failures()
            if self.leadership.is_held:
                for name, declared in list(self._declared.items()):
                    self._declared[name] = await self._reports.write(declared)

    async def follow_labels(self, namespaces: Namespaces) -> None:
        """Move and wake resources whose namespaces got other labels, for as long as the operator runs.

        It waits for none of the requests of `run`.
        """
        loop = asyncio.get_running_loop()
        due_at = loop.time() + LABELS_SECONDS
        while True:
            try:
                async with asyncio.timeout_at(due_at):
                    await self._relabelled.wait()
            except TimeoutError:
                due_at = loop.time() + (LABELS_SECONDS if await self._list_labels(namespaces) else MAX_RETRY_SECONDS)
                continue
            self._relabelled.clear()
            self._serve()
            # Many namespaces may get other labels at once, and each change goes through all resources.
            await asyncio.sleep(PAUSE_SECONDS)

    async def _list_labels(self, namespaces: Namespaces) -> bool:
        """List the namespaces, because the watch may have missed one; returns whether that succeeded."""
        try:
            await namespaces.read_all(self.kube)
        except KubernetesError as error:
            logger.warning("The namespaces could not be listed; retrying: %s", error)
            return False
        return True

    async def aclose(self) -> None:
        """Close all clients."""
        for opened in self._opened.values():
            await opened.closing.aclose()

    async def _list(self) -> None:
        self._is_stale = False
        try:
            found = await declarations.read_all(self.kube)
        except KubernetesError as error:
            logger.warning("The ClusterRegistries could not be listed; retrying: %s", error)
            self._is_stale = True
            self._list_retries.fail(time.monotonic())
            return
        self._list_retries.succeed()
        before, self._declared = self._declared, found
        self._serve()
        for name, declared in before.items():
            if name not in found or found[name].metadata.uid != declared.metadata.uid:
                self._reports.forget_deleted(name)

    async def _renew(self, names: Sequence[str]) -> None:
        """Get tokens and authorities again, and have those registries probed that get others."""
        for name in names:
            opened = self._opened.get(name)
            if opened is not None and self.leadership.is_held and await opened.credentials.renew():
                opened.connection.context.registry.breaker.end_pause()

    def _needs_credentials(self, name: str) -> bool:
        reason = self._reports.health(self._declared[name]).reason
        return self._opened[name].credentials.is_due or reason in CURED_BY_CREDENTIALS

    def _raise_failures(self) -> None:
        """Raise what ended a task that should never end, and what an ending failed with."""
        for task in (*self.connections.tasks(), *self.connections.endings):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _relabel(self) -> None:
        """Judge by the labels of namespaces as they are now, before anything of these namespaces can run or arrive."""
        candidates = candidates_of(self._declared, self.flags, self.namespaces)
        self.resolver.candidates = candidates
        self._not_woken += self._apply_tenants(self._usable(candidates).keys(), candidates)
        self._relabelled.set()

    def _usable(self, candidates: Mapping[str, Candidate]) -> dict[str, ClusterRegistrySpec]:
        return {
            name: declared.spec
            for name, declared in self._declared.items()
            if isinstance(declared.spec, ClusterRegistrySpec)
            and (candidate := candidates.get(name_of(name))) is not None
            and candidate.is_usable
        }

    def _serve(self) -> None:
        """Open what can be served, judge by its tenants, and close what cannot be served any more."""
        candidates = candidates_of(self._declared, self.flags, self.namespaces)
        usable = self._usable(candidates)
        gone = [name for name in self._opened if name not in usable]
        new = [name for name in usable if name not in self._opened]
        changed = [name for name in usable if name in self._opened and not self._opened[name].reaches(usable[name])]
        for name in new:
            self._open(name, usable[name], candidates)
        # From here on, each resource is judged by the tenants that are declared now.
        # What gets another client gets its tenants with it: they are not for the former server.
        stale = [*self._not_woken, *self._apply_tenants(usable.keys() - set(changed), candidates)]
        self._not_woken.clear()
        (before, known), self.resolver.candidates = self._judged, candidates
        self._judged = candidates, frozenset(self.namespaces or ())
        moved = relabelled(before, candidates)
        self.connections.settle(None if moved is None else moved | (known ^ self._judged[1]))
        for connection, namespaces in stale:
            connection.memory.wake(
                [key for key in connection.cache if namespaces is None or key.namespace in namespaces]
            )
        for name in changed:
            self._reopen(name, usable[name], candidates)
        for name in gone:
            self._close(name)
        follow_kserve(self.connections.all(), candidates)

    def _apply_tenants(self, usable: Collection[str], candidates: Mapping[str, Candidate]) -> list[Stale]:
        """Give each connection the tenants that are declared now; returns whose resources have to be judged again."""
        stale: list[Stale] = []
        wanted = {name_of(name): candidates[name_of(name)].tenants for name in usable}
        for connection in self.connections.all():
            registry = connection.context.registry
            tenants = wanted.get(registry.name, registry.tenants)
            if registry.name == FROM_FLAGS and self.flags is not None:
                tenants = tenants_of_flags(self.flags, candidates)
            if registry.tenants != tenants:
                stale.append((connection, affected(registry.tenants, tenants)))
                registry.tenants = tenants
        return stale

    def _open(self, name: str, spec: ClusterRegistrySpec, candidates: Mapping[str, Candidate]) -> None:
        logger.info("Serving the registry %s of ClusterRegistry %s", spec.root_url, name)
        stack = contextlib.AsyncExitStack()
        served, credentials = self.open(name, spec, stack)
        served.registry.tenants = candidates[name_of(name)].tenants
        self._opened[name] = Opened(spec, served, self.connections.serve(served), credentials, stack)

    def _reopen(self, name: str, spec: ClusterRegistrySpec, candidates: Mapping[str, Candidate]) -> None:
        logger.info("Serving ClusterRegistry %s with its new settings", name)
        before, stack = self._opened[name], contextlib.AsyncExitStack()
        served, credentials = self.open(name, spec, stack)
        served.registry.tenants = candidates[name_of(name)].tenants
        connection = self.connections.replace(served, before.closing.aclose)
        self._opened[name] = Opened(spec, served, connection, credentials, stack)

    def _close(self, name: str) -> None:
        logger.info("Serving ClusterRegistry %s no longer", name)
        opened = self._opened.pop(name)

        async def close() -> None:
            await opened.closing.aclose()
            if name not in self._opened:
                # The metrics have its name, which may have become that of another connection.
                opened.served.monitor.remove()

        self.connections.retire(name_of(name), close)
        self._reports.forget(name)
