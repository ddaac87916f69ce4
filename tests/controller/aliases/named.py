"""Versions that aliases name, and the aliases as the registry has them."""

from model_registry import ModelRegistryAPIClient
from tests.support.entries import model_named
from tests.support.resources import Manifest, manifest


def version_named(model: str, name: str, /, **spec: object) -> Manifest:
    """A version whose name in the registry is not that of its resource."""
    return manifest("ModelVersion", f"{model}-{name}", name=name, registeredModelRef={"name": model}, **spec)


async def aliases_of(registry: ModelRegistryAPIClient, model: str) -> dict[str, object]:
    """The aliases as they are in the registry."""
    properties = (await model_named(registry, model)).custom_properties or {}
    return {name.removeprefix("alias."): value for name, value in properties.items() if name.startswith("alias.")}
