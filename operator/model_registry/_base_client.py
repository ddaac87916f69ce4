"""Creating and closing a client."""

import copy
from functools import partial
from types import TracebackType
from typing import Self

from model_registry._address import parse_address
from model_registry._monitor import Monitor
from model_registry._retry import DEFAULT_RETRIES
from model_registry._tls import Authority, TrustStore
from model_registry._token import Token, TokenSource
from model_registry._transport import DEFAULT_IN_FLIGHT, Transport

DEFAULT_TIMEOUT_SECONDS = 60.0


class BaseClient:
    """A client's connections to one registry: the three ways to create it, and how it is closed.

    Creating a client opens no connection and needs no event loop.
    """

    def __init__(self, transport: Transport) -> None:
        if not isinstance(transport, Transport):
            # Upstream's class takes a configuration of its generated client here.
            raise TypeError(
                f"Create a client with {type(self).__name__}.connect(url, …), not from a {type(transport).__name__}"
            )
        self._transport = transport

    def __copy__(self) -> Self:
        return copy.deepcopy(self)  # a copy that shared the connections would close them for both

    @classmethod
    def secure_connection(
        cls,
        server_address: str,
        port: int | str = 443,
        *,
        user_token: Token,
        custom_ca: Authority | None = None,
    ) -> Self:
        """Create a client that uses TLS and sends a token.

        Args:
            server_address: Host or URL. It may include a path prefix. Without a scheme, https is used. http is refused
                at the first call, because the token would be sent unencrypted.
            port: Used if the address has no port.
            user_token: The token, the path of its file (read again when it changes), or a function that returns it.
            custom_ca: Path or PEM text of the certificate authorities to trust instead of the system's.

        Raises:
            ValueError: If the token is empty.
        """
        if not user_token:
            raise ValueError("A secure connection needs a user token, and this one is empty")
        address = partial(parse_address, server_address, port, default_scheme="https", must_be_secure=True)
        return cls(Transport(address, TokenSource(user_token), TrustStore(custom_ca), DEFAULT_TIMEOUT_SECONDS))

    @classmethod
    def insecure_connection(
        cls, server_address: str, port: int | str | None = None, user_token: Token | None = None
    ) -> Self:
        """Create a client that uses plain HTTP, or TLS without verification for an https address.

        Args:
            server_address: Host or URL. It may include a path prefix. Without a scheme, http is used.
            port: Used if the address has no port. None means the scheme's usual port.
            user_token: The token, the path of its file, or a function that returns it.
        """
        address = partial(parse_address, server_address, port, default_scheme="http")
        return cls(Transport(address, TokenSource(user_token), TrustStore(verify=False), DEFAULT_TIMEOUT_SECONDS))

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        token: Token | None = None,
        ca: Authority | None = None,
        api_version: str | None = None,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
        write_timeout: float | None = None,
        retries: int = DEFAULT_RETRIES,
        in_flight: int = DEFAULT_IN_FLIGHT,
        requests_per_second: float | None = None,
        monitor: Monitor | None = None,
    ) -> Self:
        """Create a client for a URL: http, or https with verification.

        Args:
            url: `http://` or `https://`, the host, and any path before `/api/model_registry`.
            token: The token, the path of its file (read again when it changes), or a function that returns it.
            ca: Path or PEM text of the certificate authorities to trust instead of the system's.
            api_version: "v1alpha3" or "v1". None detects it at the first call.
            timeout: Seconds that a call may take, including all retries, from the moment when it gets a slot.
            write_timeout: The same for a call that changes something. None means `timeout`.
            retries: How often a request is retried after a failure. 0 sends each request once and does not look up a
                create whose response was lost.
            in_flight: Maximum number of concurrent requests per event loop. The others wait for a slot.
            requests_per_second: Maximum number of requests per second and event loop, evenly spaced. None means no
                limit.
            monitor: Receives each request, for metrics. It can prevent a request by raising an exception.

        Raises:
            ValueError: If `in_flight`, `requests_per_second` or a time limit would not allow any request, or if one of
                the numbers is none.
        """
        _check_count("in_flight", in_flight, least=1)
        _check_count("retries", retries, least=0)
        if requests_per_second is not None and requests_per_second <= 0:
            raise ValueError("requests_per_second must be more than 0, or no request would be sent")
        if api_version is not None and not isinstance(api_version, str):
            raise TypeError(f"api_version is text such as 'v1alpha3', not {api_version!r}")
        _check_seconds("timeout", timeout)
        _check_seconds("write_timeout", timeout if write_timeout is None else write_timeout)
        address = partial(parse_address, url, api_version=api_version)
        transport = Transport(
            address,
            TokenSource(token),
            TrustStore(ca),
            timeout,
            write_timeout=write_timeout,
            retries=retries,
            in_flight=in_flight,
            requests_per_second=requests_per_second,
            monitor=monitor,
        )
        return cls(transport)

    async def aclose(self) -> None:
        """Close the connections of the running event loop. A later call opens new ones."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _check_count(name: str, number: object, *, least: int) -> None:
    """Check a number here, where the mistake is, and not in the first call."""
    if not isinstance(number, int) or number < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {number!r}")


def _check_seconds(name: str, seconds: object) -> None:
    """Check a time limit here, where the mistake is, and not in the first call."""
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise ValueError(f"{name} must be a number of seconds above 0, not {seconds!r}")
