"""API requests, before they are sent."""

from collections.abc import Mapping
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
