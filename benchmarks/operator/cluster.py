"""The benchmark's own view of the API server: it applies, watches what becomes Ready, and reads the counters."""

import asyncio
import base64
import contextlib
import json
import ssl
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.operator.resources import PLURALS, Manifest
from registrar.api.meta import API_VERSION, GROUP

_PLACE = f"/apis/{API_VERSION}/namespaces/default/"
_REQUESTS = "apiserver_request_total"
_WATCH_SECONDS = 7200
_RETRY_SECONDS = 0.1
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)

Place = tuple[str, str]
"""Kind and name of a resource."""


class ClusterError(RuntimeError):
    """The API server refused what the benchmark applied."""


class Cluster:
    """A few calls, and a watch of each kind. Made by `connected`.

    Attributes:
        ready: When each resource became Ready, on the loop's clock.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.ready: dict[Place, float] = {}
        self._awaited: dict[Place, asyncio.Future[float]] = {}
        self._session = session
        self._watches = [asyncio.create_task(self._watch(kind)) for kind in PLURALS]

    async def aclose(self) -> None:
        """End the watches."""
        for one in self._watches:
            one.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def create(self, manifest: Manifest) -> None:
        """Create a resource.

        Raises:
            ClusterError: It was refused.
        """
        async with self._session.post(_PLACE + PLURALS[manifest["kind"]], json=manifest) as answer:
            text = await answer.text()
            if not answer.ok:
                raise ClusterError(f"{manifest['kind']} {manifest['metadata']['name']} was not taken: {text}")

    async def entry_id(self, kind: str, name: str) -> str:
        """The ID that a resource's status tells."""
        async with self._session.get(f"{_PLACE}{PLURALS[kind]}/{name}") as answer:
            return str((await answer.json())["status"]["id"])

    async def became_ready(self, place: Place) -> float:
        """Wait until a resource is Ready; returns when it became so."""
        if place not in self.ready:
            awaited = self._awaited.setdefault(place, asyncio.get_running_loop().create_future())
            return await awaited
        return self.ready[place]

    async def requests(self) -> Counter[str]:
        """How many requests about our resources, and about Events, the API server has answered so far."""
        async with self._session.get("/metrics") as answer:
            return counted(await answer.text())

    async def _watch(self, kind: str) -> None:
        address = f"/apis/{API_VERSION}/{PLURALS[kind]}"
        # The API server serves a new definition a little later than it says, and ends a watch when it pleases.
        while True:
            async with self._session.get(address) as answer:
                listed = await answer.json()
                if not answer.ok:
                    await asyncio.sleep(_RETRY_SECONDS)
                    continue
            for body in listed["items"]:
                self._see({"kind": kind, **body})
            version = listed["metadata"]["resourceVersion"]
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(_WATCH_SECONDS)}
            with contextlib.suppress(aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError):
                async with self._session.get(address, params=query) as answer:
                    async for line in answer.content:
                        event = json.loads(line)
                        if event["type"] == "ERROR":
                            break
                        self._see(event["object"])

    def require(self) -> None:
        """Raise what has ended one of the watches, if anything has."""
        for watch in self._watches:
            if watch.done():
                watch.result()

    def _see(self, body: dict[str, Any]) -> None:
        place = body["kind"], body["metadata"]["name"]
        conditions = body.get("status", {}).get("conditions", ())
        if place in self.ready or not any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
            return
        self.ready[place] = now = asyncio.get_running_loop().time()
        if (awaited := self._awaited.pop(place, None)) is not None and not awaited.done():
            awaited.set_result(now)


def counted(metrics: str) -> Counter[str]:
    """Count the requests of operators in the API server's metrics.

    Args:
        metrics: In Prometheus's text format.

    Returns:
        Numbers by what was asked for, such as ``PATCH status``, ``PATCH``, ``LIST``, ``POST events``: those about our
        resources, without the creations, which are the benchmark's own, and those about Events.
    """
    lines = "".join(f"{line}\n" for line in metrics.splitlines() if line.startswith(_REQUESTS))
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(lines):
        for sample in family.samples:
            labels = sample.labels
            is_creation = labels["verb"] == "POST"
            if labels["group"] == GROUP and not is_creation:
                found[f"{labels['verb']} {labels['subresource']}".strip()] += int(sample.value)
            elif labels["resource"] == "events":
                found[f"{labels['verb']} events"] += int(sample.value)
    return found


@asynccontextmanager
async def connected(kubeconfig: Path) -> AsyncIterator[Cluster]:
    """Connect, and watch what becomes Ready, for the length of the block.

    Args:
        kubeconfig: With one cluster and one user, all embedded.
    """
    server, tls = _login(kubeconfig)
    pool = aiohttp.TCPConnector(ssl=tls, limit=0)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(server, connector=pool, timeout=_TIMEOUT))
        cluster = Cluster(session)
        try:
            yield cluster
        finally:
            await cluster.aclose()


def _login(kubeconfig: Path) -> tuple[str, ssl.SSLContext]:
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        certificate.write_bytes(base64.b64decode(user["client-certificate-data"]))
        key.write_bytes(base64.b64decode(user["client-key-data"]))
        context.load_cert_chain(certificate, key)
    return cluster["server"], context
