"""Resources that go, slowly or together: who gets their entries, and who is told."""

from collections.abc import Callable

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, condition, has_reason, is_ready, manifest

MakeRegistry = Callable[..., EmbeddedRegistry]
MakeOperator = Callable[..., OperatorProcess]
SLOW = "example.org/slow"


def _waits_for_registry(resource: Manifest) -> bool:
    return str(condition(resource, "Ready").get("message")).startswith("The deletion waits for the registry")


def _held(resource: Manifest) -> Manifest:
    """The same with a finalizer of somebody who takes his time."""
    return {**resource, "metadata": {**resource["metadata"], "finalizers": [SLOW]}}


def _is_only_held(resource: Manifest) -> bool:
    return bool(resource["metadata"].get("finalizers") == [SLOW])


def _let_go(space: Namespace, name: str) -> None:
    space.wait("RegisteredModel", name, _is_only_held)
    space.patch("RegisteredModel", name, {"metadata": {"finalizers": None}})
    space.wait_gone("RegisteredModel", name)


async def test_two_that_go_together_do_not_leave_the_entry_to_each_other(
    own_space: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique
) -> None:
    server = embedded_registry()
    own_operator(server.url, own_space)
    name = unique("entry")
    own_space.apply(manifest("RegisteredModel", "first", name=name))
    own_space.ready("RegisteredModel", "first")
    # Whoever is retired first, the other is still there.
    own_space.apply(_held(manifest("RegisteredModel", "second", name=name)))
    own_space.wait("RegisteredModel", "second", has_reason("NameConflict"))
    server.stop()
    for resource in ("first", "second"):
        own_space.delete("RegisteredModel", resource)
    own_space.wait("RegisteredModel", "first", _waits_for_registry)
    server.start()
    own_space.wait_gone("RegisteredModel", "first")
    _let_go(own_space, "second")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entry = await registry.get_registered_model_by_params(name=name)
    assert entry is not None
    assert entry.state == "ARCHIVED"


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("deletion_policy", ["Archive", "Orphan"])
def test_a_resource_that_others_hold_lets_its_entry_go(space: Namespace, unique: Unique, deletion_policy: str) -> None:
    name, first, second = unique("entry"), unique("first"), unique("second")
    space.apply(_held(manifest("RegisteredModel", first, name=name, deletionPolicy=deletion_policy)))
    entry_id = space.ready("RegisteredModel", first)["status"]["id"]
    space.apply(manifest("RegisteredModel", second, name=name))
    space.wait("RegisteredModel", second, has_reason("NameConflict"))
    space.delete("RegisteredModel", first)
    assert space.ready("RegisteredModel", second)["status"]["id"] == entry_id
    assert _is_only_held(space.get("RegisteredModel", first))
    _let_go(space, first)


@pytest.mark.usefixtures("operator")
def test_a_child_that_waits_goes_on_when_its_parent_goes(space: Namespace, unique: Unique) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model, deletionPolicy="Orphan"))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    space.ready("ModelVersion", version)
    space.delete("RegisteredModel", model)
    space.wait_gone("RegisteredModel", model)
    # A parent that never gets an ID holds its children up; its end lets them go on with the one that they know.
    space.apply(manifest("RegisteredModel", model, customProperties={"bad": [1]}))
    space.wait("RegisteredModel", model, has_reason("InvalidSpec"))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}, author="me"))
    space.wait("ModelVersion", version, has_reason("WaitingForRegisteredModel"))
    space.delete("RegisteredModel", model)
    space.ready("ModelVersion", version)


def test_a_child_knows_its_terminating_parent_after_a_restart(
    own_space: Namespace, own_operator: MakeOperator, registry_url: str, unique: Unique
) -> None:
    operator = own_operator(registry_url, own_space)
    model = _held(manifest("RegisteredModel", "model", name=unique("model")))
    own_space.apply(model, manifest("ModelVersion", "version", registeredModelRef={"name": "model"}))
    own_space.ready("ModelVersion", "version")
    operator.stop()
    own_space.delete("RegisteredModel", "model")
    operator.start()
    own_space.wait("RegisteredModel", "model", _is_only_held)
    own_space.apply(manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, author="me"))
    own_space.ready("ModelVersion", "version")
    _let_go(own_space, "model")


@pytest.mark.usefixtures("operator")
async def test_what_was_done_is_told_though_an_artifact_waits(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """The version is adopted; one of its artifacts belongs to another resource, which is no reason to be silent."""
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
    told = [one["message"] for one in space.events(version) if one["involvedObject"]["kind"] == "ModelVersion"]
    assert any(message.startswith(f"Adopted: id {entry.id}. Artifact 'weights'") for message in told)


async def test_a_request_stays_open_while_the_registry_is_away(
    own_space: Namespace, own_operator: MakeOperator, embedded_registry: MakeRegistry, unique: Unique
) -> None:
    server, name = embedded_registry(), unique("model")
    own_operator(server.url, own_space, "--feed-interval=3600")
    own_space.apply(manifest("RegisteredModel", name, description="by git"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
        server.stop()
        own_space.annotate("RegisteredModel", name, reconcile_requested_at="1")
        unavailable = own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
        assert "lastHandledReconcileAt" not in unavailable["status"]
        server.start()
        own_space.wait("RegisteredModel", name, lambda one: one["status"].get("lastHandledReconcileAt") == "1")
        assert is_ready(own_space.get("RegisteredModel", name))
        entry = await registry.get_registered_model_by_id(entry_id)
    assert entry is not None
    assert entry.description == "by git"


@pytest.mark.usefixtures("operator")
def test_the_longest_name_gets_its_events_too(space: Namespace, unique: Unique) -> None:
    name = unique("m" * 244)
    assert len(name) == 253
    space.apply(manifest("RegisteredModel", name))
    space.ready("RegisteredModel", name)
    assert [one["reason"] for one in space.events(name)] == ["Synced"]
