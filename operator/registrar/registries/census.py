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


@dataclass(frozen=True, slots=True)
class _Listed:
    """What one list has shown.

    Attributes:
        at: when it was read, on the monotonic clock.
        places: ID of the parent (empty at the root) and name of each entry.
    """

    at: float
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
        listed = self._listed.get(family)
        if listed is not None and self._monotonic() - listed.at < VALID_SECONDS:
            return listed
        self._listed.pop(family, None)
        if self._count_new() < MANY:
            return None
        return self._listed.setdefault(family, await self._read(family))

    async def _read(self, family: type[RegistryEntry]) -> _Listed:
        at = self._monotonic()
        try:
            return _Listed(at, await self._registry.backend.places(family))
        except RegistryError as error:
            # The creation that follows says what it means for the resource.
            logger.info("The names in the registry %s could not be listed: %s", self._registry.url, error)
            return _Listed(at, frozenset())
