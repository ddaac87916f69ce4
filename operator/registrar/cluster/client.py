"""Our own calls to the API server: status, finalizer, Events, discovery, the lease.

kopf gets sessions of the same login. Status is written here and not through kopf, because kopf loses it for good when
its PATCH fails (docs/design).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.meta import API_VERSION, FINALIZER, GROUP, VERSION
from registrar.api.v1alpha1 import KINDS
from registrar.cluster.middlewares import LEASES, Gated, Patient, RotatingToken, Watched
from registrar.fencing import READS, Gate

CONNECTIONS = 50
"""Connections for our own calls. kopf's watches have a pool of their own without a limit: each of them holds its
connection all the time, three for every namespace, and together they would leave none for a call."""
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)

_PLURALS = {kind.KIND: kind.PLURAL for kind in KINDS}


def list_path(plural: str, namespace: str | None) -> str:
    """The path of all resources of a kind, in a namespace or (None) in all."""
    place = "" if namespace is None else f"namespaces/{namespace}/"
    return f"/apis/{API_VERSION}/{place}{plural}"


class KubernetesError(Exception):
    """The API server refused a request, or did not answer.

    Attributes:
        status: HTTP status; 0 without an answer.
        reason: the machine-readable reason of the Status object, such as ``Conflict``.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{message} ({status} {reason})")
        self.status = status
        self.reason = reason


class StaleResourceError(KubernetesError):
    """The resource has changed since the body at hand was read (409)."""


class ResourceGoneError(KubernetesError):
    """The resource is not there (404)."""


@dataclass(frozen=True, slots=True)
class ClusterLogin:
    """How to reach one API server.

    Attributes:
        server: its address, such as ``https://10.0.0.1:443``.
        tls: the context with its certificate authority and, if any, the client certificate.
        headers: headers of every request, such as a fixed ``Authorization``.
        token_file: a projected token that is rotated; read again while the operator runs.
        proxy: proxy address, if any.
    """

    server: str
    tls: ssl.SSLContext
    headers: Mapping[str, str]
    token_file: Path | None = None
    proxy: str | None = None


class KubernetesAPI:
    """A few calls to the API server, for the kinds of this operator.

    Args:
        login: how to reach it.
        gate: what every request passes.
        write_timeout: seconds that a write may take; None for as many as any other request. The lease has limits of its
            own.
    """

    def __init__(self, login: ClusterLogin, gate: Gate, write_timeout: float | None = None) -> None:
        self.server = login.server.rstrip("/")
        self._login = login
        self._write_timeout = REQUEST_TIMEOUT if write_timeout is None else aiohttp.ClientTimeout(total=write_timeout)
        self._calls = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=login.tls)
        self._watches = aiohttp.TCPConnector(limit=0, ssl=login.tls)
        token = (RotatingToken(login.token_file),) if login.token_file else ()
        self._middlewares = (Gated(gate), *token)
        self._session = self._open_session(self._calls)

    def open_watch_session(self, note: Callable[[str], None]) -> aiohttp.ClientSession:
        """A session for kopf, which tells the path of each request; closing it, as kopf does, leaves the pool open."""
        return self._open_session(self._watches, Watched(note), Patient())

    def _open_session(self, pool: aiohttp.TCPConnector, *more: aiohttp.ClientMiddlewareType) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=pool,
            connector_owner=False,
            headers=dict(self._login.headers),
            middlewares=(*more, *self._middlewares),
            proxy=self._login.proxy,
            timeout=REQUEST_TIMEOUT,
        )

    async def aclose(self) -> None:
        """Close the pools."""
        await self._session.close()
        await self._calls.close()
        await self._watches.close()

    async def get(self, key: ResourceKey) -> Body | None:
        """The resource as it is now, or None."""
        try:
            return await self._request("GET", self._path(key))
        except ResourceGoneError:
            return None

    async def served_plurals(self) -> frozenset[str]:
        """The plural names that the API server serves in our group and version; empty without our CRDs.

        It lists the groups apart from what is in them, and learns of either a little later than of a definition.
        """
        groups = await self._request("GET", "/apis")
        if GROUP not in {group["name"] for group in groups["groups"]}:
            return frozenset()
        try:
            answer = await self._request("GET", f"/apis/{GROUP}/{VERSION}")
        except ResourceGoneError:
            return frozenset()
        return frozenset(resource["name"] for resource in answer["resources"])

    async def list_page(self, path: str, limit: int, token: str = "") -> Body:
        """A page of a list, as the API server sends it.

        Args:
            path: of the list, see `list_path`.
            limit: how many resources it may hold.
            token: ``metadata.continue`` of the page before; all pages show the same moment.

        Raises:
            KubernetesError: with status 410, if the moment of the first page is too long ago.
        """
        return await self._request("GET", f"{path}?{urlencode({'limit': limit, 'continue': token})}")

    async def patch_status(self, body: Body, status: Mapping[str, Any]) -> Body:
        """Merge a patch into the status of exactly this version of the resource.

        Raises:
            StaleResourceError: the resource has changed meanwhile.
            ResourceGoneError: the resource is gone.
        """
        patch = {"metadata": {"resourceVersion": body["metadata"]["resourceVersion"]}, "status": status}
        return await self._patch(f"{self._path(key_of(body))}/status", patch)

    async def add_finalizer(self, body: Body) -> Body:
        """Put our finalizer on exactly this version of the resource. Raises as `patch_status`."""
        finalizers = [*body["metadata"].get("finalizers", ()), FINALIZER]
        return await self._patch_finalizers(body, finalizers)

    async def remove_finalizer(self, body: Body) -> Body:
        """Take our finalizer off exactly this version of the resource. Raises as `patch_status`."""
        finalizers = [name for name in body["metadata"].get("finalizers", ()) if name != FINALIZER]
        return await self._patch_finalizers(body, finalizers)

    async def create_event(self, event: Mapping[str, Any], namespace: str) -> None:
        """Post one Event (core/v1)."""
        await self._request("POST", f"/api/v1/namespaces/{namespace}/events", json=event)

    async def _patch_finalizers(self, body: Body, finalizers: list[str]) -> Body:
        metadata = {"resourceVersion": body["metadata"]["resourceVersion"], "finalizers": finalizers}
        return await self._patch(self._path(key_of(body)), {"metadata": metadata})

    async def _patch(self, path: str, patch: Mapping[str, Any]) -> Body:
        return await self._request("PATCH", path, json=patch, content_type="application/merge-patch+json")

    @staticmethod
    def _path(key: ResourceKey) -> str:
        return f"/apis/{API_VERSION}/namespaces/{key.namespace}/{_PLURALS[key.kind]}/{key.name}"

    async def request_lease(
        self, method: str, namespace: str, name: str = "", *, json: Mapping[str, Any] | None = None
    ) -> Body:
        """One request for a Lease, or (without a name) for the Leases of a namespace. Raises KubernetesError."""
        path = f"{LEASES}namespaces/{namespace}/leases"
        return await self._request(method, f"{path}/{name}" if name else path, json=json)

    async def _request(
        self, method: str, path: str, *, json: Mapping[str, Any] | None = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        headers = {"Content-Type": content_type} if json is not None else {}
        is_read = method in READS or path.startswith(LEASES)
        timeout = REQUEST_TIMEOUT if is_read else self._write_timeout
        try:
            async with self._session.request(
                method, self.server + path, json=json, headers=headers, timeout=timeout
            ) as response:
                if response.ok:
                    answer: dict[str, Any] = await response.json()
                    return answer
                raise await _error_of(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KubernetesError(0, "Unreachable", f"{self.server} did not answer: {error!r}") from error


async def _error_of(response: aiohttp.ClientResponse) -> KubernetesError:
    try:
        answer = await response.json(content_type=None)
        reason, message = answer.get("reason", ""), answer.get("message", "")
    except (ValueError, AttributeError):
        reason, message = response.reason or "", (await response.text())[:200]
    kinds = {404: ResourceGoneError, 409: StaleResourceError}
    return kinds.get(response.status, KubernetesError)(response.status, reason, message)
