"""Readings of everything that counts, and their differences."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from benchmarks.operator.cluster import Cluster
from benchmarks.operator.front import Front
from benchmarks.operator.process import Process
from benchmarks.operator.result import Stretch, Traffic

REST_SECONDS: Final = 2.0
"""An operator is at rest when it has asked nothing of the registry and hardly computed for so long."""
REST_SHARE: Final = 0.05
"""Of one processor: a quiet operator uses less, a working one more."""


@dataclass(frozen=True)
class Reading:
    """All counters at one time."""

    at: float
    cpu_seconds: float
    memory_bytes: int
    kubernetes: Counter[str]
    registry: Counter[str]

    def since(self, before: "Reading") -> Stretch:
        """What has come between."""
        return Stretch(
            seconds=self.at - before.at,
            cpu_seconds=self.cpu_seconds - before.cpu_seconds,
            memory_bytes=self.memory_bytes,
            traffic=Traffic(
                kubernetes=dict(self.kubernetes - before.kubernetes), registry=dict(self.registry - before.registry)
            ),
        )


class Meters:
    """Reads the API server's own counters, the front's, and the operator's process."""

    def __init__(self, cluster: Cluster, front: Front, process: Process) -> None:
        self._cluster = cluster
        self._front = front
        self._process = process

    async def read(self) -> Reading:
        """A reading."""
        return await self._read(self._process.cpu_seconds(), self._process.memory())

    async def read_without_process(self) -> Reading:
        """A reading while the operator does not run."""
        return await self._read(0.0, 0)

    async def _read(self, cpu_seconds: float, memory_bytes: int) -> Reading:
        registry = Counter(self._front.requests)
        at = time.monotonic()
        return Reading(at, cpu_seconds, memory_bytes, await self._cluster.requests(), registry)

    async def at_rest(self, limit: float) -> bool:
        """Wait until the operator is at rest; tells whether it came to that in so many seconds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            cpu_before, requests_before = self._process.cpu_seconds(), self._front.requests.total()
            await asyncio.sleep(REST_SECONDS)
            used = self._process.cpu_seconds() - cpu_before
            if used < REST_SECONDS * REST_SHARE and self._front.requests.total() == requests_before:
                return True
        return False
