"""HTTP requests over the connections of one event loop. The only module of the client that imports httpx.

Each slot has an HTTP client of its own, with one connection. A client with all connections would ask the socket of each
idle one at each request whether it is still open, which takes nearly as much of the processor as the request itself
(httpcore 1.0's pool; docs/design/004-speed.md).
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from model_registry._address import Address
from model_registry._deadline import Deadline
from model_registry._failures import not_answered, not_sent
from model_registry._proxy import Proxy, proxy_for
from model_registry._request import Request
from model_registry._response import Response
from model_registry._tls import TrustStore
from model_registry.exceptions import ConnectionFailed

_CONNECT_TIMEOUT_SECONDS = 5.0
# Shorter than uvicorn's and Node's 5 s, so that the client is nearly always the one to close an idle connection.
_KEEPALIVE_SECONDS = 4.0


@dataclass
class Connection:
    """One connection, which is opened at its first request, and again after it was closed.

    Attributes:
        http: The HTTP client.
        proxy: The proxy that it uses.
        used_at: When its last request ended, on the monotonic clock.
    """

    http: httpx.AsyncClient
    proxy: Proxy | None
    used_at: float = 0.0

    async def send(
        self, request: Request, url: str, headers: Mapping[str, str], seconds: float, deadline: Deadline
    ) -> Response:
        """Send one request, and return the response, whatever its status.

        Args:
            request: What to send.
            url: Where to.
            headers: Headers besides the usual ones.
            seconds: How long this may take.
            deadline: The time limit of the call, whose clock runs meanwhile.

        Raises:
            ConnectionFailed: If there is no response. `OutcomeUnknown` if a create may have been carried out.
            UnicodeEncodeError: If the request contains half a character.
        """
        try:
            with deadline.running(seconds):
                response = await self.http.request(
                    request.method, url, params=request.params, json=request.body, headers=headers
                )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise _connection_error(error, request, url, self.proxy, seconds) from error
        location, date, wait = (response.headers.get(name, "") for name in ("location", "date", "retry-after"))
        return Response(request.method, str(response.url), response.status_code, response.content, location, date, wait)


class Connections:
    """The connections of one event loop to one server. The one that was used last is used next.

    Args:
        address: The server's address.
        trust: Which certificates are trusted.
        in_flight: How many requests may be in flight at once.
        timeout: Seconds that a call may take.

    Attributes:
        is_closed: Whether `aclose` was called.

    Raises:
        UnusableProxy: If the environment sets a proxy that cannot be used.
        ValueError: If the certificate authorities cannot be read.
    """

    def __init__(self, address: Address, trust: TrustStore, in_flight: int, timeout: float) -> None:
        self.is_closed = False
        self._proxy = proxy_for(address)
        # For http an empty context is cheap. Without one, httpx would read all of its certificates.
        self._context = trust.context() if address.is_secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._timeout = timeout
        self._slots = asyncio.Semaphore(in_flight)
        self._idle = deque([self._new_connection()])

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Connection]:
        """Wait until fewer requests are in flight than may be, and lend a connection for the next one."""
        async with self._slots:
            await self._close_expired()
            connection = self._idle.pop() if self._idle else self._new_connection()
            try:
                yield connection
            finally:
                connection.used_at = time.monotonic()
                if self.is_closed:
                    await connection.http.aclose()
                else:
                    self._idle.append(connection)

    async def aclose(self) -> None:
        """Close the idle connections now, and each of the others when its request has ended."""
        self.is_closed = True
        while self._idle:
            await self._idle.pop().http.aclose()

    async def _close_expired(self) -> None:
        """Close the connections that were idle for too long: they are the first ones, and mostly there are none."""
        while len(self._idle) > 1 and self._idle[0].used_at < time.monotonic() - _KEEPALIVE_SECONDS:
            await self._idle.popleft().http.aclose()

    def _new_connection(self) -> Connection:
        try:
            return Connection(self._new_http_client(), self._proxy)
        except ImportError:
            if self._proxy is None:
                raise
            raise self._proxy.unusable("SOCKS needs the package socksio: run `pip install socksio`") from None
        except (httpx.InvalidURL, ValueError) as error:
            if self._proxy is None:
                raise
            raise self._proxy.unusable(f"{error}: write it as http://host:port") from None

    def _new_http_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=self._context,
            follow_redirects=False,
            # A proxy in front of the registry may set any cookie. One that cannot be sent back would fail all calls.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            proxy=self._proxy.url.replace("socks5h://", "socks5://", 1) if self._proxy else None,
            trust_env=False,  # `proxy_for` has read the environment
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_KEEPALIVE_SECONDS),
            timeout=httpx.Timeout(None, connect=min(_CONNECT_TIMEOUT_SECONDS, self._timeout)),
            headers={"Accept": "application/json", "User-Agent": "model-registrar-client"},
        )


def _connection_error(
    error: Exception, request: Request, url: str, proxy: Proxy | None, timeout: float
) -> ConnectionFailed:
    """Return the error for a request without a response. It says whether the request may have been carried out."""
    never_sent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
    invalid = (httpx.UnsupportedProtocol, httpx.InvalidURL)
    if isinstance(error, (*never_sent, *invalid)):
        return not_sent(error, request, url, proxy, is_invalid=isinstance(error, invalid))
    is_timeout = isinstance(error, (TimeoutError, httpx.TimeoutException))
    return not_answered(error, request, url, timeout, is_timeout=is_timeout)
