"""HTTP requests to servers that run here, whatever proxy the environment names."""

import json
import urllib.request
from typing import Any

_REQUEST_SECONDS = 30.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def call(request: str | urllib.request.Request) -> Any:
    """Return the JSON of the response.

    Raises:
        urllib.error.HTTPError: The response is an error.
    """
    with _OPENER.open(request, timeout=_REQUEST_SECONDS) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    """Return whether a server answers a GET with 2xx."""
    try:
        with _OPENER.open(url, timeout=_REQUEST_SECONDS):
            return True
    except OSError:  # Includes urllib's own errors.
        return False
