"""An entry that a notebook made from the properties of a managed one, its owner stamp among them."""

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, has_reason, manifest


async def test_it_is_nobodys_until_it_is_adopted(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space)
    first, copy = unique("first"), unique("copy")
    own_space.apply(manifest("RegisteredModel", first, customProperties={"team": "x"}))
    own_space.ready("RegisteredModel", first)
    copied = dict((await model_named(registry, first)).custom_properties or {})
    made = await registry.upsert_registered_model(RegisteredModel(copy, custom_properties=copied))

    own_space.apply(manifest("RegisteredModel", copy, adoptionPolicy="Fail"))
    own_space.wait("RegisteredModel", copy, has_reason("AdoptionRefused"))
    assert await model_named(registry, copy) == made

    own_space.apply(manifest("RegisteredModel", copy, description="declared"))
    assert own_space.ready("RegisteredModel", copy)["status"]["origin"] == "Adopted"
    own_space.delete("RegisteredModel", copy)
    own_space.wait_gone("RegisteredModel", copy)
    entry = await model_named(registry, copy)
    assert (entry.state, entry.custom_properties) == ("LIVE", {"team": "x"})
    assert OWNER_PROPERTY in ((await model_named(registry, first)).custom_properties or {})
