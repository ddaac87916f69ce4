"""What a server address means. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

API_VERSIONS = ("v1alpha3", "v1")
"""Versions that are tried in turn where none is given; they differ in nothing but the path."""

_API_PATH = re.compile(r"(?P<prefix>.*?)/api/model_registry(/(?P<version>v[0-9][0-9a-z]*))?")
_VERSION = re.compile(r"v[0-9][0-9a-z]*")


@dataclass(frozen=True)
class Address:
    """A server address that has been understood.

    Attributes:
        root: `scheme://host[:port][/prefix]`, without a slash at the end.
        is_secure: Whether the scheme is https.
        is_loopback: Whether the host is this machine.
        api_version: The API version that the address names; None leaves it open.
    """

    root: str
    is_secure: bool
    is_loopback: bool
    api_version: str | None

    def base(self, api_version: str) -> str:
        """Address below which the API of that version is."""
        return f"{self.root}/api/model_registry/{api_version}"


def parse_address(
    server_address: str,
    port: int | str | None = None,
    *,
    default_scheme: str | None = None,
    must_be_secure: bool = False,
    api_version: str | None = None,
) -> Address:
    """Understand a server address.

    Args:
        server_address: `[scheme://]host[:port][/prefix][/api/model_registry[/version]]`.
        port: Port, as a number or text, for an address that has none.
        default_scheme: Scheme of an address that has none; None refuses such an address.
        must_be_secure: Refuses everything but https.
        api_version: Fixes the API version; it wins over the address.

    Raises:
        ValueError: With a sentence that says what to change.
    """
    text = str(server_address).strip()
    if "://" not in text:
        if default_scheme is None:
            raise ValueError(f"The server address {text!r} has no scheme: start it with http:// or https://")
        text = f"{default_scheme}://{text}"
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(f"The server address {text!r} cannot be read: {error}") from None
    shown = _checked(parts, text)
    if must_be_secure and parts.scheme != "https":
        raise ValueError(f"The token would travel in the open to {text!r}: use https://, or an insecure connection")
    match = _API_PATH.fullmatch(parts.path.rstrip("/"))
    prefix, named = (match["prefix"], match["version"]) if match else (parts.path.rstrip("/"), None)
    if api_version is not None and not _VERSION.fullmatch(api_version):
        raise ValueError(f"{api_version!r} is no API version: they look like {' or '.join(API_VERSIONS)}")
    host = parts.hostname or ""
    number = _port_of(parts, shown) or _number(port)
    authority = f"[{host}]" if ":" in host else host
    return Address(
        root=f"{parts.scheme}://{authority}{f':{number}' if number else ''}{prefix}",
        is_secure=parts.scheme == "https",
        is_loopback=_is_loopback(host),
        api_version=api_version or named,
    )


def _checked(parts: SplitResult, text: str) -> str:
    """Refuse what is no server address; return it as messages may show it."""
    if "@" in parts.netloc:
        # Not shown: what stands before the @ may be a password.
        raise ValueError("The server address holds a user name or password: remove it and give a token instead")
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"The server address {text!r} starts with {parts.scheme}://: use http:// or https://")
    if not parts.hostname:
        raise ValueError(f"The server address {text!r} names no host")
    if parts.query or parts.fragment:
        raise ValueError(f"The server address {text!r} has a query or fragment: remove everything from ? or # on")
    return text


def _port_of(parts: SplitResult, text: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ValueError(
            f"The server address {text!r} has no usable port: a number from 1 to 65535 after the host, "
            "and an IPv6 host in brackets"
        ) from None


def _number(port: int | str | None) -> int | None:
    if port is None:
        return None
    digits = str(port).strip()
    if not digits.isdecimal() or not 1 <= int(digits) <= 65535:  # noqa: PLR2004 - the highest port there is
        raise ValueError(f"The port {port!r} is not a number from 1 to 65535")
    return int(digits)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
