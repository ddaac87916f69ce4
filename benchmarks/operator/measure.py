"""The measuring of one operator on one number of resources, each time on servers of its own."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import aiohttp
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.operator.cluster import Cluster, connected
from benchmarks.operator.front import Front, standing
from benchmarks.operator.meters import Meters
from benchmarks.operator.process import Process, prepare
from benchmarks.operator.resources import CHAIN, DESCRIPTION, Manifest, chain
from benchmarks.operator.result import Filled, NewChains, Operator, Run, Stretch
from benchmarks.server import API, Server, serving
from devcluster import controlplane, progress
from devcluster.controlplane import ControlPlane
from devcluster.processes import Children

APPLIERS: Final = 8
"""Chains that are applied at once."""

_TOO_LONG = 900.0
"""Seconds that our operator is given for anything."""
_SETTLE_SECONDS = 1.0
_POLL_SECONDS = 0.1
_CRD_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        chains: New chains for the latencies.
        quiet_seconds: How long nobody does anything.
        rival_seconds: What the textbook operator is given for each of its parts.
        console: Where progress is told.
    """

    chains: int
    quiet_seconds: float
    rival_seconds: float
    console: Console


def measured(operator: Operator, resources: int, plan: Plan) -> Run:
    """Measure one operator on one number of resources, on a fresh control plane.

    Raises:
        BinariesError, ChildError: A program could not be had, did not start, or ended.
        InstallError: The textbook operator's environment could not be made.
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
    async with standing(server.url) as front, connected(plane.kubeconfig) as cluster:
        process = prepare(operator, children, plane.kubeconfig, front.url, tag)
        process.start()
        limit = _TOO_LONG if operator is Operator.OURS else plan.rival_seconds
        bench = _Bench(cluster, front, process, server, tag, limit, plan)
        return await bench.run(operator, resources)


@dataclass
class _Bench:
    cluster: Cluster
    front: Front
    process: Process
    server: Server
    tag: str
    limit: float
    plan: Plan

    def __post_init__(self) -> None:
        self.meters = Meters(self.cluster, self.front, self.process)

    async def run(self, operator: Operator, resources: int) -> Run:
        """All parts, as far as the operator gets."""
        await self.meters.at_rest(_TOO_LONG)
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
        begun = clock()
        with progress.meter(self.plan.console, f"{resources} resources become Ready") as meter:
            applying = asyncio.gather(*(apply(numbers) for _ in range(APPLIERS)))
            while len(self.cluster.ready) < resources and clock() < begun + self.limit:
                self.process.require()
                self.cluster.require()
                if applying.done():
                    applying.result()
                meter.update(len(self.cluster.ready), resources)
                await asyncio.sleep(_POLL_SECONDS)
            applying.cancel()
            await asyncio.gather(applying, return_exceptions=True)
        ready = len(self.cluster.ready)
        seconds = (max(self.cluster.ready.values()) - begun) if ready == resources else self.limit
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
        """As many as there is time for; None if not even one became Ready."""
        self._tell("single new chains, one after the other")
        clock = asyncio.get_running_loop().time
        taken: list[float] = []
        try:
            async with asyncio.timeout(self.limit):
                for number in range(self.plan.chains):
                    begun = clock()
                    manifests: list[Manifest] = list(chain(f"{self.tag}-new-{number}"))
                    for manifest in manifests:
                        await self.cluster.create(manifest)
                    places = [(one["kind"], one["metadata"]["name"]) for one in manifests]
                    ready = await asyncio.gather(*map(self.cluster.became_ready, places))
                    taken.append((max(ready) - begun) * 1000)
        except TimeoutError:
            self._tell(f"{self.limit:.0f} s are over")
        return NewChains.of(taken) if taken else None

    async def _drift(self) -> Stretch:
        """Change an entry in the registry behind the operator's back, and wait until it is set back."""
        self._tell("one entry is changed in the registry")
        entry_id = await self.cluster.entry_id("RegisteredModel", self._name(0))
        path = f"{API}/registered_models/{entry_id}"
        async with aiohttp.ClientSession(self.server.url) as registry:
            before = await self.meters.read()
            body = {"description": "changed by hand", "state": None}
            async with registry.patch(path, json=body, raise_for_status=True):
                pass
            async with asyncio.timeout(_TOO_LONG):
                while True:
                    async with registry.get(path, raise_for_status=True) as answer:
                        if (await answer.json())["description"] == DESCRIPTION:
                            break
                    await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_SETTLE_SECONDS)
        return (await self.meters.read()).since(before)

    async def _restart(self) -> Stretch | None:
        self._tell("the operator is started anew")
        self.process.end()
        before = await self.meters.read_without_process()
        self.process.start()
        came_to_rest = await self.meters.at_rest(self.limit)
        return (await self.meters.read()).since(before) if came_to_rest else None

    async def _quiet(self) -> Stretch:
        self._tell(f"nobody does anything for {self.plan.quiet_seconds:g} s")
        # The feed looks back half a minute behind what changed: that is to be over.
        await asyncio.sleep(self.plan.quiet_seconds / 2)
        before = await self.meters.read()
        await asyncio.sleep(self.plan.quiet_seconds)
        return (await self.meters.read()).since(before)

    def _tell(self, what: str) -> None:
        self.plan.console.print(f"  {what} …")

    def _name(self, number: int) -> str:
        return f"{self.tag}-{number}"
