"""Measures one operator on one number of resources, each time on fresh servers."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import aiohttp
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.operator.cluster import Cluster, connected
from benchmarks.operator.meters import Meters
from benchmarks.operator.process import Process, prepare
from benchmarks.operator.proxy import CountingProxy, counting
from benchmarks.operator.resources import CHAIN, DESCRIPTION, Manifest, chain
from benchmarks.operator.result import Filled, Interval, NewChains, Operator, Run
from benchmarks.server import API, Server, serving
from devcluster import controlplane, progress
from devcluster.controlplane import ControlPlane
from devcluster.processes import Children

APPLIERS: Final = 8
"""Chains that are applied concurrently."""

_LIMIT_SECONDS = 3600.0
"""Time limit of our operator for each part: 50,000 resources take half an hour on a slow machine."""
_SETTLE_SECONDS = 1.0
_POLL_SECONDS = 0.1
_CRD_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        chains: New chains to time.
        quiet_seconds: Length of the quiet period.
        rival_seconds: Time limit of the textbook operator for each part.
        console: Where progress is shown.
    """

    chains: int
    quiet_seconds: float
    rival_seconds: float
    console: Console


def measured(operator: Operator, resources: int, plan: Plan) -> Run:
    """Measure one operator on one number of resources, on a fresh control plane.

    Raises:
        BinariesError: A program can be neither found, fetched nor built.
        ChildError: A program did not start, or ended.
        InstallError: The textbook operator's environment could not be created.
    """
    with controlplane.start() as plane, serving() as server, Children() as children:
        crds = REPOSITORY / "crds"
        plane.run_kubectl("apply", "--server-side", "-f", crds)
        plane.run_kubectl("wait", "--for=condition=Established", f"--timeout={_CRD_SECONDS}s", "-f", crds)
        return asyncio.run(_measured(operator, resources, plan, plane, server, children))


async def _measured(
    operator: Operator, resources: int, plan: Plan, plane: ControlPlane, server: Server, children: Children
) -> Run:
    tag = f"bench-{uuid.uuid4().hex[:8]}"
    async with counting(server.url) as proxy, connected(plane.kubeconfig) as cluster:
        process = prepare(operator, children, plane.kubeconfig, proxy.url, tag)
        process.start()
        limit = _LIMIT_SECONDS if operator is Operator.OURS else plan.rival_seconds
        bench = _Bench(cluster, proxy, process, server, tag, limit, plan)
        return await bench.run(operator, resources)


@dataclass
class _Bench:
    cluster: Cluster
    proxy: CountingProxy
    process: Process
    server: Server
    tag: str
    limit: float
    plan: Plan

    def __post_init__(self) -> None:
        self.meters = Meters(self.cluster, self.proxy, self.process)

    async def run(self, operator: Operator, resources: int) -> Run:
        """Measure all parts that the operator completes."""
        await self.meters.at_rest(_LIMIT_SECONDS)
        filled = await self._fill(resources)
        if not filled.is_complete:
            return Run(operator=operator, filled=filled)
        chains = await self._new_chains()
        drift = await self._drift() if operator is Operator.OURS else None
        restart = await self._restart()
        quiet = await self._quiet() if restart is not None else None
        return Run(operator=operator, filled=filled, chains=chains, drift=drift, restart=restart, quiet=quiet)

    async def _fill(self, resources: int) -> Filled:
        before = await self.meters.read()
        applied = 0

        async def apply(numbers: Iterator[int]) -> None:
            nonlocal applied
            for number in numbers:
                for manifest in chain(self._name(number)):
                    await self.cluster.create(manifest)
                    applied += 1

        numbers = iter(range(resources // CHAIN))
        clock = asyncio.get_running_loop().time
        started = clock()
        with progress.meter(self.plan.console, f"{resources} resources become Ready") as meter:
            applying = asyncio.gather(*(apply(numbers) for _ in range(APPLIERS)))
            while len(self.cluster.ready) < resources and clock() < started + self.limit:
                self.process.require()
                self.cluster.require()
                if applying.done():
                    applying.result()
                meter.update(len(self.cluster.ready), resources)
                await asyncio.sleep(_POLL_SECONDS)
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)
        ready = len(self.cluster.ready)
        seconds = (max(self.cluster.ready.values()) - started) if ready == resources else self.limit
        await asyncio.sleep(_SETTLE_SECONDS)
        after = await self.meters.read()
        return Filled(
            resources=resources,
            applied=applied,
            ready=ready,
            seconds=seconds,
            entries_per_second=ready / seconds,
            cpu_seconds=after.cpu_seconds - before.cpu_seconds,
            memory_bytes=after.memory_bytes - before.memory_bytes,
            traffic=after.since(before).traffic,
        )

    async def _new_chains(self) -> NewChains | None:
        """Time new chains until the time limit; return None if none became Ready."""
        self._report("timing single new chains")
        clock = asyncio.get_running_loop().time
        milliseconds: list[float] = []
        try:
            async with asyncio.timeout(self.limit):
                for number in range(self.plan.chains):
                    started = clock()
                    manifests: list[Manifest] = list(chain(f"{self.tag}-new-{number}"))
                    for manifest in manifests:
                        await self.cluster.create(manifest)
                    places = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests]
                    ready = await asyncio.gather(*map(self.cluster.became_ready, places))
                    milliseconds.append((max(ready) - started) * 1000)
        except TimeoutError:
            self._report(f"the limit of {self.limit:.0f} s is reached")
        return NewChains.of(milliseconds) if milliseconds else None

    async def _drift(self) -> Interval:
        """Change an entry in the registry behind the operator's back, and wait until the operator corrects it."""
        self._report("changing an entry in the registry")
        entry_id = await self.cluster.entry_id("RegisteredModel", self._name(0))
        path = f"{API}/registered_models/{entry_id}"
        async with aiohttp.ClientSession(self.server.url) as registry:
            before = await self.meters.read()
            body = {"description": "changed by hand", "state": None}
            async with registry.patch(path, json=body, raise_for_status=True):
                pass
            async with asyncio.timeout(_LIMIT_SECONDS):
                while True:
                    async with registry.get(path, raise_for_status=True) as answer:
                        if (await answer.json())["description"] == DESCRIPTION:
                            break
                    await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_SETTLE_SECONDS)
        return (await self.meters.read()).since(before)

    async def _restart(self) -> Interval | None:
        self._report("restarting the operator")
        self.process.end()
        before = await self.meters.read_without_process()
        self.process.start()
        came_to_rest = await self.meters.at_rest(self.limit)
        return (await self.meters.read()).since(before) if came_to_rest else None

    async def _quiet(self) -> Interval:
        self._report(f"counting requests of {self.plan.quiet_seconds:g} quiet seconds")
        # For half a minute after a change, the change feed reads it again.
        await asyncio.sleep(self.plan.quiet_seconds / 2)
        before = await self.meters.read()
        await asyncio.sleep(self.plan.quiet_seconds)
        return (await self.meters.read()).since(before)

    def _report(self, what: str) -> None:
        self.plan.console.print(f"  {what} …")

    def _name(self, number: int) -> str:
        return f"{self.tag}-{number}"
