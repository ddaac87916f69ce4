"""What the tests of the registry server share: a client of the session's server, names that nobody else has."""

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from local_registry.store import MEMORY, Store
from tests.env.registry import serve


@pytest.fixture
def registry(registry_url: str) -> Iterator[httpx.Client]:
    """A client of the session's server, embedded or real, below its API path."""
    with httpx.Client(base_url=f"{registry_url}/api/model_registry/v1alpha3", trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def own_registry() -> Iterator[httpx.Client]:
    """A client of an embedded server with an empty database that nobody else uses."""
    with serve(Store(MEMORY)) as url:
        base = f"{url}/api/model_registry/v1alpha3"
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
            yield client


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names of this test's own: the same prefix gives the same name."""
    suffix = uuid.uuid4().hex[:12]
    return lambda prefix: f"{prefix}-{suffix}"
