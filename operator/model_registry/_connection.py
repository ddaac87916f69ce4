"""How a client is made and closed."""

from functools import partial
from types import TracebackType
from typing import Self

from ._address import parse_address
from ._monitor import Monitor
from ._retry import RETRIES
from ._tls import Authority, Trust
from ._token import Token, TokenSource
from ._transport import IN_FLIGHT, Transport

REQUEST_SECONDS = 60.0


class Connection:
    """A connection to one registry: the three ways to make one, and how it ends.

    Making one opens nothing and needs no event loop.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @classmethod
    def secure_connection(
        cls,
        server_address: str,
        port: int | str = 443,
        *,
        user_token: Token,
        custom_ca: Authority | None = None,
    ) -> Self:
        """Make a client that uses TLS and identifies itself.

        Args:
            server_address: Host or URL, also with a path in front of the API's own; https if it has no scheme. http is
                refused at the first call: the token would travel in the open.
            port: Used if the address has none.
            user_token: The token, the path of its file (read again when it changes), or a function that returns it.
            custom_ca: Path or PEM text of the certificate authorities to believe instead of the system's.

        Raises:
            ValueError: If the token is empty.
        """
        if not user_token:
            raise ValueError("A secure connection needs a user token, and this one is empty")
        address = partial(parse_address, server_address, port, default_scheme="https", must_be_secure=True)
        return cls(Transport(address, TokenSource(user_token), Trust(custom_ca), REQUEST_SECONDS))

    @classmethod
    def insecure_connection(
        cls, server_address: str, port: int | str | None = None, user_token: Token | None = None
    ) -> Self:
        """Make a client that uses plain HTTP, or TLS without verification for an https address.

        Args:
            server_address: Host or URL, also with a path in front of the API's own; http if it has no scheme.
            port: Used if the address has none; without one, the scheme's.
            user_token: The token, the path of its file, or a function that returns it.
        """
        address = partial(parse_address, server_address, port, default_scheme="http")
        return cls(Transport(address, TokenSource(user_token), Trust(verify=False), REQUEST_SECONDS))

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        token: Token | None = None,
        ca: Authority | None = None,
        api_version: str | None = None,
        timeout: float = REQUEST_SECONDS,
        write_timeout: float | None = None,
        retries: int = RETRIES,
        in_flight: int = IN_FLIGHT,
        requests_per_second: float | None = None,
        monitor: Monitor | None = None,
    ) -> Self:
        """Make a client for a URL: http, or https with verification.

        Args:
            url: `http://` or `https://`, host, and whatever is in front of `/api/model_registry`.
            token: The token, the path of its file (read again when it changes), or a function that returns it.
            ca: Path or PEM text of the certificate authorities to believe instead of the system's.
            api_version: "v1alpha3" or "v1"; found out at the first call if None.
            timeout: Seconds that a call may take from its turn on, with all its tries.
            write_timeout: The same for a call that changes something; `timeout` if None.
            retries: How often a request is repeated after a fault. 0 sends each once, and looks up no lost create.
            in_flight: How many requests may be under way at once per event loop; the others wait for their turn.
            requests_per_second: How many may be sent per second and event loop, evenly; None for as many as the server
                takes.
            monitor: Is told of each request, for metrics; may hold requests back by an exception.

        Raises:
            ValueError: If one of the two limits lets nothing through.
        """
        if in_flight < 1 or (requests_per_second is not None and requests_per_second <= 0):
            raise ValueError("in_flight and requests_per_second must be more than 0, or no request would be sent")
        address = partial(parse_address, url, api_version=api_version)
        transport = Transport(
            address,
            TokenSource(token),
            Trust(ca),
            timeout,
            write_timeout=write_timeout,
            retries=retries,
            in_flight=in_flight,
            per_second=requests_per_second,
            monitor=monitor,
        )
        return cls(transport)

    async def aclose(self) -> None:
        """Close the connections of the running event loop; a later call opens new ones."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
