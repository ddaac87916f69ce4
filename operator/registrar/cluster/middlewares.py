"""What every request to the API server passes: the token, the gate for writes, and what keeps kopf's watches going."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp

from registrar.api.meta import API_VERSION
from registrar.fencing import Gate

LEASES = "/apis/coordination.k8s.io/v1/"
TOKEN_LIFE = 60.0
"""Seconds for which a token file is trusted before it is read again; the kubelet rotates it long before it ends."""
REFUSED_PAUSE = 1.0
"""Seconds until a watch asks again after its token was refused."""


class RotatingToken:
    """aiohttp middleware that signs every request with the token that the file holds now.

    A token that is refused is read again, and the request repeated if there is another one: it was not carried out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token = ""
        self._read_at = -TOKEN_LIFE

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request with the token."""
        if time.monotonic() - self._read_at >= TOKEN_LIFE:
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


class Patient:
    """aiohttp middleware for kopf that waits a refused token out, up to the request's time limit.

    Told of a 401, kopf closes the session under its other watches, and may then wait for itself for ever.
    """

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Ask until the token is taken."""
        while (response := await handler(request)).status == HTTPStatus.UNAUTHORIZED:
            response.release()
            await asyncio.sleep(REFUSED_PAUSE)
        return response


class Gated:
    """aiohttp middleware that lets writes begin only while this replica may write, and counts every request.

    The lease is exempt: by writing it one comes to lead.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request, or raise what the gate raises."""
        if not request.url.path.startswith(LEASES):
            self._gate.request_starts(request.method)
        began, status = time.monotonic(), None
        try:
            response = await handler(request)
            status = response.status
        finally:
            self._gate.request_ended(request.method, status, time.monotonic() - began)
        return response


class Watched:
    """aiohttp middleware for kopf: tells somebody the path of each request, and keeps kopf from giving a watch up.

    kopf ends a watch for good, and goes on without, when it is answered with 404, as a new definition may be for a
    moment after it is established. After a connection that broke it tries again.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request.

        Raises:
            aiohttp.ClientConnectionError: what is watched is not served.
        """
        path = request.url.path
        self._note(path)
        response = await handler(request)
        if response.status == HTTPStatus.NOT_FOUND and path.startswith(f"/apis/{API_VERSION}"):
            response.release()
            raise aiohttp.ClientConnectionError(f"{path} is not served (404)")
        return response
