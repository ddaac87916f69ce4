"""What the server's answer means: a JSON object, or one of our exceptions. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any

from .exceptions import (
    APIStatusError,
    BadRequest,
    ConflictError,
    Forbidden,
    NotARegistryError,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
    Unprocessable,
)

_ERRORS: dict[int, type[APIStatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: ConflictError,
    422: Unprocessable,
    429: RateLimited,
}
_SHOWN = 256  # characters of a foreign body: enough to recognise the sender, without flooding logs


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer.

    Attributes:
        method: Method of the request.
        url: Address of the request.
        status: HTTP status code.
        content: The body.
        location: Where a redirect leads; "" if it is none.
        date: The header of that name; "" if there is none.
        retry_after: The header of that name; "" if there is none.
    """

    method: str
    url: str
    status: int
    content: bytes
    location: str = ""
    date: str = ""
    retry_after: str = ""

    @property
    def answered_at(self) -> int | None:
        """The server's clock when it answered, in milliseconds since the epoch; None if it did not tell."""
        time = _parse_date(self.date)
        return int(time.timestamp() * 1000) if time else None

    @property
    def seconds_to_wait(self) -> float | None:
        """How long the server asks to wait before the next request; None if it does not.

        It may give a time instead, which is meant by its own clock.
        """
        text = self.retry_after.strip()
        if text.isascii() and text.isdecimal():
            return float(text)
        until, now = _parse_date(text), _parse_date(self.date)
        return max((until - now).total_seconds(), 0.0) if until and now else None

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object in the body; empty if there is none."""
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def is_of_another_api(self) -> bool:
        """Whether this API version, or any registry at all, is absent at this address.

        The registry's own 404 is JSON with `code` and `message`; every other one comes from something else, and so
        never means that there is no such entry.
        """
        if self.status == HTTPStatus.NOT_FOUND:
            return not all(isinstance(self.body.get(key), str) for key in ("code", "message"))
        return self.status == HTTPStatus.GONE

    def result(self) -> dict[str, Any]:
        """Return the JSON object of a success.

        Raises:
            APIStatusError: For everything else, of the class that fits the status.
        """
        if HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            if not self.body:
                raise self.unusable("the answer is no JSON object")
            return self.body
        raise self._error()

    def unusable(self, why: str) -> NotARegistryError:
        """Return the error for an answer that no registry gives."""
        return NotARegistryError(f"{why} ({self._excerpt()})", self.status, self.method, self.url)

    def _error(self) -> APIStatusError:
        if self.is_of_another_api:
            return self.unusable("no registry API here: check the address and the API version")
        if self.status < HTTPStatus.BAD_REQUEST:
            return self.unusable(f"a redirect to {self.location or 'nowhere'}, which is not followed")
        fallback = ServerError if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else APIStatusError
        kind = _ERRORS.get(self.status, fallback)
        message = self.body.get("message")
        shown = message if isinstance(message, str) and message else self._excerpt()
        error = kind(shown, self.status, self.method, self.url)
        error.retry_after = self.seconds_to_wait
        return error

    def _excerpt(self) -> str:
        text = " ".join(self.content.decode("utf-8", "replace").split())
        if not text:
            return "empty body"
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _parse_date(text: str) -> datetime | None:
    """Return the time, with its zone, that a header tells; None if it is none."""
    try:
        return parsedate_to_datetime(text).astimezone()
    except (ValueError, OverflowError):
        return None
