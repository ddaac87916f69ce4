"""What every request to the API server passes: the token, the write fence, and what keeps kopf's watches alive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp

from registrar.api.meta import API_VERSION
from registrar.fencing import WriteFence

LEASES = "/apis/coordination.k8s.io/v1/"
TOKEN_LIFE_SECONDS = 60.0
"""How long a token is used before its file is read again; the kubelet rotates it long before it expires."""
REFUSED_PAUSE = 1.0
"""Seconds until a watch retries after its token was refused."""


class RotatingToken:
    """aiohttp middleware that signs every request with the token that the file holds now.

    It reads a refused token again, and repeats the request if the token has changed: the server did not process it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token = ""
        self._read_at = -TOKEN_LIFE_SECONDS

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request with the token."""
        if time.monotonic() - self._read_at >= TOKEN_LIFE_SECONDS:
            self._read()
        used = self._token
        request.headers["Authorization"] = f"Bearer {used}"
        response = await handler(request)
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        if self._token == used:
            self._read()
        if self._token == used:
            return response
        response.release()
        request.headers["Authorization"] = f"Bearer {self._token}"
        return await handler(request)

    def _read(self) -> None:
        self._token = self._path.read_text(encoding="utf-8").strip()
        self._read_at = time.monotonic()


class UnauthorizedIsTemporary:
    """aiohttp middleware for kopf that retries a refused token, up to the request's time limit.

    See `registrar.cluster.watch`, quirk 4.
    """

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request until the server accepts the token."""
        while (response := await handler(request)).status == HTTPStatus.UNAUTHORIZED:
            response.release()
            await asyncio.sleep(REFUSED_PAUSE)
        return response


class Fenced:
    """aiohttp middleware that lets writes begin only while this replica leads, and counts every request.

    The lease is exempt: a replica comes to lead by writing it.
    """

    def __init__(self, fence: WriteFence) -> None:
        self._fence = fence

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request, or raise what the fence raises."""
        if not request.url.path.startswith(LEASES):
            self._fence.request_starts(request.method)
        began, status = time.monotonic(), None
        try:
            response = await handler(request)
            status = response.status
        finally:
            self._fence.request_ended(request.method, status, time.monotonic() - began)
        return response


class NotServedIsTemporary:
    """aiohttp middleware for kopf that notes the path of each request, and turns a 404 into a broken connection.

    See `registrar.cluster.watch`, quirk 5.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request.

        Raises:
            aiohttp.ClientConnectionError: the API server does not serve what kopf watches.
        """
        path = request.url.path
        self._note(path)
        response = await handler(request)
        if response.status == HTTPStatus.NOT_FOUND and path.startswith(f"/apis/{API_VERSION}"):
            response.release()
            raise aiohttp.ClientConnectionError(f"{path} is not served (404)")
        return response
