"""How requests reach the server: pools, the token, TLS, time limits. The only module that knows httpx.

One call passes through, from the outside in: `Transport.call` (repeats what `_retry` says may be repeated), `_try` (API
version; status -> result or error), `_exchange` (one answer, in a free slot of the pool, with a token that is good),
`_attempt` (one HTTP request, with certificate authorities that are).
"""

import asyncio
import os
import random
import ssl
import threading
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy

import anyio
import httpx

from ._address import API_VERSIONS, Address
from ._answer import Answer
from ._budget import Budget
from ._monitor import Monitor, Unmonitored
from ._pace import Pace
from ._request import Request
from ._retry import LONGEST_REQUESTED, RETRIES, delay_before, may_repeat
from ._tls import Trust
from ._token import TokenSource
from .exceptions import APIStatusError, ConnectionFailed, OutcomeUnknown, RequestTimeout, StoreError

IN_FLIGHT = 16
"""Requests at once per event loop unless told: the server opens a database connection for each, without bound."""

CONNECT_SECONDS = 5.0
# Shorter than uvicorn's and Node's 5 s, so that it is nearly always we who close an idle connection.
_KEEPALIVE_SECONDS = 4.0
# anyio loads its asyncio half at the first use; older ones let a second thread see it half loaded.
_LOADING = threading.Lock()


@dataclass(frozen=True)
class _Pool:
    """The connections of one event loop."""

    http: httpx.AsyncClient
    slots: asyncio.Semaphore
    pace: Pace
    keeper: AsyncGenerator[None, None]


class Transport:
    """Sends requests to one server, from any event loop, thread or forked process.

    Connections belong to the event loop and the process that opened them, so there is a pool for each pair, opened at
    its first call. It is closed by `aclose()` in that loop, or by the loop's own shutdown (`asyncio.run` does it).

    Args:
        parse_address: Returns the server's address, or raises ValueError; asked at the first call.
        token: What to send as bearer token.
        trust: Whose certificates are believed.
        timeout: Seconds that a call may take over all its tries and the pauses between them. Waiting for its turn is
            not counted.
        write_timeout: The same for a call that changes something; `timeout` if None.
        retries: How often a request is repeated after a fault; 0 sends each once.
        in_flight: How many requests may be under way at once per event loop.
        per_second: How many may be sent per second and event loop; None for any number.
        monitor: Is told of each request.

    Attributes:
        retries: The same.
    """

    def __init__(
        self,
        parse_address: Callable[[], Address],
        token: TokenSource,
        trust: Trust,
        timeout: float,
        *,
        write_timeout: float | None = None,
        retries: int = RETRIES,
        in_flight: int = IN_FLIGHT,
        per_second: float | None = None,
        monitor: Monitor | None = None,
    ) -> None:
        self.retries = retries
        self._in_flight = in_flight
        self._per_second = per_second
        self._parse_address = parse_address
        self._token = token
        self._trust = trust
        self._timeout = timeout
        self._write_timeout = timeout if write_timeout is None else write_timeout
        self._monitor = monitor or Unmonitored()
        self._version = API_VERSIONS[0]
        # An inherited pool of the parent process stays here, untouched: closing it would disturb the parent's.
        self._pools: dict[tuple[int, asyncio.AbstractEventLoop], _Pool] = {}

    def budget(self, request: Request) -> Budget:
        """Return the time that a call may take which begins with this request."""
        return Budget(self._timeout if request.method == "GET" else self._write_timeout)

    async def call(self, request: Request, budget: Budget | None = None) -> Answer:
        """Send a request, repeat it after faults that allow it, and return the answer: a success with a JSON object.

        Args:
            request: What to send.
            budget: The time that is left for it; its own if None.

        Raises:
            APIStatusError: If it is no success; of the class that fits.
            ConnectionFailed: If there is no answer; `OutcomeUnknown` if that leaves a create in doubt.
            ValueError: If the server address, the token or the certificate authorities make no sense.
        """
        budget = budget or self.budget(request)
        tried = 0
        while True:
            try:
                return await self._try(request, budget)
            except (APIStatusError, ConnectionFailed) as error:
                if tried >= self.retries or not may_repeat(error, tried, is_repeatable=request.is_repeatable):
                    raise
                if not await self.pause(error, tried, budget):
                    raise
            tried += 1

    async def pause(self, error: StoreError, tried: int, budget: Budget) -> bool:
        """Wait before a request is repeated, without holding a slot; return False at once if there is no time."""
        asked = error.retry_after if isinstance(error, APIStatusError) else None
        delay = delay_before(tried, random.random(), asked)  # noqa: S311 - it spreads load, and guards nothing
        if delay is None or delay >= budget.left:
            return False
        budget.left -= delay
        await asyncio.sleep(delay)
        return True

    async def aclose(self) -> None:
        """Close the pool of the running loop. A later call opens a new one."""
        pool = self._pools.pop((os.getpid(), asyncio.get_running_loop()), None)
        if pool is not None:
            await pool.keeper.aclose()

    @cached_property
    def _address(self) -> Address:
        return self._parse_address()

    async def _try(self, request: Request, budget: Budget) -> Answer:
        """Send a request, to the version of the API that the server has.

        The first version that answers like a registry is used from then on; the request that is told "not this one" has
        not been carried out, so it is safe to send to the other.
        """
        version = self._address.api_version or self._version
        answer = await self._exchange(request, version, budget)
        if answer.is_of_another_api and self._address.api_version is None:
            (other,) = (known for known in API_VERSIONS if known != version)
            second = await self._exchange(request, other, budget)
            if not second.is_of_another_api:
                answer = second
                self._version = other if second.body else version
        answer.result()
        return answer

    async def _exchange(self, request: Request, version: str, budget: Budget) -> Answer:
        """Send a request when a slot is free; once more if the token was refused and there is a newer one."""
        pool = await self._pool()
        async with pool.slots:
            await pool.pace.turn()
            # Read now, because waiting for its turn may take longer than a token lives.
            token = self._token.read()
            answer = await self._attempt(pool.http, request, version, token, budget)
            if answer.status == HTTPStatus.UNAUTHORIZED:
                newer = self._token.read(afresh=True)
                if newer != token:
                    answer = await self._attempt(pool.http, request, version, newer, budget)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS and (answer.seconds_to_wait or 0) <= LONGEST_REQUESTED:
            # Meant for all of this client's requests: each that went on would be refused too, and count.
            pool.pace.hold(answer.seconds_to_wait or 0)
        return answer

    async def _attempt(
        self, http: httpx.AsyncClient, request: Request, version: str, token: str | None, budget: Budget
    ) -> Answer:
        """Send one HTTP request; once more if new certificate authorities make it pass."""
        renewals = self._trust.renewals
        try:
            return await self._send(http, request, version, token, budget)
        except ConnectionFailed as error:
            if not _is_distrust(error) or not self._trust.renew(renewals):
                raise
        return await self._send(http, request, version, token, budget)

    async def _send(
        self, http: httpx.AsyncClient, request: Request, version: str, token: str | None, budget: Budget
    ) -> Answer:
        url = self._address.base(version) + request.path
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        limit = budget.share(is_repeatable=request.is_repeatable or not self.retries)
        self._monitor.request_starts(request.method)
        began, status = time.monotonic(), None
        try:
            with budget.spend(limit):
                response = await http.request(
                    request.method, url, params=request.params, json=request.body, headers=headers
                )
            status = response.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _no_answer(error, request, url, limit) from error
        finally:
            self._monitor.request_ended(request.method, status, time.monotonic() - began)
        location, date, wait = (response.headers.get(name, "") for name in ("location", "date", "retry-after"))
        return Answer(request.method, str(response.url), response.status_code, response.content, location, date, wait)

    async def _pool(self) -> _Pool:
        loop = asyncio.get_running_loop()
        key = (os.getpid(), loop)
        pool = self._pools.get(key)
        if pool is None:
            for known in list(self._pools):
                if known[0] == key[0] and known[1].is_closed():
                    self._pools.pop(known, None)
            with _LOADING:
                anyio.current_time()
            http = self._open()
            pool = self._pools[key] = _Pool(
                http, asyncio.Semaphore(self._in_flight), Pace(self._per_second), self._keep(key, http)
            )
            # Started, it is known to the loop, which finishes it at its own end.
            await anext(pool.keeper)
        return pool

    async def _keep(
        self, key: tuple[int, asyncio.AbstractEventLoop], http: httpx.AsyncClient
    ) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            self._pools.pop(key, None)
            await http.aclose()

    def _open(self) -> httpx.AsyncClient:
        # A context that nobody will use is cheap; httpx's own default reads all of its certificates.
        context = self._trust.context() if self._address.is_secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.AsyncClient(
            verify=context,
            follow_redirects=False,
            # Whoever is before the registry may set any; one that cannot be sent back would end all later calls.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=not self._address.is_loopback,
            limits=httpx.Limits(
                max_connections=self._in_flight,
                max_keepalive_connections=self._in_flight,
                keepalive_expiry=_KEEPALIVE_SECONDS,
            ),
            timeout=httpx.Timeout(None, connect=min(CONNECT_SECONDS, self._timeout)),
            headers={"Accept": "application/json", "User-Agent": "model-registrar-client"},
        )


def _no_answer(error: Exception, request: Request, url: str, limit: float) -> ConnectionFailed:
    """Return the error that says what became of a request without an answer."""
    what = f"{request.method} {url}"
    never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
    if isinstance(error, (*never_sent, httpx.InvalidURL)):
        lasting = isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)) or _is_distrust(error)
        what = f"{what}: the registry cannot be reached: {_reason(error)}"
        return ConnectionFailed(what, is_temporary=not lasting)
    late = isinstance(error, (TimeoutError, httpx.TimeoutException))
    reason = f"no answer within {limit:.3g} s" if late else f"the connection broke: {_reason(error)}"
    if not request.is_repeatable:
        return OutcomeUnknown(f"{what}: {reason}; the entry may have been written: look it up before trying again")
    return RequestTimeout(f"{what}: {reason}") if late else ConnectionFailed(f"{what}: {reason}")


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _is_distrust(error: BaseException | None) -> bool:
    """Tell whether a failure goes back to a certificate that is not believed."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
