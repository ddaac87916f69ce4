"""Root URLs of registries."""

from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443}


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
    return value.strip().rstrip("/")


def _has_no_port(parts: SplitResult) -> bool:
    try:
        return parts.port == 0
    except ValueError:
        return True


@lru_cache(maxsize=1024)
def normalized_url(url: str) -> str:
    """Return a root URL as all its spellings have it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # What is no address is like no other one.
        return url
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    return f"{scheme}://{host}:{port or _PORTS.get(scheme)}{parts.path.rstrip('/')}"
