"""Which proxy the environment sets for an address. No I/O.

httpx would read the same variables, but understands less of NO_PROXY than Go programs do, which most clusters are
configured for: it does not know networks and `*.suffix`, and fails on IPv6 addresses.
"""

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies

from model_registry._address import Address
from model_registry.exceptions import UnusableProxy

_KNOWN_SCHEMES = ("http", "https", "socks5", "socks5h")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(:(?P<port>\d+))?")


@dataclass(frozen=True)
class Proxy:
    """A proxy that the environment sets.

    Attributes:
        url: Its URL, with credentials if the environment contains some. Never show it: show `shown`.
        shown: Its URL without credentials.
        source: Where it is set, such as "HTTP_PROXY".
        host: The host that it is used for.
    """

    url: str
    shown: str
    source: str
    host: str

    @property
    def is_socks(self) -> bool:
        """Whether it is a SOCKS proxy."""
        return self.url.startswith("socks")

    def unusable(self, reason: str) -> UnusableProxy:
        """Return the error for a proxy that cannot be used."""
        return UnusableProxy(
            f"The proxy {self.shown} that {self.source} sets cannot be used: {reason}; or add {self.host} to NO_PROXY, "
            "if the registry is reached without a proxy",
            is_temporary=False,
        )


def proxy_for(address: Address) -> Proxy | None:
    """Return the proxy for an address, or None to connect directly.

    Raises:
        UnusableProxy: If the environment sets a proxy that cannot be used. The message says what to change.
    """
    parts = urlsplit(address.root)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
    found = {name: url for name, url in getproxies().items() if url}
    scheme = next((name for name in (parts.scheme, "all") if name in found), None)
    if scheme is None or address.is_loopback or _is_excluded(found.get("no", ""), parts.scheme, host, port):
        return None
    url = found[scheme] if "://" in found[scheme] else f"http://{found[scheme]}"
    proxy = Proxy(url, _without_credentials(url), _variable(f"{scheme}_proxy"), host)
    if proxy.url.partition("://")[0].lower() not in _KNOWN_SCHEMES:
        raise proxy.unusable(f"use {', '.join(f'{known}://' for known in _KNOWN_SCHEMES)}")
    try:
        is_complete = bool(urlsplit(url).hostname) and urlsplit(url).port != 0 and not re.search(r"\s", url)
    except ValueError:
        is_complete = False
    if not is_complete:
        raise proxy.unusable("it is not a URL with a host and a port")
    return proxy


def _is_excluded(no_proxy: str, scheme: str, host: str, port: int) -> bool:
    """Return whether NO_PROXY excludes a host."""
    entries = [entry for entry in re.split(r"[,\s]+", no_proxy.lower()) if entry]
    return any(_matches(entry, scheme, host.lower().rstrip("."), port) for entry in entries)


def _matches(entry: str, scheme: str, host: str, port: int) -> bool:
    wanted_scheme, separator, rest = entry.rpartition("://")
    if separator and wanted_scheme not in (scheme, "all"):
        return False
    address = _ip(host)
    if "/" in rest:
        return address is not None and _is_in_network(address, rest)
    if _ip(rest) is None and (parsed := _PORT.fullmatch(rest)):
        if parsed["port"] and int(parsed["port"]) != port:
            return False
        rest = parsed["host"]
    if rest == "*":
        return True
    return _ip(rest) == address if address else _is_within(host, rest)


def _is_within(host: str, domain: str) -> bool:
    """Return whether a host is a domain, or below it: `svc`, `.svc` and `*.svc` mean the same."""
    domain = domain.removeprefix("*").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _is_in_network(address: ipaddress.IPv4Address | ipaddress.IPv6Address, text: str) -> bool:
    try:
        return address in ipaddress.ip_network(text.replace("[", "").replace("]", ""), strict=False)
    except ValueError:
        return False


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _variable(name: str) -> str:
    """Return the variable as the environment writes it. Python prefers the name in lower case."""
    written = [variable for variable in os.environ if variable.lower() == name]
    return min(written, key=lambda variable: variable != name, default="the system's configuration")


def _without_credentials(url: str) -> str:
    # A password that was not escaped may contain a slash: all before the last @ is taken for credentials.
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
