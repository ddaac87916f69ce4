"""HTTP responses, and what each means: a JSON object, or one of this package's exceptions. No I/O."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from model_registry.exceptions import (
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
_HTML = re.compile(r"<!doctype html|<html|<head", re.IGNORECASE)
_TITLE = re.compile(r"<title>\s*([^<]+?)\s*</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_MAX_EXCERPT = 256
"""Characters of an unexpected body to quote: enough to recognise the sender, without flooding logs."""


@dataclass(frozen=True)
class Response:
    """A complete HTTP response.

    Attributes:
        method: Method of the request.
        url: URL of the request.
        status: HTTP status code.
        content: The body.
        location: The `Location` header, or "".
        date: The `Date` header, or "".
        retry_after: The `Retry-After` header, or "".
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
        """The server's clock when it answered, in milliseconds since the epoch, or None if it sent no date."""
        time = _parse_date(self.date)
        return int(time.timestamp() * 1000) if time else None

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the server asks the client to wait before the next request, or None if it does not ask.

        The header may be a date instead of a number. It is then compared with the server's own clock.
        """
        text = self.retry_after.strip()
        if text.isascii() and text.isdecimal():
            return float(text)
        until, now = _parse_date(text), _parse_date(self.date)
        return max((until - now).total_seconds(), 0.0) if until and now else None

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object in the body, or an empty one if the body is something else."""
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):  # RecursionError: nested too deeply
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def is_from_another_api(self) -> bool:
        """Whether this address does not serve this API version, or no registry at all.

        The registry's own 404 is JSON with `code` and `message`. Every other 404 comes from another server, so it
        does not mean that an entry does not exist.
        """
        if self.status == HTTPStatus.NOT_FOUND:
            return not all(isinstance(self.body.get(key), str) for key in ("code", "message"))
        return self.status == HTTPStatus.GONE

    def raise_for_status(self) -> None:
        """Accept a success with a JSON object, and nothing else.

        Raises:
            APIStatusError: The subclass for the status.
        """
        if not HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES:
            raise self._error()
        if not self.body:
            is_empty = self.content.strip() == b"{}"
            raise self.not_a_registry(f"the response is {'an empty' if is_empty else 'not a'} JSON object")

    def not_a_registry(self, reason: str) -> NotARegistryError:
        """Return the error for a response that no registry sends."""
        return NotARegistryError(f"{reason} ({self._excerpt()})", self.status, self.method, self.url)

    def _error(self) -> APIStatusError:
        if self.is_from_another_api:
            return self.not_a_registry("no registry API at this address: check the address and the API version")
        if self.status < HTTPStatus.BAD_REQUEST:
            target = _without_credentials(self.location) or "nowhere"
            return self.not_a_registry(f"a redirect to {target}, which the client does not follow")
        fallback = ServerError if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR else APIStatusError
        error_class = _ERRORS.get(self.status, fallback)
        message = self.body.get("message")
        shown = message if isinstance(message, str) and message else self._excerpt()
        error = error_class(shown, self.status, self.method, self.url)
        error.retry_after = self.retry_after_seconds
        return error

    def _excerpt(self) -> str:
        text = " ".join(self.content.decode("utf-8", "replace").split())
        if not text:
            return "empty body"
        prefix = ""
        if _HTML.match(text):
            title = _TITLE.search(text)
            prefix, text = "an HTML page: ", title[1] if title else " ".join(_TAG.sub(" ", text).split())
        return prefix + (text if len(text) <= _MAX_EXCERPT else f"{text[:_MAX_EXCERPT]}…")


def _parse_date(text: str) -> datetime | None:
    """Return the time in a header, with its zone, or None if the header holds no time."""
    try:
        return parsedate_to_datetime(text).astimezone()
    except (ValueError, OverflowError):
        return None


def _without_credentials(location: str) -> str:
    """Return a URL without user information, query and fragment, which may hold a credential."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return "an address that is no URL"
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
