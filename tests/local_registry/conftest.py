"""Fixtures of the embedded registry's tests: clients of a server, and unique names."""

import uuid
from collections.abc import Callable, Iterator

import httpx
import pytest

from local_registry.store import MEMORY, Store
from tests.env.registry import serve


@pytest.fixture
def registry(registry_url: str) -> Iterator[httpx.Client]:
    """A client of the session's server, embedded or real, at its API path."""
    with httpx.Client(base_url=f"{registry_url}/api/model_registry/v1alpha3", trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def own_registry() -> Iterator[httpx.Client]:
    """A client of a separate embedded server with an empty database."""
    with serve(Store(MEMORY)) as url:
        base = f"{url}/api/model_registry/v1alpha3"
        with httpx.Client(base_url=base, trust_env=False, timeout=30) as client:
            yield client


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes names that are unique to this test. The same prefix gives the same name."""
    suffix = uuid.uuid4().hex[:12]
    return lambda prefix: f"{prefix}-{suffix}"
