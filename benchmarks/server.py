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


@contextmanager
def serving() -> Iterator[Server]:
    """The registry that MODEL_REGISTRY_URL names, or an embedded one for the length of the block.

    Raises:
        AddressError: See there.
    """
    url = os.environ.get("MODEL_REGISTRY_URL", "").rstrip("/")
    if not url:
        # In memory: what SQLite waits for the disk would hide the differences.
        with embedded_registry.start(Path(":memory:")) as embedded:
            yield Server("the embedded registry", embedded.url)
        return
    if not re.fullmatch(r"http://[^/@]+:\d+", url):
        raise AddressError(f"MODEL_REGISTRY_URL is {url!r}: give http://host:port, fronts of the benchmark come before")
    yield Server("the registry of MODEL_REGISTRY_URL", url)
