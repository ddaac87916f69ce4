"""The registry server that a benchmark works on."""

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
    """MODEL_REGISTRY_URL holds no address that all rivals can be given."""


@dataclass(frozen=True)
class Server:
    """A registry server.

    Attributes:
        kind: What it is, for people.
        url: Its root address.
    """

    kind: str
    url: str


def named() -> Server | None:
    """The registry that MODEL_REGISTRY_URL names; None without one.

    Raises:
        AddressError: See there.
    """
    url = os.environ.get("MODEL_REGISTRY_URL", "").rstrip("/")
    if not url:
        return None
    if not re.fullmatch(r"http://[^/@]+:\d+", url):
        raise AddressError(f"MODEL_REGISTRY_URL is {url!r}: give http://host:port, for fronts of the benchmark's own")
    return Server("the registry of MODEL_REGISTRY_URL", url)


@contextmanager
def serving() -> Iterator[Server]:
    """The registry that MODEL_REGISTRY_URL names, or an embedded one for the length of the block.

    Raises:
        AddressError: See there.
    """
    server = named()
    if server is not None:
        yield server
        return
    # In memory: what SQLite waits for the disk would hide the differences.
    with embedded_registry.start(Path(":memory:")) as embedded:
        yield Server(EMBEDDED, embedded.url)
