"""HTTP requests to servers that run here, whatever proxy the environment names."""

import json
import ssl
import urllib.error
import urllib.request
from typing import Any

_REQUEST_SECONDS = 30.0


def call(request: str | urllib.request.Request) -> Any:
    """Return the JSON of the response.

    Raises:
        urllib.error.HTTPError: The response is an error.
    """
    with _opener(None).open(request, timeout=_REQUEST_SECONDS) as answer:
        return json.load(answer)


def answers(url: str, context: ssl.SSLContext | None = None, *, timeout: float = _REQUEST_SECONDS) -> bool:
    """Return whether a server answers a GET with 2xx.

    Args:
        url: The address.
        context: How the server of an https address is proved, and who asks it.
        timeout: Seconds.
    """
    try:
        with _opener(context).open(url, timeout=timeout):
            return True
    except urllib.error.HTTPError as error:
        # It holds the body, which nothing else closes.
        error.close()
        return False
    except OSError:  # Includes urllib's other errors.
        return False


def _opener(context: ssl.SSLContext | None) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
