"""One call of the API, before it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One call of the API.

    Attributes:
        method: HTTP method.
        path: Path below the API version's address, quoted.
        params: Query parameters, unquoted.
        body: JSON object to send; None sends no body.
    """

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def is_repeatable(self) -> bool:
        """Whether carrying it out twice comes to the same as once: all do but a POST that does not name an entry."""
        return self.method != "POST" or "id" in (self.body or {})
