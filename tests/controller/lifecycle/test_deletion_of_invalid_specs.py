"""A resource whose spec became invalid is deleted as its deletion policy says: the spec must not hold a deletion.

The schema accepts such specs, because it takes any custom property; the operator refuses them when it parses them.
"""

from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.support.entries import model_named
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")

KIND = "RegisteredModel"
STATES = {
    (None, "created"): "ARCHIVED",
    (None, "adopted"): "LIVE",
    ("Archive", "created"): "ARCHIVED",
    ("Archive", "adopted"): "ARCHIVED",
    ("Orphan", "created"): "LIVE",
    ("Orphan", "adopted"): "LIVE",
}
"""The entry's state after the deletion, by deletion policy and origin."""
INVALID: dict[str, dict[str, Any]] = {
    "a list": {"tags": ["a", "b"]},
    "an integer beyond int32": {"rows": 2**31},
    "a reserved name": {"model-registrar.dev/owner": "me"},
}
"""Custom properties that the schema accepts and the operator refuses."""


def _policy(deletion: str | None) -> dict[str, str]:
    return {} if deletion is None else {"deletionPolicy": deletion}


async def _state(registry: ModelRegistryAPIClient, name: str) -> str:
    entry = await model_named(registry, name)
    return str(entry.state)


async def _apply_then_invalidate(
    space: Namespace, registry: ModelRegistryAPIClient, name: str, origin: str, before: dict[str, Any], **after: Any
) -> None:
    """Apply a model for an entry that the operator creates or adopts, and make its spec invalid once it is Ready."""
    if origin == "adopted":
        await registry.upsert_registered_model(RegisteredModel(name, state="LIVE"))
    space.apply(manifest(KIND, name, **before))
    space.ready(KIND, name)
    space.apply(manifest(KIND, name, **after))
    space.wait(KIND, name, has_reason("InvalidSpec"))


@pytest.mark.parametrize(("deletion", "origin"), STATES, ids=str)
async def test_an_invalid_spec_is_deleted_under_each_policy(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique, deletion: str | None, origin: str
) -> None:
    name, policy = unique("model"), _policy(deletion)
    await _apply_then_invalidate(space, registry, name, origin, policy, **policy, customProperties=INVALID["a list"])
    space.delete(KIND, name)
    space.wait_gone(KIND, name)
    assert await _state(registry, name) == STATES[deletion, origin]


@pytest.mark.parametrize("properties", INVALID.values(), ids=list(INVALID))
async def test_each_way_to_become_invalid_is_deleted(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique, properties: dict[str, Any]
) -> None:
    name = unique("model")
    await _apply_then_invalidate(space, registry, name, "created", {}, customProperties=properties)
    space.delete(KIND, name)
    space.wait_gone(KIND, name)
    assert await _state(registry, name) == "ARCHIVED"


async def test_the_policy_of_the_invalid_spec_counts(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    before, after = _policy("Archive"), _policy("Orphan")
    await _apply_then_invalidate(space, registry, name, "created", before, **after, customProperties=INVALID["a list"])
    space.delete(KIND, name)
    space.wait_gone(KIND, name)
    assert await _state(registry, name) == "LIVE"


@pytest.mark.parametrize(
    ("deletion", "states"),
    [
        (None, ("ARCHIVED", "MARKED_FOR_DELETION")),
        ("Archive", ("ARCHIVED", "MARKED_FOR_DELETION")),
        ("Orphan", ("LIVE", "LIVE")),
    ],
)
async def test_a_version_with_an_invalid_artifact_is_deleted_with_its_artifacts(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    deletion: str | None,
    states: tuple[str, str],
) -> None:
    model, version = unique("model"), unique("version")
    weights = {"name": "weights", "uri": "s3://b/w"}
    spec = {"registeredModelRef": {"name": model}, **_policy(deletion)}
    space.apply(manifest(KIND, model), manifest("ModelVersion", version, **spec, artifacts=[weights]))
    version_id = space.ready("ModelVersion", version)["status"]["id"]
    invalid = {**weights, "customProperties": INVALID["a list"]}
    space.apply(manifest("ModelVersion", version, **spec, artifacts=[invalid]))
    space.wait("ModelVersion", version, has_reason("InvalidSpec"))
    space.delete("ModelVersion", version)
    space.wait_gone("ModelVersion", version)
    entry = await registry.get_model_version_by_id(version_id)
    assert entry is not None
    [artifact] = await registry.get_model_version_artifacts(version_id)
    assert (entry.state, artifact.state) == states


async def test_a_standalone_artifact_with_an_invalid_spec_is_deleted(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact = unique("model"), unique("version"), unique("artifact")
    spec = {"uri": "s3://b/m", "modelVersionRef": {"name": version}}
    space.apply(
        manifest(KIND, model),
        manifest("ModelVersion", version, registeredModelRef={"name": model}),
        manifest("ModelArtifact", artifact, **spec),
    )
    entry_id = space.ready("ModelArtifact", artifact)["status"]["id"]
    space.apply(manifest("ModelArtifact", artifact, **spec, customProperties=INVALID["an integer beyond int32"]))
    space.wait("ModelArtifact", artifact, has_reason("InvalidSpec"))
    space.delete("ModelArtifact", artifact)
    space.wait_gone("ModelArtifact", artifact)
    entry = await registry.get_artifact_by_id(entry_id)
    assert entry is not None
    assert entry.state == "MARKED_FOR_DELETION"
