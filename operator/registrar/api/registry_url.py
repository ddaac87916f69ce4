"""Root URLs of registries."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, unquote, urlsplit

_PORTS = {"http": 80, "https": 443}
_API_PATH = re.compile(r"/api/model_registry(/v[0-9][0-9a-z]*)?$")
"""What the client removes from an address."""
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SERVICE = re.compile(rf"({_LABEL}\.{_LABEL})(\.svc(\.cluster\.local)?)?")
"""The names that Kubernetes' DNS gives a Service: with or without svc, and with the usual domain of a cluster."""


def valid_registry_url(value: str) -> str:
    """Return the root URL of a registry, without white space around it and without a slash at its end.

    Raises:
        ValueError: it is not such a URL, or it holds a password.
    """
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{value!r} is not a URL; give one such as http://model-registry-service.kubeflow:8080")
    if _has_no_port(parts):
        raise ValueError(f"the port in {value!r} is not a number from 1 to 65535")
    if parts.username or parts.password:
        raise ValueError("the URL contains a user name or password; give a token file instead")
    if parts.query or parts.fragment:
        raise ValueError(f"{value!r} has a query or a fragment; give the URL without it")
    if not parts.hostname.isascii():
        raise ValueError(f"the host in {value!r} has other letters than ASCII; write it as DNS has it (xn--…)")
    if not {".", ".."}.isdisjoint(unquote(parts.path).split("/")):
        raise ValueError(f"the path in {value!r} has '.' or '..'; give the path without them")
    return value.strip().rstrip("/")


def is_registry_url(value: str) -> bool:
    """Return whether a text is the root URL of a registry and nothing else, so that a message may repeat it."""
    try:
        valid_registry_url(value)
    except ValueError:
        return False
    return value.isprintable() and " " not in value


def _has_no_port(parts: SplitResult) -> bool:
    try:
        return parts.port == 0
    except ValueError:
        return True


@lru_cache(maxsize=1024)
def normalized_url(url: str) -> str:
    """Return a root URL as all its spellings have it, as far as the client takes them for one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # What is no address is like no other one.
        return url
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    path = _API_PATH.sub("", re.sub("/+", "/", unquote(parts.path)).rstrip("/"))
    return f"{scheme}://{_normalized_host(host)}:{port or _PORTS.get(scheme)}{path}"


def _normalized_host(host: str) -> str:
    try:
        return ipaddress.ip_address(host).compressed
    except ValueError:
        service = _SERVICE.fullmatch(host)
        # A host such as example.com gets the suffix too; it stays unlike all others, because svc is no such domain.
        return host if service is None else f"{service[1]}.svc"
