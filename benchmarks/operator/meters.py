"""Reads all counters, and returns their differences."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Final

from benchmarks.operator.cluster import Cluster
from benchmarks.operator.process import Process
from benchmarks.operator.proxy import CountingProxy
from benchmarks.operator.result import Interval, Traffic

REST_SECONDS: Final = 2.0
"""An operator is at rest after this long without a request to the registry and with hardly any CPU time."""
REST_SHARE: Final = 0.05
"""Share of one processor: an operator at rest uses less, a working operator more."""


@dataclass(frozen=True)
class Reading:
    """The values of all counters at one time."""

    at: float
    cpu_seconds: float
    memory_bytes: int
    kubernetes: Counter[str]
    registry: Counter[str]

    def since(self, before: "Reading") -> Interval:
        """Return what happened between two readings."""
        return Interval(
            seconds=self.at - before.at,
            cpu_seconds=self.cpu_seconds - before.cpu_seconds,
            memory_bytes=self.memory_bytes,
            traffic=Traffic(
                kubernetes=dict(self.kubernetes - before.kubernetes), registry=dict(self.registry - before.registry)
            ),
        )


class Meters:
    """Reads the counters of the API server, of the proxy and of the operator's process."""

    def __init__(self, cluster: Cluster, proxy: CountingProxy, process: Process) -> None:
        self._cluster = cluster
        self._proxy = proxy
        self._process = process

    async def read(self) -> Reading:
        """Return a reading."""
        return await self._read(self._process.cpu_seconds(), self._process.memory())

    async def read_without_process(self) -> Reading:
        """Return a reading while the operator does not run."""
        return await self._read(0.0, 0)

    async def _read(self, cpu_seconds: float, memory_bytes: int) -> Reading:
        registry = Counter(self._proxy.requests)
        at = time.monotonic()
        return Reading(at, cpu_seconds, memory_bytes, await self._cluster.requests(), registry)

    async def at_rest(self, limit: float) -> bool:
        """Wait until the operator is at rest; return whether it was within ``limit`` seconds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            cpu_before, requests_before = self._process.cpu_seconds(), self._proxy.requests.total()
            await asyncio.sleep(REST_SECONDS)
            used = self._process.cpu_seconds() - cpu_before
            if used < REST_SECONDS * REST_SHARE and self._proxy.requests.total() == requests_before:
                return True
        return False
