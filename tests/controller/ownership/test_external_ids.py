"""Several entries want one external ID: it moves, is exchanged, or comes from an entry that a deletion archived."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest

pytestmark = pytest.mark.usefixtures("operator")

IS_TAKEN = has_reason("ExternalIdConflict")


def _waits(space: Namespace, kind: str, name: str, *parts: str) -> None:
    """Wait until a resource waits for an external ID, with a message that holds these parts."""

    def waits(resource: Manifest) -> bool:
        return IS_TAKEN(resource) and all(part in condition(resource, "Ready")["message"] for part in parts)

    resource = space.wait(kind, name, waits)
    assert condition(resource, "Reconciling")["status"] == "True"
    assert not condition(resource, "Stalled")


@pytest.mark.parametrize("is_taker_first", [True, False], ids=["taker first", "giver first"])
@pytest.mark.parametrize("is_at_once", [True, False], ids=["in one apply", "one by one"])
async def test_an_external_id_moves_to_another_resource(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    is_taker_first: bool,  # noqa: FBT001 - a parameter of the test
    is_at_once: bool,  # noqa: FBT001 - the same
) -> None:
    giver, taker, moving = unique("giver"), unique("taker"), unique("moving")
    space.apply(manifest("RegisteredModel", giver, externalId=moving))
    holder_id = space.ready("RegisteredModel", giver)["status"]["id"]
    steps = [
        manifest("RegisteredModel", giver, externalId=unique("next")),
        manifest("RegisteredModel", taker, externalId=moving),
    ]
    if is_taker_first:
        steps.reverse()
    if is_at_once:
        space.apply(*steps)
    else:
        space.apply(steps[0])
        if is_taker_first:
            held = f"the RegisteredModel '{giver}' (id {holder_id}, LIVE) of RegisteredModel {space.name}/{giver}"
            _waits(space, "RegisteredModel", taker, held, "once that one has another externalId")
        space.apply(steps[1])
    space.ready("RegisteredModel", taker)
    space.ready("RegisteredModel", giver)
    assert (await model_named(registry, taker)).external_id == moving
    assert (await model_named(registry, giver)).external_id == unique("next")


async def test_an_external_id_moves_from_a_model_to_a_version(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, moving = unique("model"), unique("version"), unique("moving")
    space.apply(
        manifest("RegisteredModel", model, externalId=moving),
        manifest("ModelVersion", version, registeredModelRef={"name": model}, externalId=moving),
    )
    _waits(space, "ModelVersion", version, f"of RegisteredModel {space.name}/{model}")
    space.apply(manifest("RegisteredModel", model, externalId=unique("next")))
    entry = await registry.get_model_version_by_id(space.ready("ModelVersion", version)["status"]["id"])
    assert entry is not None
    assert entry.external_id == moving


async def test_an_external_id_moves_between_artifacts_inside_versions_and_outside(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    model, version, artifact, moving = unique("model"), unique("version"), unique("artifact"), unique("moving")

    def inline(external_id: str, *before: Manifest) -> Manifest:
        items = [*before, {"name": "a", "uri": "s3://a", "externalId": external_id}]
        return manifest("ModelVersion", version, registeredModelRef={"name": model}, artifacts=items)

    space.apply(manifest("RegisteredModel", model), inline(moving))
    space.ready("ModelVersion", version)
    space.apply(manifest("ModelArtifact", artifact, uri="s3://b", modelVersionRef={"name": version}, externalId=moving))
    _waits(space, "ModelArtifact", artifact, "the ModelArtifact 'a'", f"of ModelVersion {space.name}/{version}")
    space.apply(inline(unique("next")))
    space.ready("ModelArtifact", artifact)
    # A removed artifact gives its external ID up to a resource.
    space.apply(
        manifest("ModelArtifact", artifact, uri="s3://b", modelVersionRef={"name": version}, externalId=unique("next"))
    )
    _waits(space, "ModelArtifact", artifact, "the ModelArtifact 'a'", f"of ModelVersion {space.name}/{version}")
    space.apply(manifest("ModelVersion", version, registeredModelRef={"name": model}))
    space.ready("ModelArtifact", artifact)
    space.apply(inline(unique("third")))
    space.ready("ModelVersion", version)
    # Within one version, an artifact gives its external ID to one that is listed before it.
    space.apply(inline(unique("last"), {"name": "b", "uri": "s3://c", "externalId": unique("third")}))
    status = space.ready("ModelVersion", version)["status"]
    entries = [await registry.get_artifact_by_id(each["id"]) for each in status["artifacts"]]
    assert [entry and (entry.name, entry.external_id) for entry in entries] == [
        ("b", unique("third")),
        ("a", unique("last")),
    ]


async def test_two_resources_that_exchange_their_external_ids_need_a_temporary_one(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    first, second, one, two = unique("first"), unique("second"), unique("one"), unique("two")

    for name, external_id in ((first, one), (second, two)):
        space.apply(manifest("RegisteredModel", name, externalId=external_id))
        space.ready("RegisteredModel", name)
    space.apply(manifest("RegisteredModel", first, externalId=two))
    _waits(space, "RegisteredModel", first, "once that one has another externalId")
    space.apply(manifest("RegisteredModel", second, externalId=one))
    for name, other in ((first, second), (second, first)):
        circle = f"This resource and RegisteredModel {space.name}/{other} wait for each other"
        _waits(space, "RegisteredModel", name, circle, "temporary externalId")
    space.apply(manifest("RegisteredModel", first, externalId=unique("temporary")))
    space.ready("RegisteredModel", second)
    space.apply(manifest("RegisteredModel", first, externalId=two))
    space.ready("RegisteredModel", first)
    assert (await model_named(registry, first)).external_id == two
    assert (await model_named(registry, second)).external_id == one


async def test_an_external_id_that_the_spec_drops_stays_until_it_is_replaced(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    giver, taker, moving = unique("giver"), unique("taker"), unique("moving")
    space.apply(manifest("RegisteredModel", giver, externalId=moving))
    space.ready("RegisteredModel", giver)
    space.apply(manifest("RegisteredModel", giver), manifest("RegisteredModel", taker, externalId=moving))
    _waits(space, "RegisteredModel", taker, "Removing it there is not enough")
    # Someone changes it in the registry, where the spec does not declare it: no write of the operator.
    holder = await model_named(registry, giver)
    await registry.upsert_registered_model(RegisteredModel(giver, id=holder.id, external_id=unique("by-hand")))
    space.annotate("RegisteredModel", giver, reconcile_requested_at="1")
    space.ready("RegisteredModel", taker)
    assert (await model_named(registry, taker)).external_id == moving


@pytest.mark.parametrize("is_new_first", [True, False], ids=["new applied first", "old deleted first"])
async def test_a_rename_takes_the_external_id_along(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    is_new_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    old, new, external_id = unique("old"), unique("new"), unique("ext")
    space.apply(manifest("RegisteredModel", old, externalId=external_id))
    old_id = space.ready("RegisteredModel", old)["status"]["id"]
    if is_new_first:
        space.apply(manifest("RegisteredModel", new, externalId=external_id))
        _waits(space, "RegisteredModel", new, f"of RegisteredModel {space.name}/{old}")
        space.delete("RegisteredModel", old)
    else:
        space.delete("RegisteredModel", old)
        space.wait_gone("RegisteredModel", old)
        space.apply(manifest("RegisteredModel", new, externalId=external_id))
    space.ready("RegisteredModel", new)
    assert (await model_named(registry, new)).external_id == external_id
    released = await model_named(registry, old)
    assert (released.id, released.state, released.external_id) == (
        old_id,
        "ARCHIVED",
        f"{external_id}~released-{old_id}",
    )
    (event,) = [
        event for event in space.events_until(new, "ExternalIdReleased") if event["reason"] == "ExternalIdReleased"
    ]
    assert event["type"] == "Normal"
    assert f"the RegisteredModel '{old}' (id {old_id}, ARCHIVED)" in event["message"]
    assert f"'{external_id}~released-{old_id}'" in event["message"]

    # The old one, applied again, gets its external ID back once the new one is gone.
    space.apply(manifest("RegisteredModel", old, externalId=external_id))
    _waits(space, "RegisteredModel", old, f"of RegisteredModel {space.name}/{new}")
    space.delete("RegisteredModel", new)
    assert space.ready("RegisteredModel", old)["status"]["id"] == old_id
    entry = await model_named(registry, old)
    assert (entry.state, entry.external_id) == ("LIVE", external_id)


async def test_a_resource_that_others_hold_lets_its_external_id_go(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    old, new, external_id = unique("old"), unique("new"), unique("ext")
    declared = manifest("RegisteredModel", old, externalId=external_id)
    space.apply({**declared, "metadata": {**declared["metadata"], "finalizers": ["example.org/slow"]}})
    space.ready("RegisteredModel", old)
    space.apply(manifest("RegisteredModel", new, externalId=external_id))
    _waits(space, "RegisteredModel", new, f"of RegisteredModel {space.name}/{old}")
    space.delete("RegisteredModel", old)
    space.ready("RegisteredModel", new)
    assert (await model_named(registry, new)).external_id == external_id
    assert space.get("RegisteredModel", old)["metadata"]["finalizers"] == ["example.org/slow"]
    space.patch("RegisteredModel", old, {"metadata": {"finalizers": None}})


async def test_a_rename_waits_while_the_old_resource_may_still_be_moved(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, "--handover-grace=4")
    old, new, external_id = unique("old"), unique("new"), unique("ext")
    own_space.apply(manifest("RegisteredModel", old, externalId=external_id))
    old_id = own_space.ready("RegisteredModel", old)["status"]["id"]
    own_space.delete("RegisteredModel", old)
    own_space.apply(manifest("RegisteredModel", new, externalId=external_id))
    _waits(own_space, "RegisteredModel", new, f"(id {old_id}, LIVE)", "is being deleted")
    own_space.ready("RegisteredModel", new)
    assert (await model_named(registry, new)).external_id == external_id


def _tree(name: str, unique: Unique) -> list[Manifest]:
    """A model, a version with an artifact, and another artifact, each with an external ID; children come first."""
    inline = {"name": name, "uri": "s3://b/i", "externalId": unique("inline")}
    version = {"registeredModelRef": {"name": name}, "externalId": unique("version"), "artifacts": [inline]}
    weights = {"modelVersionRef": {"name": name}, "externalId": unique("weights"), "uri": "s3://b/w"}
    return [
        manifest("ModelArtifact", name, name=f"{name}-weights", **weights),
        manifest("ModelVersion", name, **version),
        manifest("RegisteredModel", name, externalId=unique("model")),
    ]


@pytest.mark.parametrize("is_new_first", [True, False], ids=["new applied first", "old deleted first"])
async def test_a_renamed_tree_takes_all_its_external_ids_along(
    space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    is_new_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    old, new = unique("old"), unique("new")
    before, after = _tree(old, unique), _tree(new, unique)
    space.apply(*before)
    for resource in before:
        space.ready(resource["kind"], old)
    if is_new_first:
        space.apply(*after)
    for resource in before:
        space.delete(resource["kind"], old)
    if not is_new_first:
        space.apply(*after)
    for resource in after:
        space.ready(resource["kind"], new)
    version = space.get("ModelVersion", new)["status"]
    entries = [
        await model_named(registry, new),
        await registry.get_model_version_by_id(version["id"]),
        await registry.get_artifact_by_id(version["artifacts"][0]["id"]),
        await registry.get_artifact_by_id(space.get("ModelArtifact", new)["status"]["id"]),
    ]
    wanted = [unique(name) for name in ("model", "version", "inline", "weights")]
    assert [entry and entry.external_id for entry in entries] == wanted


async def test_artifacts_give_their_external_ids_up_too(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    # Longer than a wait goes unreported, so that the next attempt depends on what departs.
    start_operator(registry_url, own_space, "--handover-grace=3")
    external_id = unique("ext")

    def version(name: str) -> Manifest:
        items = [{"name": name, "uri": "s3://b/i", "externalId": external_id}]
        return manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, artifacts=items)

    own_space.apply(manifest("RegisteredModel", "model", name=unique("model")), version("before"))
    (before,) = own_space.ready("ModelVersion", "version")["status"]["artifacts"]
    own_space.apply(version("after"))
    (after,) = own_space.ready("ModelVersion", "version")["status"]["artifacts"]
    entries = [await registry.get_artifact_by_id(each["id"]) for each in (before, after)]
    assert [entry and (entry.external_id, entry.state) for entry in entries] == [
        (f"{external_id}~released-{before['id']}", "MARKED_FOR_DELETION"),
        (external_id, "LIVE"),
    ]


async def test_an_archived_entry_that_was_restored_by_hand_keeps_its_external_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    old, new, external_id = unique("old"), unique("new"), unique("ext")
    space.apply(manifest("RegisteredModel", old, externalId=external_id))
    old_id = space.ready("RegisteredModel", old)["status"]["id"]
    space.delete("RegisteredModel", old)
    space.wait_gone("RegisteredModel", old)
    await registry.upsert_registered_model(RegisteredModel(old, id=old_id, state="LIVE"))
    space.apply(manifest("RegisteredModel", new, externalId=external_id))
    refused = space.wait("RegisteredModel", new, IS_TAKEN)
    assert condition(refused, "Stalled")["status"] == "True"
    assert (
        f"(id {old_id}, LIVE), which no resource of this installation manages" in condition(refused, "Ready")["message"]
    )
    assert (await model_named(registry, old)).external_id == external_id


async def test_an_entry_that_a_deletion_leaves_keeps_its_external_id(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    old, new, external_id = unique("old"), unique("new"), unique("ext")
    space.apply(manifest("RegisteredModel", old, externalId=external_id, deletionPolicy="Orphan"))
    space.ready("RegisteredModel", old)
    space.apply(manifest("RegisteredModel", new, externalId=external_id))
    _waits(space, "RegisteredModel", new, f"of RegisteredModel {space.name}/{old}")
    space.delete("RegisteredModel", old)
    # Nothing is left to wait for: the entry stays as it is.
    refused = space.wait("RegisteredModel", new, lambda resource: bool(condition(resource, "Stalled")))
    assert "give that entry another one in the registry" in condition(refused, "Ready")["message"]
    assert (await model_named(registry, old)).external_id == external_id
