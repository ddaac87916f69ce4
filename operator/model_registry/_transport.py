"""How requests reach the server: the token, rotated certificates, the API version, retries, time limits.

Every call passes through these methods, from the outside in, each named after what it handles:

- `Transport.send`: retries (`_retry` decides which requests may be retried)
- `_send_handling_api_version`: an API version that the server does not have
- `_send_handling_auth`: the rate limit, a free slot of the pool, a rotated token
- `_send_handling_ca_rotation`: rotated certificate authorities
- `_send_single_request`: one HTTP request, over one of the loop's `_connections`
"""

import asyncio
import os
import random
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

import anyio

from model_registry._address import API_VERSIONS, Address
from model_registry._connections import Connection, Connections
from model_registry._deadline import Deadline
from model_registry._failures import is_verification_failure
from model_registry._monitor import Monitor, NullMonitor
from model_registry._rate_limiter import RateLimiter
from model_registry._request import Request, half_characters
from model_registry._response import Response
from model_registry._retry import DEFAULT_RETRIES, MAX_RETRY_AFTER_SECONDS, retry_delay, should_retry
from model_registry._tls import TrustStore
from model_registry._token import TokenSource
from model_registry.exceptions import APIStatusError, ConnectionFailed, RegistryError

DEFAULT_IN_FLIGHT = 16
"""Concurrent requests per event loop by default: the server opens a database connection for each, without a limit."""

# anyio imports its asyncio half at the first use. In older versions a second thread could see it half imported.
_ANYIO_IMPORT_LOCK = threading.Lock()


@dataclass(frozen=True)
class _Pool:
    """What an event loop needs to send requests."""

    connections: Connections
    rate_limiter: RateLimiter
    closer: AsyncGenerator[None, None]


class Transport:
    """Sends requests to one server, from any event loop, thread or forked process.

    Connections belong to an event loop and a process, so each pair has its own pool, opened at its first call.
    `aclose()` in that loop closes it, and so does the loop's own shutdown.

    Args:
        parse_address: Returns the server's address, or raises ValueError. Called at the first request.
        token: Where the bearer token comes from.
        trust: Which certificates are trusted.
        timeout: Seconds that a call may take over all its attempts and the pauses between them. Waiting for a slot
            does not count.
        write_timeout: The same for a call that changes something. None means `timeout`.
        retries: How often a request is retried after a fault. 0 sends each request once.
        in_flight: How many requests may be in flight at once per event loop.
        requests_per_second: How many requests may be sent per second and event loop. None means no limit.
        monitor: Receives each request.

    Attributes:
        retries: The argument of that name.
    """

    def __init__(
        self,
        parse_address: Callable[[], Address],
        token: TokenSource,
        trust: TrustStore,
        timeout: float,
        *,
        write_timeout: float | None = None,
        retries: int = DEFAULT_RETRIES,
        in_flight: int = DEFAULT_IN_FLIGHT,
        requests_per_second: float | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self.retries = retries
        self._in_flight = in_flight
        self._requests_per_second = requests_per_second
        self._parse_address = parse_address
        self._token = token
        self._trust = trust
        self._timeout = timeout
        self._write_timeout = timeout if write_timeout is None else write_timeout
        self._monitor = monitor or NullMonitor()
        self._api_version = API_VERSIONS[0]
        # The parent process's pools stay here unused.
        self._pools: dict[tuple[int, asyncio.AbstractEventLoop], _Pool] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_pools": {}}  # connections stay in the process and the event loop that opened them

    def deadline_for(self, request: Request) -> Deadline:
        """Return the time limit of a call that begins with this request."""
        return Deadline(self._timeout if request.method == "GET" else self._write_timeout)

    async def send(self, request: Request, deadline: Deadline | None = None) -> Response:
        """Send a request, retry it after faults that allow it, and return the response: a success with a JSON object.

        Args:
            request: What to send.
            deadline: The time limit of the call that the request is part of. None gives the request its own.

        Raises:
            APIStatusError: The subclass that fits, if the server answers with an error.
            ConnectionFailed: If there is no response. `OutcomeUnknown` if a create may have been carried out.
            ValueError: If the server address, the token, the certificate authorities or a text are invalid.
        """
        deadline = deadline or self.deadline_for(request)
        retries_taken = 0
        while True:
            try:
                return await self._send_handling_api_version(request, deadline)
            except UnicodeEncodeError as error:
                raise half_characters(request) from error
            except (APIStatusError, ConnectionFailed) as error:
                is_safe = should_retry(error, retries_taken, is_idempotent=request.is_idempotent)
                may_retry = is_safe and retries_taken < self.retries
                if not (may_retry and await self.wait_before_retry(error, retries_taken, deadline)):
                    raise
            retries_taken += 1

    async def wait_before_retry(self, error: RegistryError, retries_taken: int, deadline: Deadline) -> bool:
        """Wait before a retry, without occupying a slot. Return False at once if not enough time is left."""
        asked = error.retry_after if isinstance(error, APIStatusError) else None
        delay = retry_delay(retries_taken, random.random(), asked)  # noqa: S311 - it spreads load, and is no secret
        if delay is None or delay >= deadline.remaining:
            return False
        deadline.remaining -= delay
        await asyncio.sleep(delay)
        return True

    async def aclose(self) -> None:
        """Close the pool of the running loop. A later call opens a new one."""
        pool = self._pools.pop((os.getpid(), asyncio.get_running_loop()), None)
        if pool is not None:
            await pool.closer.aclose()

    @cached_property
    def _address(self) -> Address:
        return self._parse_address()

    async def _send_handling_api_version(self, request: Request, deadline: Deadline) -> Response:
        """Send a request to the API version that the server has.

        The first version that answers like a registry is used from then on. A request to a version that the server
        does not have was not carried out, so it is safe to send it to the other version.
        """
        version = self._address.api_version or self._api_version
        response = await self._send_handling_auth(request, version, deadline)
        if response.is_from_another_api and self._address.api_version is None:
            (other_version,) = (known for known in API_VERSIONS if known != version)
            second = await self._send_handling_auth(request, other_version, deadline)
            if not second.is_from_another_api:
                response = second
                self._api_version = other_version if second.body else version
        response.raise_for_status()
        return response

    async def _send_handling_auth(self, request: Request, version: str, deadline: Deadline) -> Response:
        """Send a request when a slot is free, and once more if the token was refused and a newer one exists."""
        pool = await self._pool()
        async with pool.connections.slot() as connection:
            await pool.rate_limiter.acquire()
            if pool.connections.is_closed:  # while the call waited
                return await self._send_handling_auth(request, version, deadline)
            # Read now: a wait for a slot may take longer than a token is valid.
            token = self._token.read()
            response = await self._send_handling_ca_rotation(connection, request, version, token, deadline)
            if response.status == HTTPStatus.UNAUTHORIZED:
                newer_token = self._token.read(force_read=True)
                if newer_token != token:
                    response = await self._send_handling_ca_rotation(
                        connection, request, version, newer_token, deadline
                    )
        pause = response.retry_after_seconds or 0
        if response.status == HTTPStatus.TOO_MANY_REQUESTS and pause <= MAX_RETRY_AFTER_SECONDS:
            pool.rate_limiter.block_for(pause)  # each request sent now would be refused too, and count
        return response

    async def _send_handling_ca_rotation(
        self, connection: Connection, request: Request, version: str, token: str | None, deadline: Deadline
    ) -> Response:
        """Send a request, and once more if verification failed and newer certificate authorities exist."""
        reloads = self._trust.reloads
        try:
            return await self._send_single_request(connection, request, version, token, deadline)
        except ConnectionFailed as error:
            if not is_verification_failure(error) or not self._trust.reload(reloads):
                raise
        return await self._send_single_request(connection, request, version, token, deadline)

    async def _send_single_request(
        self, connection: Connection, request: Request, version: str, token: str | None, deadline: Deadline
    ) -> Response:
        url = self._address.base(version) + request.path
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        timeout = deadline.attempt_timeout(is_idempotent=request.is_idempotent or not self.retries)
        self._monitor.request_starts(request.method)
        started, status = time.monotonic(), None
        try:
            response = await connection.send(request, url, headers, timeout, deadline)
            status = response.status
        finally:
            self._monitor.request_ended(request.method, status, time.monotonic() - started)
        return response

    async def _pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        key = (os.getpid(), loop)
        pool = self._pools.get(key)
        if pool is None:
            for known in [known for known in self._pools if known[0] == key[0] and known[1].is_closed()]:
                self._pools.pop(known, None)
            with _ANYIO_IMPORT_LOCK:
                anyio.current_time()
            connections = Connections(self._address, self._trust, self._in_flight, self._timeout)
            limiter, closer = RateLimiter(self._requests_per_second), self._close_with_loop(key, connections)
            pool = self._pools[key] = _Pool(connections, limiter, closer)
            # The loop knows every started generator, and closes it when the loop itself shuts down.
            await anext(pool.closer)
        return pool

    async def _close_with_loop(
        self, key: tuple[int, asyncio.AbstractEventLoop], connections: Connections
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._pools.pop(key, None)
            await connections.aclose()
