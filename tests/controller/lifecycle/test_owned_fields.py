"""A field that leaves the spec is cleared if this resource has set it, and only then."""

import threading
from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.properties import Observed
from tests.support.entries import model_named
from tests.support.fault_proxy import ErrorAfter, Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Manifest, Namespace, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def _properties(registry: ModelRegistryAPIClient, name: str) -> dict[str, Observed]:
    entry = await model_named(registry, name)
    properties = dict(entry.custom_properties or {})
    del properties["model-registrar.dev/owner"]
    return properties


async def test_a_field_that_leaves_the_spec_is_cleared_and_comes_back(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="d", owner="o", tasks=["ocr"]))
    resource = space.ready("RegisteredModel", name)
    assert resource["status"]["ownedFields"] == ["description", "owner", "tasks"]
    space.apply(manifest("RegisteredModel", name, owner="o"))
    resource = space.ready("RegisteredModel", name)
    assert resource["status"]["ownedFields"] == ["owner"]
    entry = await model_named(registry, name)
    assert (entry.description or "", entry.owner, entry.tasks or []) == ("", "o", [])
    space.apply(manifest("RegisteredModel", name, description="d", owner="o", tasks=["ocr"]))
    space.ready("RegisteredModel", name)
    entry = await model_named(registry, name)
    assert (entry.description, entry.owner, entry.tasks) == ("d", "o", ["ocr"])


async def test_a_field_that_was_released_belongs_to_others(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="d"))
    space.ready("RegisteredModel", name)
    space.apply(manifest("RegisteredModel", name))
    entry_id = space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
    space.apply(manifest("RegisteredModel", name, owner="o"))
    space.ready("RegisteredModel", name)
    entry = await model_named(registry, name)
    assert (entry.description, entry.owner) == ("by hand", "o")


async def test_properties_keep_their_types_and_other_writers_properties_stay(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    declared = {"s": "text", "i": 7, "f": 0.5, "b": True, "whole": {"double": 1}, "number": {"string": "5"}}
    space.apply(manifest("RegisteredModel", name, customProperties=declared))
    resource = space.ready("RegisteredModel", name)
    assert resource["status"]["ownedProperties"] == sorted(declared)
    kept = await _properties(registry, name)
    assert kept == {"s": "text", "i": 7, "f": 0.5, "b": True, "whole": 1.0, "number": "5"}
    assert {key: type(value) for key, value in kept.items()} == {
        "s": str, "i": int, "f": float, "b": bool, "whole": float, "number": str,
    }  # fmt: skip
    entry = await model_named(registry, name)
    everything = {**(entry.custom_properties or {}), "from-a-pipeline": 3}
    await registry.upsert_registered_model(RegisteredModel(name, id=entry.id, custom_properties=everything))
    space.apply(manifest("RegisteredModel", name, customProperties={"s": "other", "whole": 2}))
    space.ready("RegisteredModel", name)
    kept = await _properties(registry, name)
    # A plain 2 stays a double where the registry has a double.
    assert kept == {"s": "other", "whole": 2.0, "from-a-pipeline": 3}
    assert type(kept["whole"]) is float


async def test_an_external_id_is_released_but_not_cleared(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, externalId=unique("ext")))
    space.ready("RegisteredModel", name)
    space.apply(manifest("RegisteredModel", name))
    resource = space.ready("RegisteredModel", name)
    assert "ownedFields" not in resource["status"]
    entry = await registry.get_registered_model_by_params(external_id=unique("ext"))
    assert entry is not None
    assert entry.id == resource["status"]["id"]
    assert [
        event["type"]
        for event in space.events_until(name, "ExternalIdReleased")
        if event["reason"] == "ExternalIdReleased"
    ] == ["Normal"]


async def test_failed_writes_do_not_fill_the_status_with_names(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    name = unique("model")

    def properties(letter: str) -> dict[str, int]:
        return {f"{letter}{number:03}": number for number in range(120)}

    def owns(letter: str) -> Callable[[Manifest], bool]:
        return lambda resource: f"{letter}000" in resource["status"]["ownedProperties"]

    with proxy_to(registry_url) as proxy:
        start_operator(proxy.url, own_space)
        own_space.apply(manifest("RegisteredModel", name, customProperties=properties("a")))
        own_space.ready("RegisteredModel", name)
        proxy.script = lambda received: Reply(500, "broken") if received.method == "PATCH" else None
        for letter in "bcd":
            own_space.apply(manifest("RegisteredModel", name, customProperties=properties(letter)))
            owned = own_space.wait("RegisteredModel", name, owns(letter))["status"]["ownedProperties"]
            assert set(owned) == {*properties("a"), *properties(letter)}, (
                "the existing properties, and those that the write may have set"
            )
        proxy.heal()
        own_space.annotate("RegisteredModel", name, reconcile_requested_at="healed")
        status = own_space.ready("RegisteredModel", name)["status"]
    assert status["ownedProperties"] == sorted(properties("d"))
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        assert await _properties(registry, name) == properties("d")


async def test_a_write_with_unknown_outcome_owns_what_it_may_have_set(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    name = unique("model")
    with proxy_to(registry_url) as proxy:
        start_operator(proxy.url, own_space)
        own_space.apply(manifest("RegisteredModel", name))
        own_space.ready("RegisteredModel", name)
        # The registry carries the write out and answers with an error; from then on it cannot be read.
        lost = threading.Event()

        def lose(received: Received) -> Treatment:
            if received.method == "PATCH":
                lost.set()
                return ErrorAfter(Reply(503, "away"))
            return Reply(503, "away") if lost.is_set() else None

        proxy.script = lose
        own_space.apply(manifest("RegisteredModel", name, customProperties={"brief": 1}))
        own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        assert own_space.get("RegisteredModel", name)["status"]["ownedProperties"] == ["brief"]
        own_space.apply(manifest("RegisteredModel", name))
        proxy.heal()
        own_space.ready("RegisteredModel", name)
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        assert await _properties(registry, name) == {}
