"""What every request to the API server passes: the token, the write fence, and what keeps kopf's watches alive."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import aiohttp

from registrar.api.meta import API_VERSION
from registrar.fencing import WriteFence

logger = logging.getLogger(__name__)

LEASES = "/apis/coordination.k8s.io/v1/"
TOKEN_LIFE_SECONDS = 60.0
"""How long a token is used before its file is read again; the kubelet rotates it long before it expires."""
REFUSED_PAUSE = 1.0
"""Seconds until a request of a watch that was refused is repeated, unless the API server names others."""
MAX_PAUSE = 30.0
"""The longest pause that the API server can ask for."""


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


class RefusalsAreTemporary:
    """aiohttp middleware for kopf that repeats a request which is refused for now, up to the request's time limit.

    That is a token that is not valid yet (401), a definition that is not served yet (404), and an API server that asks
    for patience (429). A page of a list that has expired (410) cannot be repeated, so kopf has to list again. See
    `registrar.cluster.watch`, quirks 4, 5, 12 and 17.

    Args:
        note: takes the path of each request, and of each repetition.
    """

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request until it is not refused, or is refused for good.

        Raises:
            aiohttp.ClientPayloadError: The list to which this page belongs has expired. kopf lists again after that.
        """
        path, is_logged = request.url.path, False
        while True:
            self._note(path)
            response = await handler(request)
            if response.status == HTTPStatus.GONE and "continue" in request.url.query:
                response.release()
                raise aiohttp.ClientPayloadError(f"the list of {path} has expired")
            pause = _pause_after(response, path)
            if pause is None:
                return response
            if not is_logged:
                logger.warning("The API server answers %d to %s for now; asking again.", response.status, path)
                is_logged = True
            response.release()
            await asyncio.sleep(pause)


def _pause_after(response: aiohttp.ClientResponse, path: str) -> float | None:
    """Return the seconds until a refused request is repeated; None if the answer stands."""
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        asked = response.headers.get("Retry-After", "")
        return min(float(asked), MAX_PAUSE) if asked.isdecimal() else REFUSED_PAUSE
    is_not_served = response.status == HTTPStatus.NOT_FOUND and path.startswith(f"/apis/{API_VERSION}")
    return REFUSED_PAUSE if is_not_served or response.status == HTTPStatus.UNAUTHORIZED else None


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
