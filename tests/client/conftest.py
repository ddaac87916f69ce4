"""Fixtures of the client's tests. The registry behind `registry_url` may be shared: every name is unique."""

import uuid
from collections.abc import AsyncIterator, Callable

import pytest

from model_registry import ModelRegistryAPIClient, ModelVersion, RegisteredModel


@pytest.fixture
async def client(registry_url: str) -> AsyncIterator[ModelRegistryAPIClient]:
    async with ModelRegistryAPIClient.connect(registry_url) as connected:
        yield connected


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Return a function that makes a unique name or external ID. The same word gives the same name."""
    suffix = uuid.uuid4().hex[:12]
    return lambda word: f"{word}-{suffix}"


@pytest.fixture
async def model(client: ModelRegistryAPIClient, unique: Callable[[str], str]) -> RegisteredModel:
    return await client.upsert_registered_model(RegisteredModel(unique("model")))


@pytest.fixture
async def version(client: ModelRegistryAPIClient, model: RegisteredModel) -> ModelVersion:
    return await client.upsert_model_version(ModelVersion("v1"), model.id)
