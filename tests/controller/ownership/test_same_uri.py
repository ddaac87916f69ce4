"""A manifest gives a registered artifact another name: the second artifact of the same URI is created, and reported."""

from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, has_handled, manifest

URI = "s3://models/churn.onnx"


async def _registered(registry: ModelRegistryAPIClient, name: str, *artifacts: Any) -> str:
    """Register a model and its version 1 as a notebook does; returns the version's ID."""
    model = await registry.upsert_registered_model(RegisteredModel(name))
    version = await registry.upsert_model_version(ModelVersion("1"), model.id)
    for artifact in artifacts:
        await registry.upsert_model_version_artifact(artifact, version.id)
    return str(version.id)


def _version(name: str, *artifacts: Manifest, **spec: Any) -> Manifest:
    return manifest(
        "ModelVersion", name, name="1", registeredModelRef={"name": name}, artifacts=list(artifacts), **spec
    )


def _warnings(space: Namespace, name: str) -> list[str]:
    events = [event for event in space.events(name) if event["reason"] == "SameUri"]
    assert {event["type"] for event in events} <= {"Warning"}
    return [event["message"] for event in events]


@pytest.mark.usefixtures("operator")
async def test_an_artifact_that_an_adopted_version_has_under_another_name_is_named_once(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    version_id = await _registered(registry, name, ModelArtifact(name, uri=URI))
    (existing,) = await registry.get_model_version_artifacts(version_id)
    space.apply(manifest("RegisteredModel", name), _version(name, {"name": "model", "uri": URI}))
    space.ready("ModelVersion", name)
    space.events_until(name, "SameUri")
    (warning,) = _warnings(space, name)
    assert f"the ModelArtifact '{name}' (id {existing.id}" in warning
    assert f"write its name, '{name}', as artifact name" in warning
    space.annotate("ModelVersion", name, reconcile_requested_at="1")
    space.wait("ModelVersion", name, has_handled("1"))
    space.apply(_version(name, {"name": "model", "uri": URI, "description": "d"}))
    space.ready("ModelVersion", name)
    assert len(_warnings(space, name)) == 1

    space.apply(_version(name, {"name": name, "uri": URI}))
    (adopted,) = space.ready("ModelVersion", name)["status"]["artifacts"]
    assert (adopted["id"], adopted["origin"]) == (existing.id, "Adopted")
    assert len(_warnings(space, name)) == 1


@pytest.mark.usefixtures("operator")
async def test_a_resource_below_an_external_version_is_warned_too(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    await _registered(registry, name, ModelArtifact(name, uri=URI))
    external = {"external": {"registeredModelName": name, "name": "1"}}
    space.apply(manifest("ModelArtifact", name, name="model", uri=URI, modelVersionRef=external))
    space.ready("ModelArtifact", name)
    space.events_until(name, "SameUri")
    (warning,) = _warnings(space, name)
    assert f"write its name, '{name}', as spec.name" in warning


@pytest.mark.usefixtures("operator")
async def test_what_is_another_file_or_no_longer_used_or_managed_is_not_named(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    await _registered(
        registry,
        name,
        ModelArtifact("other", uri=f"{URI}.old"),
        ModelArtifact("marked", uri=URI, state="MARKED_FOR_DELETION"),
        DocArtifact("document", uri=URI),
    )
    artifacts = [{"name": "first", "uri": URI}, {"name": "second", "uri": URI}]
    space.apply(manifest("RegisteredModel", name), _version(name, *artifacts))
    space.ready("ModelVersion", name)
    assert _warnings(space, name) == []


def _requests(proxy: FaultProxy, version_id: str) -> list[tuple[str, str]]:
    """The requests about the artifacts of a version."""
    paths = [(each.method, each.path.partition("?")[0]) for each in proxy.received]
    return [(method, path) for method, path in paths if path.endswith(f"/model_versions/{version_id}/artifacts")]


async def test_only_a_version_of_others_costs_a_look_up(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_proxy: FaultProxy,
    unique: Unique,
) -> None:
    start_operator(registry_proxy.url, own_space)
    artifacts = [{"name": "first", "uri": URI}, {"name": "second", "uri": f"{URI}.2"}]
    for name, lookups in ((unique("created"), 0), (unique("adopted"), 1)):
        if lookups:
            await _registered(registry, name, ModelArtifact(name, uri=URI))
        own_space.apply(manifest("RegisteredModel", name), _version(name, *artifacts))
        version_id = own_space.ready("ModelVersion", name)["status"]["id"]
        methods = [method for method, _ in _requests(registry_proxy, version_id)]
        assert methods == [*["GET"] * lookups, "POST"] * 2
        own_space.apply(_version(name, *artifacts, description="edited"))
        own_space.ready("ModelVersion", name)
        assert len(_requests(registry_proxy, version_id)) == len(methods), "nothing is created, so nothing is looked up"
