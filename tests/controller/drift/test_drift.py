"""Changes made outside are found by the change feed, and dealt with as the policy says."""

import asyncio
from collections.abc import Callable

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, condition, has_reason, is_ready, manifest

MakeOperator = Callable[..., OperatorProcess]
MakeRegistry = Callable[..., EmbeddedRegistry]

SOON = "--feed-interval=0.3"


@pytest.fixture
def operator(own_operator: MakeOperator, own_space: Namespace, registry_url: str) -> OperatorProcess:
    """An operator that looks often."""
    return own_operator(registry_url, own_space, SOON)


async def _until(registry: ModelRegistryAPIClient, name: str, fits: Callable[[RegisteredModel], bool]) -> None:
    for _ in range(1000):
        entry = await registry.get_registered_model_by_params(name=name)
        if entry is not None and fits(entry):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(f"{name} did not become as awaited: {entry!r}")


@pytest.mark.usefixtures("operator")
async def test_what_is_declared_is_written_back_and_nothing_else(
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
    await _until(registry, name, lambda one: one.description == "by git")
    entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert (entry.provider, entry.state) == ("by hand", "LIVE")
    assert entry.custom_properties == {**properties, "team": "a"}


@pytest.mark.usefixtures("operator")
async def test_a_version_and_its_inline_artifact_are_followed_too(
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
    for _ in range(1000):
        await asyncio.sleep(0.02)
        entry = await registry.get_model_version_by_id(status["id"])
        found = await registry.get_artifact_by_id(artifact_id)
        if entry is not None and found is not None and (entry.author, found.uri) == ("git", "s3://b/w"):
            break
    else:
        pytest.fail(f"not written back: {entry!r}, {found!r}")


@pytest.mark.usefixtures("operator")
async def test_reported_drift_comes_and_goes_with_the_registry(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Report"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
    resource = own_space.wait("RegisteredModel", name, lambda one: bool(condition(one, "Drifted")))
    assert "description is 'by hand', the spec says 'by git'" in condition(resource, "Drifted")["message"]
    assert is_ready(resource)
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by git"))
    own_space.wait("RegisteredModel", name, lambda one: not condition(one, "Drifted"))
    assert [(one["type"], one["reason"]) for one in own_space.events(name)] == [
        ("Normal", "Synced"),
        ("Warning", "ChangedOutside"),
    ]


@pytest.mark.usefixtures("operator")
async def test_two_writers_do_not_correct_each_other_for_ever(
    own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    for number in range(3):
        await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description=f"by hand {number}"))
        await _until(registry, name, lambda one: one.description == "by git")
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand again"))
    resource = own_space.wait("RegisteredModel", name, lambda one: bool(condition(one, "Drifted")))
    drifted = condition(resource, "Drifted")
    assert drifted["reason"] == "Contested"
    assert "'by hand again', the spec says 'by git'" in drifted["message"]
    entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert entry.description == "by hand again"
    own_space.annotate("RegisteredModel", name, reconcile_requested_at="insist")
    await _until(registry, name, lambda one: one.description == "by git")


@pytest.mark.parametrize("interval", ["0.3", "3600"], ids=["seen by the feed", "met by a change before the feed"])
async def test_an_emptied_registry_is_not_filled_again_by_itself(
    own_space: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique, interval: str
) -> None:
    server = embedded_registry()
    operator = own_operator(server.url, own_space, f"--feed-interval={interval}")
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
        own_operator(server.url, own_space, SOON, "--accept-new-registry")
        for name in names:
            own_space.ready("RegisteredModel", name)
        assert sorted(one.name for one in await registry.get_registered_models()) == sorted(names)


async def test_another_registry_is_not_filled_by_itself(
    own_space: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique
) -> None:
    first, second = embedded_registry(), embedded_registry()
    operator = own_operator(first.url, own_space)
    names = [f"{unique('model')}-{number}" for number in range(12)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    before = [own_space.ready("RegisteredModel", name) for name in names]
    operator.stop()
    own_operator(second.url, own_space)
    for name in names:
        own_space.wait("RegisteredModel", name, has_reason("RegistryReplaced"))
    async with ModelRegistryAPIClient.connect(second.url) as registry:
        assert await registry.get_registered_models() == []
    # Back at the first, all is as it was.
    operator.start()
    assert [own_space.ready("RegisteredModel", name)["status"]["id"] for name in names] == [
        one["status"]["id"] for one in before
    ]
