"""Resources that are deleted, slowly or together: who gets their entries, and which resources continue then."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, condition, has_handled, has_reason, is_ready, manifest

SLOW = "example.org/slow"


def _waits_for_registry(resource: Manifest) -> bool:
    return str(condition(resource, "Ready").get("message")).startswith("The deletion waits for the registry")


def _held(resource: Manifest) -> Manifest:
    """Return the resource with a finalizer of another, slow controller."""
    return {**resource, "metadata": {**resource["metadata"], "finalizers": [SLOW]}}


def _is_only_held(resource: Manifest) -> bool:
    return bool(resource["metadata"].get("finalizers") == [SLOW])


def _remove_slow_finalizer(space: Namespace, name: str) -> None:
    space.wait("RegisteredModel", name, _is_only_held)
    space.patch("RegisteredModel", name, {"metadata": {"finalizers": None}})
    space.wait_gone("RegisteredModel", name)


async def test_two_resources_deleted_together_do_not_leave_the_entry_to_each_other(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    start_operator(server.url, own_space)
    name = unique("entry")
    own_space.apply(manifest("RegisteredModel", "first", name=name))
    own_space.ready("RegisteredModel", "first")
    # Whichever is finalized first, the other still exists.
    own_space.apply(_held(manifest("RegisteredModel", "second", name=name)))
    own_space.wait("RegisteredModel", "second", has_reason("NameConflict"))
    server.stop()
    for resource in ("first", "second"):
        own_space.delete("RegisteredModel", resource)
    own_space.wait("RegisteredModel", "first", _waits_for_registry)
    server.start()
    own_space.wait_gone("RegisteredModel", "first")
    _remove_slow_finalizer(own_space, "second")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entry = await model_named(registry, name)
    assert entry.state == "ARCHIVED"


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("deletion_policy", ["Archive", "Orphan"])
def test_a_terminating_resource_releases_its_entry_before_other_finalizers_end(
    space: Namespace, unique: Unique, deletion_policy: str
) -> None:
    name, first, second = unique("entry"), unique("first"), unique("second")
    space.apply(_held(manifest("RegisteredModel", first, name=name, deletionPolicy=deletion_policy)))
    entry_id = space.ready("RegisteredModel", first)["status"]["id"]
    space.apply(manifest("RegisteredModel", second, name=name))
    space.wait("RegisteredModel", second, has_reason("NameConflict"))
    space.delete("RegisteredModel", first)
    assert space.ready("RegisteredModel", second)["status"]["id"] == entry_id
    assert _is_only_held(space.get("RegisteredModel", first))
    _remove_slow_finalizer(space, first)


@pytest.mark.usefixtures("operator")
def test_a_waiting_child_continues_when_its_parent_is_deleted(space: Namespace, unique: Unique) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model, deletionPolicy="Orphan"))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    space.ready("ModelVersion", version)
    space.delete("RegisteredModel", model)
    space.wait_gone("RegisteredModel", model)
    # A parent without an ID holds its children up; after its deletion they continue with the ID that they know.
    space.apply(manifest("RegisteredModel", model, customProperties={"bad": [1]}))
    space.wait("RegisteredModel", model, has_reason("InvalidSpec"))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}, author="me"))
    space.wait("ModelVersion", version, has_reason("WaitingForRegisteredModel"))
    space.delete("RegisteredModel", model)
    space.ready("ModelVersion", version)


def test_a_child_finds_its_terminating_parent_after_a_restart(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    operator = start_operator(registry_url, own_space)
    model = _held(manifest("RegisteredModel", "model", name=unique("model")))
    own_space.apply(model, manifest("ModelVersion", "version", registeredModelRef={"name": "model"}))
    own_space.ready("ModelVersion", "version")
    operator.stop()
    own_space.delete("RegisteredModel", "model")
    operator.start()
    own_space.wait("RegisteredModel", "model", _is_only_held)
    own_space.apply(manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, author="me"))
    own_space.ready("ModelVersion", "version")
    _remove_slow_finalizer(own_space, "model")


@pytest.mark.usefixtures("operator")
async def test_an_adoption_is_reported_though_an_artifact_waits(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """The version is adopted, though an artifact of it belongs to another resource."""
    model, version = unique("model"), unique("version")
    parent = await registry.upsert_registered_model(RegisteredModel(model))
    entry = await registry.upsert_model_version(ModelVersion(version), parent.id)
    space.apply(
        manifest(
            "ModelArtifact", version, name="weights", uri="s3://b/w", modelVersionRef={"external": {"id": entry.id}}
        )
    )
    space.ready("ModelArtifact", version)
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(
        manifest("ModelVersion", version, registeredModelRef={"external": {"id": parent.id}}, artifacts=artifacts)
    )
    status = space.wait("ModelVersion", version, has_reason("NameConflict"))["status"]
    assert (status["id"], "lastSyncTime" in status) == (entry.id, True)
    messages = [
        event["message"]
        for event in space.events_until(version, "Adopted")
        if event["involvedObject"]["kind"] == "ModelVersion"
    ]
    assert any(message.startswith(f"Adopted ModelVersion '{version}' (id {entry.id})") for message in messages)


async def test_a_reconcile_request_stays_open_while_the_registry_is_unavailable(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server, name = embedded_registry(), unique("model")
    start_operator(server.url, own_space, "--feed-interval=3600")
    own_space.apply(manifest("RegisteredModel", name, description="by git"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
        server.stop()
        own_space.annotate("RegisteredModel", name, reconcile_requested_at="1")
        unavailable = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        assert "lastHandledReconcileAt" not in unavailable["status"]
        server.start()
        own_space.wait("RegisteredModel", name, has_handled("1"))
        assert is_ready(own_space.get("RegisteredModel", name))
        entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert entry.description == "by git"


@pytest.mark.usefixtures("operator")
def test_a_resource_with_the_longest_name_gets_its_events(space: Namespace, unique: Unique) -> None:
    name = unique("m" * 244)
    assert len(name) == 253
    space.apply(manifest("RegisteredModel", name))
    space.ready("RegisteredModel", name)
    assert [event["reason"] for event in space.events_until(name, "Created")] == ["Created"]
