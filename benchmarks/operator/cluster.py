"""The benchmark's client of the API server: creates resources, watches which become Ready, and reads its counters."""

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

_PATH = f"/apis/{API_VERSION}/namespaces/default/"
_REQUESTS = "apiserver_request_total"
_WATCH_SECONDS = 7200
_RETRY_SECONDS = 0.1
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)

Place = tuple[str, str]
"""Kind and name of a resource."""


class ClusterError(RuntimeError):
    """The API server refused a resource of the benchmark."""


class Cluster:
    """A few calls, and a watch of each kind. `connected` returns it.

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
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def create(self, manifest: Manifest) -> None:
        """Create a resource.

        Raises:
            ClusterError: The API server refused it.
        """
        async with self._session.post(_PATH + PLURALS[manifest["kind"]], json=manifest) as answer:
            text = await answer.text()
            if not answer.ok:
                raise ClusterError(f"{manifest['kind']} {manifest['metadata']['name']} was refused: {text}")

    async def entry_id(self, kind: str, name: str) -> str:
        """Return the ID in a resource's status."""
        async with self._session.get(f"{_PATH}{PLURALS[kind]}/{name}") as answer:
            return str((await answer.json())["status"]["id"])

    async def became_ready(self, place: Place) -> float:
        """Wait until a resource is Ready; return the time on the loop's clock when it became Ready."""
        if place not in self.ready:
            awaited = self._awaited.setdefault(place, asyncio.get_running_loop().create_future())
            return await awaited
        return self.ready[place]

    async def requests(self) -> Counter[str]:
        """Return how many requests for our resources and for Events the API server has answered so far."""
        async with self._session.get("/metrics") as answer:
            return counted(await answer.text())

    async def _watch(self, kind: str) -> None:
        address = f"/apis/{API_VERSION}/{PLURALS[kind]}"
        # A new definition is served some time after it is Established, and the API server may end a watch at any time.
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
        """Raise the error that ended a watch, if any."""
        for watch in self._watches:
            if watch.done():
                watch.result()

    def _see(self, body: dict[str, Any]) -> None:
        place = body["kind"], body["metadata"]["name"]
        conditions = body.get("status", {}).get("conditions", ())
        is_ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
        if place in self.ready or not is_ready:
            return
        self.ready[place] = now = asyncio.get_running_loop().time()
        if (awaited := self._awaited.pop(place, None)) is not None and not awaited.done():
            awaited.set_result(now)


def counted(metrics: str) -> Counter[str]:
    """Count the requests of operators in the API server's metrics.

    Args:
        metrics: The metrics in Prometheus's text format.

    Returns:
        Numbers by kind of request, such as ``PATCH status``, ``PATCH``, ``LIST``, ``POST events``. They include
        requests for our resources, except creations, which are the benchmark's own, and requests for Events.
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
    """Connect, and watch which resources become Ready, for the length of the block.

    Args:
        kubeconfig: A file with one cluster and one user, everything embedded.
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
