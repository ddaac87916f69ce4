"""Entries of the registry, as the tests look them up."""

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel


async def model_named(registry: ModelRegistryAPIClient, name: str) -> RegisteredModel:
    """Return the registered model of that name; it has to exist."""
    entry = await registry.get_registered_model_by_params(name=name)
    assert entry is not None, f"the registry has no model {name!r}"
    return entry
