"""Measures the operator with many registries, on fresh servers."""

import asyncio
import json
import sys
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from rich.console import Console

from benchmarks import REPOSITORY
from benchmarks.operator.cluster import Cluster, Place, connected
from benchmarks.operator.process import COMPILED, Process
from benchmarks.operator.resources import CHAIN, Manifest, chain
from benchmarks.operator.result import NewChains
from benchmarks.registries.result import Idle, Quiet, Restart
from benchmarks.registries.servers import COUNTS, LISTENING, SILENCE
from devcluster import controlplane, progress
from devcluster.controlplane import ControlPlane
from devcluster.processes import Child, Children
from registrar.api.meta import API_VERSION

APPLIERS: Final = 8
"""Chains that are applied concurrently."""
_LIMIT_SECONDS = 1800.0
_START_SECONDS = 60.0
_REST_SECONDS = 2.0
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        registries: Number of registries.
        silent: How many of them accept requests for a while and never answer.
        resources: Resources of each.
        chains: New chains to time before, beside and after these.
        quiet_seconds: Length of the quiet period.
        console: Where progress is shown.
    """

    registries: int
    silent: int
    resources: int
    chains: int
    quiet_seconds: float
    console: Console


def measured(plan: Plan) -> dict[str, Any]:
    """Return the measured fields of a result.

    Raises:
        BinariesError: A program can be neither found, fetched nor built.
        ChildError: A program did not start, or ended.
    """
    with controlplane.start() as plane, Children() as children:
        crds = REPOSITORY / "crds"
        plane.run_kubectl("apply", "--server-side", "-f", crds)
        plane.run_kubectl("wait", "--for=condition=Established", f"--timeout={_START_SECONDS:.0f}s", "-f", crds)
        servers = children.start(
            "registries", [sys.executable, "-m", "benchmarks.registries.servers", str(plan.registries)]
        )
        servers.wait_until(lambda: LISTENING in servers.output(), timeout=_START_SECONDS)
        return asyncio.run(_measured(plan, plane, children, servers))


async def _measured(plan: Plan, plane: ControlPlane, children: Children, servers: Child) -> dict[str, Any]:
    url = servers.output().partition(LISTENING)[2].split()[0]
    flags = ["--connections", "--connections-namespace=default", "--owner-id=bench", "--probe-port=0"]
    command = [sys.executable, "-m", "registrar", "run", f"--kubeconfig={plane.kubeconfig}", *flags]
    async with connected(plane.kubeconfig) as cluster, aiohttp.ClientSession(url) as registries:
        bench = _Bench(plan, plane, cluster, Process(children, command, COMPILED), registries, url)
        return await bench.run()


@dataclass
class _Bench:
    plan: Plan
    plane: ControlPlane
    cluster: Cluster
    process: Process
    servers: aiohttp.ClientSession
    url: str
    made: int = 0

    def __post_init__(self) -> None:
        self.tag = f"bench-{uuid.uuid4().hex[:8]}"
        everyone = range(self.plan.registries)
        self.answering, self.others = everyone[self.plan.silent :], everyone[: self.plan.silent]

    async def run(self) -> dict[str, Any]:
        """Measure all parts."""
        for number in self.others:
            await self._silence("POST", number)
        self.process.start()
        idle = await self._idle()
        fill_seconds = await self._fill()
        before = await self._new_chains("alone")
        await self._connect_others()
        beside = await self._new_chains("beside registries that do not answer")
        restart = await self._restart()
        recovery_seconds = await self._recover()
        after = await self._new_chains("alone again, all registries answering")
        return {
            "idle": idle,
            "fill_seconds": fill_seconds,
            "before": before,
            "beside": beside,
            "restart": restart,
            "recovery_seconds": recovery_seconds,
            "after": after,
            "quiet": await self._quiet(),
        }

    async def _idle(self) -> Idle:
        self._report("connecting the registries that answer")
        first, *more = self.answering
        await self._connect([first])
        await self._rest()
        alone = self.process.memory()
        await self._connect(more)
        await self._rest()
        return Idle(connections=len(more), memory_bytes=self.process.memory() - alone)

    async def _fill(self) -> float:
        self._report("creating resources in the registries that answer")
        started = _now()
        places = await self._apply(self.answering)
        with progress.meter(self.plan.console, f"{len(places)} resources become Ready") as meter:
            await self._all_ready(places, meter)
        return max(map(self.cluster.ready.__getitem__, places)) - started

    async def _connect_others(self) -> None:
        self._report("connecting the others, whose resources wait")
        await self._connect(self.others, condition="Reconciling")
        self.waiting = await self._apply(self.others)

    async def _new_chains(self, when: str) -> NewChains:
        self._report(f"timing single new chains, {when}")
        milliseconds = []
        for number in range(self.plan.chains):
            self.process.require()
            started = _now()
            places = await self._create(self.answering[number % len(self.answering)])
            ready = await asyncio.gather(*map(self.cluster.became_ready, places))
            milliseconds.append((max(ready) - started) * 1000)
        return NewChains.of(milliseconds)

    async def _restart(self) -> Restart:
        self._report("restarting the operator")
        await self._rest()
        self.process.end()
        counts, writes = await self._counts(), await self._writes()
        started = _now()
        self.process.start()
        await self._read_again(counts)
        await self._rest()
        seconds = _now() - started - _REST_SECONDS
        seen = [now - then for now, then in zip(await self._counts(), counts, strict=True)]
        return Restart(
            seconds=seconds,
            answering=dict(sum((seen[number] for number in self.answering), Counter[str]())),
            silent=dict(sum((seen[number] for number in self.others), Counter[str]())),
            kubernetes_writes=await self._writes() - writes,
        )

    async def _read_again(self, before: Sequence[Counter[str]]) -> None:
        """Wait until a new process has asked every registry for all that it reads at its start, and once more."""
        lists = 9  # of each: three for the latest changes, three for the entries, three of a first poll
        async with asyncio.timeout(_LIMIT_SECONDS):
            while True:
                self.process.require()
                now = await self._counts()
                if all((now[number] - before[number])["GET list"] >= lists for number in self.answering):
                    return
                await asyncio.sleep(_POLL_SECONDS)

    async def _recover(self) -> float:
        self._report("letting the others answer")
        for number in self.others:
            await self._silence("DELETE", number)
        started = _now()
        with progress.meter(self.plan.console, f"{len(self.waiting)} resources become Ready") as meter:
            await self._all_ready(self.waiting, meter)
        return max(map(self.cluster.ready.__getitem__, self.waiting), default=started) - started

    async def _quiet(self) -> Quiet:
        self._report(f"counting requests of {self.plan.quiet_seconds:g} quiet seconds")
        await self._rest()
        before, cpu_seconds = await self._counts(), self.process.cpu_seconds()
        await asyncio.sleep(self.plan.quiet_seconds)
        seen = (now - then for now, then in zip(await self._counts(), before, strict=True))
        return Quiet(
            seconds=self.plan.quiet_seconds,
            cpu_seconds=self.process.cpu_seconds() - cpu_seconds,
            memory_bytes=self.process.memory(),
            registry_requests=dict(sum(seen, Counter[str]())),
        )

    async def _connect(self, numbers: Sequence[int], condition: str = "Ready") -> None:
        """Apply ClusterRegistries, and wait until each has a condition."""
        if not numbers:
            return
        manifests = [self._registry(number) for number in numbers]
        listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
        await asyncio.to_thread(self.plane.run_kubectl, "apply", "-f", "-", stdin=listed)
        names = [manifest["metadata"]["name"] for manifest in manifests]
        wait = ["wait", f"--for=condition={condition}", f"--timeout={_LIMIT_SECONDS:.0f}s", "clusterregistry", *names]
        await asyncio.to_thread(self.plane.run_kubectl, *wait)

    def _registry(self, number: int) -> Manifest:
        spec = {"url": f"{self.url}/{number}", "tenants": [{"namespaces": ["default"]}]}
        metadata = {"name": _registry_name(number)}
        return {"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": metadata, "spec": spec}

    async def _apply(self, numbers: Iterable[int]) -> list[Place]:
        """Create the resources of registries, one chain of each after the other."""
        chains = self.plan.resources // CHAIN
        turns = iter([number for _ in range(chains) for number in numbers])
        places: list[Place] = []

        async def apply(turns: Iterator[int]) -> None:
            for number in turns:
                places.extend(await self._create(number))

        await asyncio.gather(*(apply(turns) for _ in range(APPLIERS)))
        return places

    async def _create(self, number: int) -> list[Place]:
        """Create a chain in a registry, which its model names."""
        name, self.made = f"{self.tag}-{self.made}", self.made + 1
        places = []
        for manifest in chain(name):
            if manifest["kind"] == "RegisteredModel":
                manifest["spec"]["registryRef"] = {"kind": "ClusterRegistry", "name": _registry_name(number)}
            await self.cluster.create(manifest)
            places.append((manifest["kind"], name))
        return places

    async def _all_ready(self, places: Sequence[Place], meter: progress.Meter) -> None:
        async with asyncio.timeout(_LIMIT_SECONDS):
            while missing := sum(place not in self.cluster.ready for place in places):
                self.process.require()
                self.cluster.require()
                meter.update(len(places) - missing, len(places))
                await asyncio.sleep(_POLL_SECONDS)

    async def _rest(self) -> None:
        """Wait until the operator writes nothing to the API server for two seconds."""
        async with asyncio.timeout(_LIMIT_SECONDS):
            writes = -1
            while (now := await self._writes()) != writes:
                self.process.require()
                writes = now
                await asyncio.sleep(_REST_SECONDS)

    async def _writes(self) -> int:
        requests = await self.cluster.requests()
        return sum(count for kind, count in requests.items() if kind.startswith(("PATCH", "PUT")))

    async def _counts(self) -> list[Counter[str]]:
        async with self.servers.get(f"/{COUNTS}", raise_for_status=True) as answer:
            return [Counter(one) for one in await answer.json()]

    async def _silence(self, method: str, number: int) -> None:
        async with self.servers.request(method, f"/{SILENCE}/{number}", raise_for_status=True):
            pass

    def _report(self, what: str) -> None:
        self.plan.console.print(f"  {what} …")


def _registry_name(number: int) -> str:
    return f"registry-{number}"


def _now() -> float:
    return asyncio.get_running_loop().time()
