"""The change feed finds changes by other writers; the drift policy decides what happens to them."""

from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_drifted, has_reason, is_ready, manifest
from tests.support.waiting import wait_for, wait_until

SOON = "--feed-interval=0.3"


@pytest.fixture
def operator(start_operator: StartOperator, own_space: Namespace, registry_url: str) -> OperatorProcess:
    """An operator that polls often."""
    return start_operator(registry_url, own_space, SOON)


async def _until(registry: ModelRegistryAPIClient, name: str, until: Callable[[RegisteredModel], bool]) -> None:
    await wait_for(lambda: model_named(registry, name), until)


@pytest.mark.usefixtures("operator")
async def test_declared_fields_are_corrected_and_nothing_else(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git", customProperties={"team": "a"}))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    properties = {**(entry.custom_properties or {}), "team": "b", "note": "by hand"}
    changed = RegisteredModel(
        name, id=entry_id, description="by hand", provider="by hand", custom_properties=properties, state="ARCHIVED"
    )
    await registry.upsert_registered_model(changed)
    await _until(registry, name, lambda resource: resource.description == "by git")
    entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert (entry.provider, entry.state) == ("by hand", "LIVE")
    assert entry.custom_properties == {**properties, "team": "a"}


@pytest.mark.usefixtures("operator")
async def test_drift_of_a_version_and_its_inline_artifact_is_corrected(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    artifact = {"name": "weights", "uri": "s3://b/w"}
    own_space.apply(
        manifest("RegisteredModel", model),
        manifest("ModelVersion", version, registeredModelRef={"name": model}, author="git", artifacts=[artifact]),
    )
    status = own_space.ready("ModelVersion", version)["status"]
    artifact_id = status["artifacts"][0]["id"]
    await registry.upsert_model_version(ModelVersion(version, id=status["id"], author="hand"))
    found = await registry.get_artifact_by_id(artifact_id)
    assert found is not None
    await registry.upsert_artifact(type(found)("weights", id=artifact_id, uri="s3://elsewhere"))
    await wait_for(
        lambda: registry.get_model_version_by_id(status["id"]),
        lambda entry: entry is not None and entry.author == "git",
    )
    await wait_for(
        lambda: registry.get_artifact_by_id(artifact_id), lambda entry: entry is not None and entry.uri == "s3://b/w"
    )


@pytest.mark.usefixtures("operator")
async def test_reported_drift_appears_and_disappears_with_the_difference(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Report"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
    resource = own_space.wait("RegisteredModel", name, has_drifted)
    assert "description is 'by hand', the spec says 'by git'" in condition(resource, "Drifted")["message"]
    assert is_ready(resource)
    assert condition(resource, "Ready")["message"].startswith("In sync, except for drift")
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by git"))
    own_space.wait("RegisteredModel", name, lambda resource: not condition(resource, "Drifted"))
    wait_until(lambda: len(own_space.events(name)) > 2, "no Event said that the drift ended")
    assert [(event["type"], event["reason"]) for event in own_space.events(name)] == [
        ("Normal", "Created"),
        ("Warning", "ChangedOutside"),
        ("Normal", "DriftEnded"),
    ]


@pytest.mark.usefixtures("operator")
async def test_two_writers_do_not_correct_each_other_forever(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    for number in range(3):
        await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description=f"by hand {number}"))
        await _until(registry, name, lambda resource: resource.description == "by git")
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand again"))
    resource = own_space.wait("RegisteredModel", name, has_drifted)
    drifted = condition(resource, "Drifted")
    assert drifted["reason"] == "Contested"
    assert "'by hand again', the spec says 'by git'" in drifted["message"]
    entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert entry.description == "by hand again"
    own_space.annotate("RegisteredModel", name, reconcile_requested_at="insist")
    await _until(registry, name, lambda resource: resource.description == "by git")


@pytest.mark.parametrize("interval", ["0.3", "3600"], ids=["seen by the feed", "met by a change before the feed"])
async def test_a_registry_that_was_emptied_is_not_filled_again(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
    interval: str,
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space, f"--feed-interval={interval}")
    names = [f"{unique('model')}-{number}" for number in range(12)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    ids = [own_space.ready("RegisteredModel", name)["status"]["id"] for name in names]
    server.stop()
    for file in server.database.parent.glob(f"{server.database.name}*"):
        file.unlink()
    server.start()
    own_space.patch("RegisteredModel", names[0], {"spec": {"description": "changed meanwhile"}})
    resource = own_space.wait("RegisteredModel", names[0], has_reason("RegistryReplaced"))
    assert "12 of 12 entries are no longer in the registry" in condition(resource, "Ready")["message"]
    for name, entry_id in zip(names, ids, strict=True):
        assert own_space.wait("RegisteredModel", name, has_reason("RegistryReplaced"))["status"]["id"] == entry_id
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        assert await registry.get_registered_models() == []
        operator.stop()
        start_operator(server.url, own_space, SOON, "--accept-new-registry")
        for name in names:
            own_space.ready("RegisteredModel", name)
        assert sorted(model.name for model in await registry.get_registered_models()) == sorted(names)


async def test_another_registry_is_not_filled(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    first, second = embedded_registry(), embedded_registry()
    operator = start_operator(first.url, own_space)
    names = [f"{unique('model')}-{number}" for number in range(12)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    before = [own_space.ready("RegisteredModel", name) for name in names]
    operator.stop()
    start_operator(second.url, own_space)
    for name in names:
        own_space.wait("RegisteredModel", name, has_reason("RegistryReplaced"))
    async with ModelRegistryAPIClient.connect(second.url) as registry:
        assert await registry.get_registered_models() == []
    # With the first registry again, all is unchanged.
    operator.start()
    assert [own_space.ready("RegisteredModel", name)["status"]["id"] for name in names] == [
        resource["status"]["id"] for resource in before
    ]
