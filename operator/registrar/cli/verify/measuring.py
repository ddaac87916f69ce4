"""Finds out which digest the content at an address has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from registrar.cli.verify.credentials import of_host
from registrar.cli.verify.hub import file_at, file_digest
from registrar.cli.verify.images import image_at, image_digest
from registrar.cli.verify.verdict import Measured, MissingContentError, UnknownContentError
from registrar.cli.verify.web import Web

REQUESTS_IN_FLIGHT = 8
_MEGABYTE = 10**6

Progress = Callable[[int], None]
"""Is called with the megabytes that have arrived."""


def measure(uris: Iterable[str], progress: Progress) -> dict[str, Measured]:
    """Return what is known of the content at each address, which is asked for once.

    Args:
        uris: the addresses.
        progress: shows how far the downloads are; called from several threads, one at a time.
    """
    distinct, downloads = list(dict.fromkeys(uris)), _Downloads(progress)
    with Web() as web, ThreadPoolExecutor(REQUESTS_IN_FLIGHT) as pool:
        try:
            return dict(zip(distinct, pool.map(partial(_measured, web, downloads), distinct), strict=True))
        except BaseException:
            # Ctrl-C does not wait for the rest of a large file.
            downloads.stop()
            pool.shutdown(cancel_futures=True)
            raise


class _Downloads:
    """What has arrived by all threads together."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._bytes = 0
        self._is_stopped = False

    def received(self, size: int) -> None:
        """Count a piece of a file. Raises UnknownContentError once the command has been interrupted."""
        if self._is_stopped:
            raise UnknownContentError("interrupted")
        with self._lock:
            self._bytes += size
            self._progress(self._bytes // _MEGABYTE)

    def stop(self) -> None:
        """End all downloads with the next piece that arrives."""
        self._is_stopped = True


def _measured(web: Web, downloads: _Downloads, uri: str) -> Measured:
    try:
        return _digest(uri, web, downloads)
    except (MissingContentError, UnknownContentError) as answer:
        return answer
    except ValueError as error:
        # Of a port that is no number, say: in the address, or in one that the server names.
        return UnknownContentError(f"an address is malformed: {error}")


def _digest(uri: str, web: Web, downloads: _Downloads) -> str:
    scheme, separator, rest = uri.partition("://")
    match scheme.lower() if separator else "":
        case "oci":
            return image_digest(image_at(rest), web)
        case "hf":
            return file_digest(file_at(rest), web)
        case "http" | "https":
            parts = urlsplit(uri)
            if parts.path.endswith("/"):
                raise UnknownContentError("the address is a folder, and a digest is that of one file")
            return web.digest(uri, of_host(parts.hostname or ""), downloads.received)
        case "":
            raise UnknownContentError("the address has no scheme, such as https://")
        case other:
            raise UnknownContentError(f"content at {other}:// is not read: only oci, https, http and hf are")
