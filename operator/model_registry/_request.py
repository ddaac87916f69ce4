"""API requests, before they are sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One API request.

    Attributes:
        method: HTTP method.
        path: Path below the base URL of the API version, quoted.
        params: Query parameters, unquoted.
        body: JSON object to send, or None for no body.
    """

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def is_idempotent(self) -> bool:
        """Whether sending it twice has the same effect as once: true of all but a POST that names no entry."""
        return self.method != "POST" or "id" in (self.body or {})


def not_text(*places: str) -> ValueError:
    """Return the error for texts that contain half a character (a lone surrogate), which no request can contain."""
    return ValueError(
        f"{', '.join(places)}: half a character (a lone surrogate) cannot be sent, and nothing has been. Replace it: "
        "text.encode('utf-8', 'replace').decode()"
    )


def half_characters(request: Request) -> ValueError:
    """Return the error for a request with such texts. It names their fields and parameters, and repeats no value."""
    return not_text(*_places({**(request.params or {}), **(request.body or {})}))


def _places(value: object, path: str = "") -> Iterator[str]:
    match value:
        case Mapping():
            for name, inner in value.items():
                yield from _places(inner, f"{path}.{name}".lstrip(".").encode("utf-8", "replace").decode())
                yield from _places(name, f"a name in {path}")
        case list():
            for inner in value:
                yield from _places(inner, path)
        case str() if not _is_text(value):
            yield path


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
