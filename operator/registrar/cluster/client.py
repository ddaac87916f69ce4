"""Our own calls to the API server: status, finalizer, Events, discovery, the lease.

kopf gets sessions of the same login. The status is written here and not through kopf (`registrar.cluster.watch` says
why).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import API_VERSION, GROUP, VERSION, ObjectMeta
from registrar.cluster.api import KubernetesError, ResourceGoneError, StaleResourceError
from registrar.cluster.echoes import Echoes
from registrar.cluster.middlewares import LEASES, Fenced, RefusalsAreTemporary, RotatingToken
from registrar.cluster.responses import KopfResponse, ShallowResponse
from registrar.fencing import READS, WriteFence
from registrar.kinds.table import KINDS

FIELD_MANAGER = "model-registrar"
"""Who wrote a field, as ``managedFields`` shows it."""
USER_AGENT = f"model-registrar/{metadata.version('model-registrar')}"

MAX_CONNECTIONS = 50
"""Connections for our own calls. kopf's watches have a pool of their own without a limit: each watch holds a connection
all the time, one for every kind and namespace, and together they would leave none for a call."""
PAGE_SIZE = 500
"""Resources in one answer to a list."""
REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)

_PLURALS = {kind.name: kind.resource.PLURAL for kind in KINDS}


def list_path(plural: str, namespace: str | None) -> str:
    """Return the path of all resources of a kind, in a namespace or (None) in all."""
    place = "" if namespace is None else f"namespaces/{namespace}/"
    return f"/apis/{API_VERSION}/{place}{plural}"


@dataclass(frozen=True, slots=True)
class ClusterLogin:
    """How to reach one API server.

    Attributes:
        server: its address, such as ``https://10.0.0.1:443``.
        tls: the context with its certificate authority and, if any, the client certificate.
        headers: headers of every request, such as a fixed ``Authorization``.
        token_file: a projected token that is rotated; it is read again while the operator runs.
        proxy: proxy address, if any.
    """

    server: str
    tls: ssl.SSLContext
    headers: Mapping[str, str]
    token_file: Path | None = None
    proxy: str | None = None

    def token(self) -> str | None:
        """Return the bearer token as it is now; None if this login uses none. Raises OSError for its file."""
        if self.token_file is not None:
            return self.token_file.read_text(encoding="utf-8").strip()
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else None


class KubernetesAPI:
    """The calls to the API server that this operator needs; `registrar.cluster.api.ClusterAPI` is what reconciles use.

    Args:
        login: how to reach it.
        fence: what every request passes.
        write_timeout: seconds that a write may take; None for as many as any other request. The lease has its own
            limits.
    """

    def __init__(self, login: ClusterLogin, fence: WriteFence, write_timeout: float | None = None) -> None:
        self.server = login.server.rstrip("/")
        self._login = login
        self._write_timeout = REQUEST_TIMEOUT if write_timeout is None else aiohttp.ClientTimeout(total=write_timeout)
        self._calls = aiohttp.TCPConnector(limit=MAX_CONNECTIONS, ssl=login.tls)
        self._watches = aiohttp.TCPConnector(limit=0, ssl=login.tls)
        token = (RotatingToken(login.token_file),) if login.token_file else ()
        self._middlewares = (Fenced(fence), *token)
        self._session = self._open_session(self._calls)
        self._echoes = Echoes()

    def own_token(self) -> str | None:
        """Return the bearer token of the operator as it is now; None if the login uses none. Raises OSError."""
        return self._login.token()

    def open_watch_session(self, note: Callable[[str], None], show: Callable[[Body], None]) -> aiohttp.ClientSession:
        """Return a session for kopf; closing it leaves the pool open.

        Its watches leave out what the answers to our own writes have shown. `note` takes the path of each request, and
        `show` the resources of each list, which kopf does not get.
        """
        answers = KopfResponse.of(self._echoes, show)
        return self._open_session(self._watches, RefusalsAreTemporary(note), response_class=answers)

    def _open_session(
        self,
        pool: aiohttp.TCPConnector,
        *more: aiohttp.ClientMiddlewareType,
        response_class: type[ShallowResponse] = ShallowResponse,
    ) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            response_class=response_class,
            connector=pool,
            connector_owner=False,
            headers={"User-Agent": USER_AGENT, **self._login.headers},
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
        """Return the resource as it is now; None if it does not exist."""
        try:
            return await self._request("GET", self._path(key))
        except ResourceGoneError:
            return None

    async def served_plurals(self) -> frozenset[str]:
        """Return the plural names that the API server serves in our group and version; none without our CRDs.

        It lists the groups apart from their resources, and serves both a little later than a definition is created.
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
        """Return a page of a list, as the API server sends it.

        Args:
            path: the list's, see `list_path`.
            limit: how many resources it may contain.
            token: ``metadata.continue`` of the page before; all pages show the same moment.

        Raises:
            KubernetesError: with status 410, if the first page is too old.
        """
        return await self._request("GET", f"{path}?{urlencode({'limit': limit, 'continue': token})}")

    async def patch_status(self, key: ResourceKey, metadata: ObjectMeta, status: Mapping[str, Any]) -> Body:
        """Merge a patch into the status of exactly this version of a resource; returns the resource after it.

        The caller keeps that, because the watch does not show it again.

        Raises:
            StaleResourceError: the resource has changed in between.
            ResourceGoneError: the resource no longer exists.
        """
        patch = {"metadata": {"resourceVersion": metadata.resource_version}, "status": status}
        return await self._patch_resource(f"{self._path(key)}/status", patch)

    async def patch_finalizers(self, key: ResourceKey, metadata: ObjectMeta, finalizers: Sequence[str]) -> Body:
        """Replace the finalizers of exactly this version of a resource. Returns and raises as `patch_status`."""
        patch = {"resourceVersion": metadata.resource_version, "finalizers": list(finalizers)}
        return await self._patch_resource(self._path(key), {"metadata": patch})

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        """Post one Event (core/v1), or merge a patch into it where it exists already.

        Args:
            name: the Event's name.
            event: the whole Event, posted where it is new or no longer exists.
            patch: what to change on the existing one; None for a new Event.
        """
        path = f"/api/v1/namespaces/{event['metadata']['namespace']}/events"
        if patch is not None:
            try:
                await self._patch(f"{path}/{name}", patch)
            except ResourceGoneError:
                pass
            else:
                return
        await self._request("POST", path, json=event)

    async def _patch_resource(self, path: str, patch: Mapping[str, Any]) -> Body:
        answer = await self._patch(path, patch)
        self._echoes.expect(answer)
        return answer

    async def patch_unwatched(self, path: str, patch: Mapping[str, Any]) -> Body:
        """Merge a patch into an object that the watch shows again all the same. Raises as `patch_status`."""
        return await self._patch(path, patch)

    async def get_values(self, namespace: str, plural: str, name: str) -> Mapping[str, str]:
        """Return the values of a Secret (in Base64) or of a ConfigMap, by key.

        Raises:
            ResourceGoneError: it does not exist.
            KubernetesError: the operator may not read it, or the API server did not answer.
        """
        found = await self._request("GET", f"/api/v1/namespaces/{namespace}/{plural}/{name}")
        return found.get("data") or {}

    async def create_token(self, namespace: str, account: str, audience: str | None, seconds: int) -> tuple[str, float]:
        """Have a token of a ServiceAccount issued; returns it, and how many seconds it lives.

        Args:
            namespace: the ServiceAccount's.
            account: its name.
            audience: whom the token is for; None for the API server itself.
            seconds: how long it should live; the API server may allow less.

        Raises:
            ResourceGoneError: the ServiceAccount does not exist.
            KubernetesError: the operator may not do that, or the API server did not answer.
            NotLeadingError: this replica does not lead.
        """
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        audiences = {} if audience is None else {"audiences": [audience]}
        wanted = {"expirationSeconds": seconds, **audiences}
        answer = await self._request(
            "POST", path, json={"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": wanted}
        )
        token = (answer.get("status") or {}).get("token")
        if not isinstance(token, str):
            raise KubernetesError(0, "Unreachable", f"{self.server} answered without a token")
        return token, (answer.get("spec") or {}).get("expirationSeconds", seconds)

    async def _patch(self, path: str, patch: Mapping[str, Any]) -> Body:
        return await self._request("PATCH", path, json=patch, content_type="application/merge-patch+json")

    @staticmethod
    def _path(key: ResourceKey) -> str:
        return f"/apis/{API_VERSION}/namespaces/{key.namespace}/{_PLURALS[key.kind]}/{key.name}"

    async def request_lease(
        self, method: str, namespace: str, name: str = "", *, json: Mapping[str, Any] | None = None
    ) -> Body:
        """Send one request for a Lease, or (without a name) for the Leases of a namespace. Raises KubernetesError."""
        path = f"{LEASES}namespaces/{namespace}/leases"
        return await self._request(method, f"{path}/{name}" if name else path, json=json)

    async def _request(
        self, method: str, path: str, *, json: Mapping[str, Any] | None = None, content_type: str = "application/json"
    ) -> dict[str, Any]:
        headers = {"Content-Type": content_type} if json is not None else {}
        params = {} if method in READS else {"fieldManager": FIELD_MANAGER}
        is_read = method in READS or path.startswith(LEASES)
        timeout = REQUEST_TIMEOUT if is_read else self._write_timeout
        try:
            async with self._session.request(
                method, self.server + path, json=json, headers=headers, params=params, timeout=timeout
            ) as response:
                if response.ok:
                    answer: dict[str, Any] = await response.json()
                    return answer
                raise await _error_of(response)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # What is no JSON is a ValueError. The repr of an error of aiohttp has the headers of the request, and the
            # operator's token among them.
            problem = f"{self.server} did not answer as an API server: {type(error).__name__} {error}".rstrip()
            raise KubernetesError(0, "Unreachable", problem) from error


async def _error_of(response: aiohttp.ClientResponse) -> KubernetesError:
    try:
        answer = await response.json(content_type=None)
        reason, message = answer.get("reason", ""), answer.get("message", "")
    except (ValueError, AttributeError):
        reason, message = response.reason or "", (await response.text())[:200]
    kinds = {404: ResourceGoneError, 409: StaleResourceError}
    return kinds.get(response.status, KubernetesError)(response.status, reason, message)


async def list_pages(kube: KubernetesAPI, path: str) -> AsyncIterator[Body]:
    """Yield the pages of a list, which all show the same moment.

    Raises:
        KubernetesError: with status 410, if the first page is too old.
    """
    page = await kube.list_page(path, PAGE_SIZE)
    yield page
    while token := page["metadata"].get("continue"):
        page = await kube.list_page(path, PAGE_SIZE, token)
        yield page
