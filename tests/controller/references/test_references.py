"""References to parents: waited for, fixed, and held to the ID that they led to."""

import pytest

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def test_a_typo_in_a_reference_is_reported_and_can_be_corrected(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": f"{model}-typo"}))
    waiting = space.wait("ModelVersion", version, has_reason("WaitingForRegisteredModel"))
    assert condition(waiting, "Reconciling")["status"] == "True"
    assert not condition(waiting, "Stalled")
    assert f"{model}-typo" in condition(waiting, "Ready")["message"]
    assert "finalizers" not in waiting["metadata"]
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    status = space.ready("ModelVersion", version)["status"]
    assert status["parentId"] == space.ready("RegisteredModel", model)["status"]["id"]
    assert len(await registry.get_model_versions(status["parentId"])) == 1


async def test_a_waiting_child_names_what_its_parent_lacks_once_that_exists(space: Namespace, unique: Unique) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))

    def says(sentence: str) -> None:
        space.wait("ModelVersion", version, lambda found: sentence in condition(found, "Ready").get("message", ""))

    says(f"RegisteredModel {space.name}/{model} does not exist. Check spec.registeredModelRef, or create it.")
    space.apply(manifest("RegisteredModel", model, customProperties={"model-registrar.dev/owner": "me"}))
    space.wait("RegisteredModel", model, has_reason("InvalidSpec"))
    says(f"Waiting for RegisteredModel {space.name}/{model} to get an ID; see its conditions.")
    space.delete("RegisteredModel", model)
    says("does not exist")
    space.apply(manifest("RegisteredModel", model))
    space.ready("ModelVersion", version)


async def test_a_waiting_child_can_be_deleted(space: Namespace, unique: Unique) -> None:
    version = unique("version")
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": "nobody"}))
    space.wait("ModelVersion", version, has_reason("WaitingForRegisteredModel"))
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)


async def test_a_reference_to_another_parent_is_refused_once_the_entry_has_an_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    first, second, version = unique("first"), unique("second"), unique("version")
    space.apply(manifest("RegisteredModel", first), manifest("RegisteredModel", second))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": first}))
    parent_id = space.ready("ModelVersion", version)["status"]["parentId"]
    second_id = space.ready("RegisteredModel", second)["status"]["id"]
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": second}, author="moved"))
    refused = space.wait("ModelVersion", version, has_reason("ParentChanged"))
    assert condition(refused, "Stalled")["status"] == "True"
    assert second_id in condition(refused, "Ready")["message"]
    assert refused["status"]["parentId"] == parent_id
    assert await registry.get_model_versions(second_id) == []
    entry = await registry.get_model_version_by_id(refused["status"]["id"])
    assert entry is not None
    assert entry.author is None
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": first}, author="stayed"))
    space.ready("ModelVersion", version)


async def test_deleting_a_parent_resource_changes_nothing_for_its_child(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model, deletionPolicy="Orphan"))
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=artifacts))
    before = space.ready("ModelVersion", version)["status"]
    space.delete("RegisteredModel", model)
    space.wait_gone("RegisteredModel", model)
    later = manifest("ModelVersion", version, registeredModelRef={"name": model}, author="later", artifacts=artifacts)
    space.apply(later)
    after = space.ready("ModelVersion", version)["status"]
    assert {name: after[name] for name in ("id", "parentId", "storageUri")} == {
        name: before[name] for name in ("id", "parentId", "storageUri")
    }
    entry = await registry.get_model_version_by_id(after["id"])
    assert entry is not None
    assert entry.author == "later"


async def test_a_child_continues_while_a_problem_stops_its_parent(space: Namespace, unique: Unique) -> None:
    model, version = unique("model"), unique("version")
    space.apply(manifest("RegisteredModel", model))
    parent_id = space.ready("RegisteredModel", model)["status"]["id"]
    space.apply(manifest("RegisteredModel", model, customProperties={"bad": [1]}))
    space.wait("RegisteredModel", model, has_reason("InvalidSpec"))
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    assert space.ready("ModelVersion", version)["status"]["parentId"] == parent_id
