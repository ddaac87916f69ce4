"""A census of the registry: the names that exist, read as one list while many resources look for their entries.

A creation meets an existing entry as a conflict, which saves a request for each new entry. When thousands of entries
are adopted, that is a refused request for each. What the census lists is looked up first instead. It is a hint: an
entry is only believed once it was read, and one that is not listed is created as always.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from model_registry.exceptions import RegistryError
from model_registry.types import RegistryEntry
from registrar.kinds.base import Desired
from registrar.registries.registry import Registry

logger = logging.getLogger(__name__)

MANY = 20
"""Resources without an entry from which on a census costs less than the conflicts that it may save."""
VALID_SECONDS = 60.0
"""How long a census is used. What is created by others in the meantime is a conflict."""
NAMES_PER_RESOURCE = 50
"""How many names are listed at most for each resource without an entry: a page of 500 for ten of them. A registry can
have very many entries of others."""
MAX_NAMES = 20_000
"""How many names are listed at most, however many resources there are: creations wait for the list."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """What one list has shown.

    Attributes:
        at: when that ended, on the monotonic clock.
        epoch: in which epoch of the registry.
        places: ID of the parent (empty at the root) and name of each entry.
    """

    at: float
    epoch: int
    places: frozenset[tuple[str, str]]


class Census:
    """Which entries a registry may have.

    Args:
        registry: the registry.
        count_new: returns how many resources have no entry yet.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self, registry: Registry, count_new: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._count_new = count_new
        self._monotonic = monotonic
        self._listed: dict[type[RegistryEntry], _Listed] = {}
        self._reading = asyncio.Lock()

    async def lists(self, desired: Desired) -> bool:
        """Return whether an entry of the desired name was there a moment ago; False where few resources have asked.

        An artifact does not report its version, so no census lists it.
        """
        if not desired.kind.reports_parent:
            return False
        async with self._reading:
            listed = await self._latest(desired.kind.family)
        return listed is not None and (desired.parent_id, desired.name) in listed.places

    async def _latest(self, family: type[RegistryEntry]) -> _Listed | None:
        listed, epoch = self._listed.get(family), self._registry.epoch
        if listed is not None and listed.epoch == epoch and self._monotonic() - listed.at < VALID_SECONDS:
            return listed
        self._listed.pop(family, None)
        number = self._count_new()
        if number < MANY:
            return None
        return self._listed.setdefault(family, await self._read(family, min(number * NAMES_PER_RESOURCE, MAX_NAMES)))

    async def _read(self, family: type[RegistryEntry], limit: int) -> _Listed:
        epoch, places = self._registry.epoch, frozenset[tuple[str, str]]()
        try:
            places = await self._registry.backend.places(family, limit)
        except RegistryError as error:
            # The creation that follows says what it means for the resource.
            logger.info("The names in the registry %s could not be listed: %s", self._registry.url, error)
        # The time after it: a slow list must not be outdated for the next that waits for it.
        return _Listed(self._monotonic(), epoch, places)
