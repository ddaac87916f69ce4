"""The registry server that a benchmark uses."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devcluster import embedded_registry

API: Final = "/api/model_registry/v1alpha3"
EMBEDDED: Final = "the embedded registry"


class AddressError(RuntimeError):
    """MODEL_REGISTRY_URL is not an address that every rival accepts."""


@dataclass(frozen=True)
class Server:
    """A registry server.

    Attributes:
        kind: What it is, for messages.
        url: Its root address.
    """

    kind: str
    url: str


def named() -> Server | None:
    """Return the registry that MODEL_REGISTRY_URL names; None if the variable is empty.

    Raises:
        AddressError: The variable is not an address of the form http://host:port.
    """
    url = os.environ.get("MODEL_REGISTRY_URL", "").rstrip("/")
    if not url:
        return None
    if not re.fullmatch(r"http://[^/@]+:\d+", url):
        raise AddressError(
            f"MODEL_REGISTRY_URL is {url!r}: give http://host:port, which the benchmark's own proxies need"
        )
    return Server("the registry of MODEL_REGISTRY_URL", url)


@contextmanager
def serving() -> Iterator[Server]:
    """Return the registry that MODEL_REGISTRY_URL names, or an embedded one that runs for the length of the block.

    Raises:
        AddressError: The variable is not an address of the form http://host:port.
    """
    server = named()
    if server is not None:
        yield server
        return
    # In memory: SQLite's waits for the disk would hide the differences.
    with embedded_registry.start(Path(":memory:")) as embedded:
        yield Server(EMBEDDED, embedded.url)
