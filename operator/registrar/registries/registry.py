"""One registry: the client, the view of our entries, and what was looked up of other people's.

The limits of requests in flight are the client's. Several registries come later as several of these.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import StoreError
from model_registry.types import ListOptions, ModelVersion, Pager, RegisteredModel, RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Identity
from registrar.kinds.desired import resource_of
from registrar.planning.ownership import stamp_filter
from registrar.planning.problems import Problem, ReconcileError, Severity, outage
from registrar.registries.breaker import Outage
from registrar.registries.feed import Watermark
from registrar.registries.problems import problem_of
from registrar.registries.view import EntryView

logger = logging.getLogger(__name__)

PAGE_SIZE = 500

ListPage = Callable[[ListOptions], Awaitable[list[Any]]]
"""Lists one page of a family of entries, and writes the next page's token into the options."""


class RegistryWentBackError(StoreError):
    """The registry lacks what it had: its database was reset, or restored from a backup."""


class Registry:
    """A registry server and what is known of it.

    Attributes:
        url: its address, as settings and status write it.
        client: the client, shared by all workers.
        owner_id: this installation's name in owner stamps.
        view: the entries with our stamp; trusted once `loaded`.
        loaded: whether the view has been read from the registry.
        looked_at: when the last reading of it began that succeeded, on the monotonic clock.
        outage: whether it is away.
    """

    def __init__(self, client: ModelRegistryAPIClient, url: str, owner_id: str) -> None:
        self.client = client
        self.url = url
        self.owner_id = owner_id
        self.view = EntryView(owner_id)
        self.loaded = False
        self.looked_at = -math.inf
        self.outage = Outage()
        self._external: dict[tuple[str, ...], Identity] = {}
        self._watermarks: dict[str, Watermark] = {}
        self._lists: dict[str, ListPage] = {
            "RegisteredModel": client.get_registered_models,
            "ModelVersion": lambda options: client.get_model_versions(None, options),
            "Artifact": lambda options: client.get_artifacts(options=options),
        }

    async def load(self) -> None:
        """Read the view: the paged lists of models, versions and artifacts with our stamp.

        Raises:
            StoreError: the registry cannot be read; the view stays as it was.
        """
        asked_at = time.monotonic()
        watermarks = {family: await self._newest(family) for family in self._lists}
        entries = [one for family in self._lists for one in await self._pages(family, stamp_filter(self.owner_id))]
        self.view.replace(entries, asked_at)
        # What was looked up of other people's entries is as old as the view was.
        self._external.clear()
        self._watermarks = watermarks
        self.loaded = True
        self.looked_at = asked_at
        logger.info("The registry %s holds %d entries of this installation", self.url, len(self.view))

    async def poll(self) -> frozenset[ResourceKey]:
        """Read what has changed since the last poll into the view: one short list a family, whatever their number.

        Returns:
            The resources that the changes are news to.

        Raises:
            RegistryWentBackError: the registry lacks what it had; the view must be read anew.
            StoreError: the registry cannot be read.
        """
        began_at = time.monotonic()
        concerned: set[ResourceKey] = set()
        for family, last in list(self._watermarks.items()):
            watermark = last.raised(self.view.latest(family))
            asked_at = time.monotonic()
            options = ListOptions.order_by_id(
                limit=PAGE_SIZE, filter_query=f"lastUpdateTimeSinceEpoch >= {watermark.since}"
            )
            entries = await self._lists[family](options)
            answered_at = options.answered_at
            while options.next_page_token:
                entries = [*entries, *await self._lists[family](options)]
            if watermark.went_back(entries):
                raise RegistryWentBackError(f"{self.url} lacks changes of {family}s that it told before")
            for entry in entries:
                references = self.view.learn(entry, asked_at)
                concerned.update(resource_of(type(entry), reference) for reference in references)
            self._watermarks[family] = watermark.advanced(entries, answered_at)
        self.looked_at = began_at
        return frozenset(concerned)

    async def _newest(self, family: str) -> Watermark:
        """Where the feed begins: at the latest change of any entry, ours or not, so that it never lists them all."""
        options = ListOptions.order_by_update_time(is_asc=False, limit=1)
        entries = await self._lists[family](options)
        return Watermark().advanced(entries, options.answered_at)

    async def _pages(self, family: str, filter_query: str) -> list[RegistryEntry]:
        options = ListOptions.order_by_id(limit=PAGE_SIZE, filter_query=filter_query)
        return [one async for one in Pager(self._lists[family], options)]

    @property
    def is_available(self) -> bool:
        """Whether the view can be trusted and calls make sense."""
        return self.loaded and not self.outage.is_open

    def require(self) -> None:
        """Make sure that the view can be trusted and calls make sense.

        Raises:
            ReconcileError: it has not been read yet, or the registry is away.
        """
        if self.outage.problem is not None:
            raise ReconcileError(self.outage.problem)
        if not self.loaded:
            raise outage(f"The registry {self.url} could not be read so far.")

    def diagnose(self, error: ReconcileError | StoreError) -> Problem:
        """The problem that an error stands for; one that means an outage opens the breaker.

        Here, and not where the problem is told: what is told adds words about one resource, and all hear of an outage.
        """
        problem = problem_of(error)
        if problem.severity is Severity.OUTAGE:
            self.outage.begin(problem, time.monotonic())
        return problem

    async def external_model(self, *, entry_id: str | None = None, name: str | None = None) -> Identity | None:
        """A model made elsewhere, by ID or exact name; None while there is none. Found ones are remembered."""
        place = ("model", entry_id or "", name or "")
        if place not in self._external:
            found = (
                await self.client.get_registered_model_by_id(entry_id)
                if entry_id is not None
                else await self.client.get_registered_model_by_params(name=name)
            )
            self._remember(place, found)
        return self._external.get(place)

    async def external_version(
        self, *, entry_id: str | None = None, model: str = "", name: str = ""
    ) -> Identity | None:
        """A version made elsewhere, by ID or by its model's and its own name; None while there is none."""
        place = ("version", entry_id or "", model, name)
        if place in self._external:
            return self._external[place]
        found: ModelVersion | None = None
        if entry_id is not None:
            found = await self.client.get_model_version_by_id(entry_id)
        elif (parent := await self.external_model(name=model)) is not None:
            found = await self.client.get_model_version_by_params(parent.id, name)
        self._remember(place, found)
        return self._external.get(place)

    def _remember(self, place: tuple[str, ...], found: RegisteredModel | ModelVersion | None) -> None:
        if found is not None and found.id is not None:
            self._external[place] = Identity(found.id, found.name)
