"""Requests to servers that manifests name, which whoever wrote a manifest may have chosen.

An ``Authorization`` header goes to the server that it is meant for, over TLS, and never along with a redirect.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from registrar.cli.verify.verdict import MissingContentError, UnknownContentError

MAX_REDIRECTS = 10
MAX_BODY = 8 * 2**20
"""Bytes of an answer that is no artifact: the largest manifest that registries accept has half of that."""
_CHUNK = 2**20
_CONNECT_SECONDS, _SILENT_SECONDS = 10.0, 60.0
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_ACCEPT_AS_IT_IS = {"Accept-Encoding": "identity"}
"""A compressed transfer would have to be unpacked to get the bytes of the file."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer.

    Attributes:
        status: the HTTP status.
        headers: the headers, their names in lower case.
        body: the body.
        is_own: whether the server that was asked answered, and not one that it redirected to.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_own: bool


class Web:
    """One pool of connections, used by several threads."""

    def __init__(self) -> None:
        self._client = httpx.Client(
            # The system's authorities, and those that SSL_CERT_FILE and SSL_CERT_DIR name.
            verify=ssl.create_default_context(),
            timeout=httpx.Timeout(_SILENT_SECONDS, connect=_CONNECT_SECONDS),
            headers={"User-Agent": "model-registrar"},
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        authorization: str | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """Return the whole answer to a request.

        Args:
            method: the HTTP method.
            url: the address.
            headers: further headers.
            authorization: the ``Authorization`` header for this server; None for none.
            content: a form for this server.

        Raises:
            UnknownContentError: there is no answer, or it is too long.
        """
        with self._answered(method, url, headers or {}, authorization, content) as (response, is_own):
            body = bytearray()
            for chunk in response.iter_bytes(_CHUNK):
                body += chunk
                if len(body) > MAX_BODY:
                    raise UnknownContentError(f"{response.url.host} sends more than {MAX_BODY:,} bytes")
            return Answer(response.status_code, dict(response.headers), bytes(body), is_own)

    def digest(self, url: str, authorization: str | None, received: Callable[[int], None]) -> str:
        """Return the SHA-256 of the file at an address.

        Args:
            url: the address.
            authorization: the ``Authorization`` header for this server; None for none.
            received: is called with the size of each piece that has arrived.

        Raises:
            MissingContentError: there is no such file.
            UnknownContentError: the server did not send it, or not all of it.
        """
        with self._answered("GET", url, _ACCEPT_AS_IT_IS, authorization, None) as (response, _):
            refuse_failure(response.url.host, response.status_code)
            seen = hashlib.sha256()
            for chunk in response.iter_raw(_CHUNK):
                seen.update(chunk)
                received(len(chunk))
            return f"sha256:{seen.hexdigest()}"

    @contextmanager
    def _answered(
        self, method: str, url: str, headers: Mapping[str, str], authorization: str | None, content: bytes | None
    ) -> Iterator[tuple[httpx.Response, bool]]:
        """Send a request and follow redirects; yields the answer, and whether the server itself gave it."""
        try:
            first = target = httpx.URL(url)
            for _ in range(MAX_REDIRECTS + 1):
                is_own = _origin(target) == _origin(first)
                if content is not None and not is_own:
                    raise UnknownContentError(f"{first.host} redirects to {target.host}, which gets no form")
                is_known = authorization is not None and is_own and is_private(url)
                sent = {**headers, "Authorization": str(authorization)} if is_known else headers
                request = self._client.build_request(method, target, headers=sent, content=content)
                response = self._client.send(request, stream=True)
                try:
                    if not response.has_redirect_location:
                        yield response, is_own
                        return
                    target = target.join(response.headers["Location"])
                finally:
                    response.close()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise UnknownContentError(f"the server cannot be asked: {str(error) or type(error).__name__}") from error
        raise UnknownContentError(f"{first.host} redirects more than {MAX_REDIRECTS} times")


def is_private(url: str) -> bool:
    """Return whether nobody on the way to an address reads what is sent."""
    parts = urlsplit(url)
    return parts.scheme.lower() == "https" or is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_failure(host: str, status: int) -> None:
    """Raise what an answer means that is no success.

    Raises:
        MissingContentError: there is nothing at the address.
        UnknownContentError: anything else.
    """
    if status in _GONE:
        raise MissingContentError(f"{host} has nothing at this address ({status})")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise UnknownContentError(
            f"{host} does not allow it ({status}): log in to it, or check what your login may read"
        )
    if status != HTTPStatus.OK:
        raise UnknownContentError(f"{host} answers with {status}")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
