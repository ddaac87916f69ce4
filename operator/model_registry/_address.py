"""Parsing of server addresses. No I/O."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

API_VERSIONS = ("v1alpha3", "v1")
"""Versions to try, in this order, when none is given. They differ in nothing but the path."""

_API_PATH = re.compile(r"(?P<prefix>.*?)/api/model_registry(/(?P<version>v[0-9][0-9a-z]*))?")
_VERSION = re.compile(r"v[0-9][0-9a-z]*")
_MAX_PORT = 65535


@dataclass(frozen=True)
class Address:
    """A parsed server address.

    Attributes:
        root: `scheme://host[:port][/prefix]`, without a trailing slash.
        is_secure: Whether the scheme is https.
        is_loopback: Whether the host is this machine.
        api_version: The API version that the address names, or None if it names none.
    """

    root: str
    is_secure: bool
    is_loopback: bool
    api_version: str | None

    def base(self, api_version: str) -> str:
        """Return the base URL of this API version."""
        return f"{self.root}/api/model_registry/{api_version}"


def parse_address(
    server_address: str,
    port: int | str | None = None,
    *,
    default_scheme: str | None = None,
    must_be_secure: bool = False,
    api_version: str | None = None,
) -> Address:
    """Parse a server address.

    Args:
        server_address: `[scheme://]host[:port][/prefix][/api/model_registry[/version]]`.
        port: Port, as a number or text, for an address without a port.
        default_scheme: Scheme for an address without a scheme. None refuses such an address.
        must_be_secure: Refuse everything but https.
        api_version: Fix the API version. It takes precedence over the address.

    Raises:
        ValueError: If the address is not usable. The message says what to change.
    """
    if not isinstance(server_address, str):
        raise TypeError(f"The server address is text, got {type(server_address).__name__}")
    text = server_address.strip()
    if "@" in text:
        # The message does not show the address: the part before the @ may be a password, also one with a slash.
        raise ValueError("The server address contains a user name or password: remove it and pass a token instead")
    if _is_ipv6(text):
        raise ValueError(f"The server address {text!r} is an IPv6 address: write it in brackets, as in http://[{text}]")
    if "://" not in text:
        if default_scheme is None:
            raise ValueError(f"The server address {text!r} has no scheme: start it with http:// or https://")
        text = f"{default_scheme}://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(
            f"The server address {text!r} cannot be parsed: write an IPv6 host in brackets, as in http://[::1]"
        ) from None
    _check(parts, text)
    if must_be_secure and parts.scheme != "https":
        raise ValueError(
            f"The token would be sent unencrypted to {text!r}: use https://, or connect with `insecure_connection`"
        )
    match = _API_PATH.fullmatch(parts.path.rstrip("/"))
    prefix, named_version = (match["prefix"], match["version"]) if match else (parts.path.rstrip("/"), None)
    if api_version is not None and not _VERSION.fullmatch(api_version):
        raise ValueError(f"{api_version!r} is not an API version: use {' or '.join(API_VERSIONS)}")
    host = parts.hostname or ""
    number = _port_of(parts, text) or _parse_port(port)
    authority = f"[{host}]" if ":" in host else host
    return Address(
        root=f"{parts.scheme}://{authority}{f':{number}' if number else ''}{prefix}",
        is_secure=parts.scheme == "https",
        is_loopback=_is_loopback(host),
        api_version=api_version or named_version,
    )


def _check(parts: SplitResult, text: str) -> None:
    """Refuse what is not a server address."""
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"The server address {text!r} starts with {parts.scheme}://: use http:// or https://")
    if not parts.hostname:
        raise ValueError(f"The server address {text!r} has no host: add one after {parts.scheme}://")
    if parts.query or parts.fragment:
        raise ValueError(
            f"The server address {text!r} has a query or fragment: remove the first ? or # and everything after it"
        )


def _port_of(parts: SplitResult, text: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ValueError(
            f"The server address {text!r} has no usable port: write a number from 1 to 65535 after the host, "
            "and an IPv6 host in brackets"
        ) from None


def _parse_port(port: int | str | None) -> int | None:
    if port is None:
        return None
    digits = str(port).strip()
    if not digits.isdecimal() or not 1 <= int(digits) <= _MAX_PORT:
        raise ValueError(f"The port {port!r} is not a number from 1 to 65535")
    return int(digits)


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6  # noqa: PLR2004 - the number is the name
    except ValueError:
        return False


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
