"""Moves and renames: an entry that loses its resource goes to the next one, and is never retired in between."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, annotated, condition, has_reason, manifest

GRACE = "--handover-grace=60"
"""Longer than any test waits: what ends within it was handed over."""
Read = Callable[[ModelRegistryAPIClient], "asyncio.Future[RegistryEntry | None]"]


@contextlib.asynccontextmanager
async def always_live(registry: ModelRegistryAPIClient, *reads: Read) -> AsyncIterator[None]:
    """Read entries again and again meanwhile; none of them may be in another state than LIVE at any time."""
    states: list[list[str | None]] = []

    async def watch() -> None:
        while True:
            states.append([getattr(await read(registry), "state", None) for read in reads])
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert len(states) > 3
    assert {state for seen in states for state in seen} == {"LIVE"}


def _chain(model: str) -> list[Manifest]:
    return [
        manifest("RegisteredModel", "model", name=model),
        manifest(
            "ModelVersion",
            "version",
            registeredModelRef={"name": "model"},
            name="1.0",
            artifacts=[{"name": "inline", "uri": "s3://b/i"}],
        ),
        manifest("ModelArtifact", "artifact", name="weights", modelVersionRef={"name": "version"}, uri="s3://b/w"),
    ]


def _namesake(model: str) -> list[Manifest]:
    """A version of the same name as that of the chain, below another model."""
    return [
        manifest("RegisteredModel", "other", name=model),
        manifest("ModelVersion", "other", name="1.0", registeredModelRef={"name": "other"}),
    ]


def _ids(space: Namespace) -> tuple[str, str, str, str]:
    version = space.ready("ModelVersion", "version")["status"]
    model, artifact = (
        space.ready(kind, name) for kind, name in (("RegisteredModel", "model"), ("ModelArtifact", "artifact"))
    )
    return model["status"]["id"], version["id"], version["artifacts"][0]["id"], artifact["status"]["id"]


def _reads(ids: tuple[str, str, str, str]) -> list[Read]:
    model, version, *artifacts = ids
    return [
        lambda client: asyncio.ensure_future(client.get_registered_model_by_id(model)),
        lambda client: asyncio.ensure_future(client.get_model_version_by_id(version)),
        *(
            lambda client, entry_id=entry_id: asyncio.ensure_future(client.get_artifact_by_id(entry_id))
            for entry_id in artifacts
        ),
    ]


def _delete_chain(space: Namespace) -> None:
    for kind, name in (("RegisteredModel", "model"), ("ModelVersion", "version"), ("ModelArtifact", "artifact")):
        space.delete(kind, name)


def _wait_until_gone(space: Namespace) -> None:
    for kind, name in (("RegisteredModel", "model"), ("ModelVersion", "version"), ("ModelArtifact", "artifact")):
        space.wait_gone(kind, name)


@pytest.mark.parametrize("is_new_first", [True, False], ids=["applied first", "deleted first"])
async def test_a_tree_that_moves_to_another_namespace_is_never_retired(
    own_space: Namespace,
    other_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
    is_new_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    start_operator(registry_url, own_space, f"--namespace={other_space.name}", GRACE)
    chain = _chain(unique("model"))
    await asyncio.to_thread(own_space.apply, *chain)
    ids = await asyncio.to_thread(_ids, own_space)
    async with always_live(registry, *_reads(ids)):
        steps = [lambda: other_space.apply(*reversed(chain)), lambda: _delete_chain(own_space)]
        for step in steps if is_new_first else reversed(steps):
            await asyncio.to_thread(step)
        await asyncio.to_thread(_wait_until_gone, own_space)
        assert await asyncio.to_thread(_ids, other_space) == ids


async def test_a_tree_that_is_renamed_in_its_namespace_is_never_retired(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, GRACE)
    own_space.apply(*_chain(unique("model")))
    ids = await asyncio.to_thread(_ids, own_space)
    renamed = [
        manifest("RegisteredModel", "model2", name=unique("model")),
        manifest("ModelVersion", "version2", name="1.0", registeredModelRef={"name": "model2"}),
        manifest("ModelArtifact", "artifact2", name="weights", modelVersionRef={"name": "version2"}, uri="s3://b/w"),
        manifest("ModelArtifact", "inline2", name="inline", modelVersionRef={"name": "version2"}, uri="s3://b/i"),
    ]
    async with always_live(registry, *_reads(ids)):
        await asyncio.to_thread(_delete_chain, own_space)
        await asyncio.to_thread(own_space.apply, *renamed)
        await asyncio.to_thread(_wait_until_gone, own_space)
        kinds = ("RegisteredModel", "ModelVersion", "ModelArtifact", "ModelArtifact")
        names = ("model2", "version2", "inline2", "artifact2")
        ready = [await asyncio.to_thread(own_space.ready, *place) for place in zip(kinds, names, strict=True)]
    assert tuple(resource["status"]["id"] for resource in ready) == ids


@pytest.mark.parametrize("is_resource_first", [True, False], ids=["declared first", "dropped first"])
async def test_an_inline_artifact_becomes_a_resource_and_inline_again(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
    is_resource_first: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    start_operator(registry_url, own_space, GRACE)
    model, inline, _ = _chain(unique("model"))
    without = {**inline, "spec": {**inline["spec"], "artifacts": []}}
    standalone = manifest(
        "ModelArtifact", "standalone", name="inline", modelVersionRef={"name": "version"}, uri="s3://b/i"
    )
    own_space.apply(model, inline)
    entry_id = own_space.ready("ModelVersion", "version")["status"]["artifacts"][0]["id"]
    read: Read = lambda client: asyncio.ensure_future(client.get_artifact_by_id(entry_id))  # noqa: E731 - one expression
    async with always_live(registry, read):
        for resource in (standalone, without) if is_resource_first else (without, standalone):
            await asyncio.to_thread(own_space.apply, resource)
        taken = await asyncio.to_thread(own_space.ready, "ModelArtifact", "standalone")
        assert taken["status"]["id"] == entry_id
        version = await asyncio.to_thread(own_space.ready, "ModelVersion", "version")
        assert not version["status"].get("artifacts")
        await asyncio.to_thread(own_space.delete, "ModelArtifact", "standalone")
        await asyncio.to_thread(own_space.apply, inline)
        await asyncio.to_thread(own_space.wait_gone, "ModelArtifact", "standalone")
        back = await asyncio.to_thread(own_space.ready, "ModelVersion", "version")
    assert back["status"]["artifacts"][0]["id"] == entry_id


async def test_a_dropped_artifact_that_nobody_declares_is_retired_after_the_grace(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, "--handover-grace=3")
    model, version, _ = _chain(unique("model"))
    own_space.apply(model, version)
    entry_id = own_space.ready("ModelVersion", "version")["status"]["artifacts"][0]["id"]
    more = [{"name": "another", "uri": "s3://b/a"}]
    own_space.apply({**version, "spec": {**version["spec"], "artifacts": more}})
    waiting = own_space.wait("ModelVersion", "version", has_reason("HandingOver"))
    assert "The artifact 'inline' is no longer in the spec." in condition(waiting, "Ready")["message"]
    # What is new is written meanwhile, and reported with its ID.
    assert [artifact["name"] for artifact in waiting["status"]["artifacts"]] == ["another", "inline"]
    entry = await registry.get_artifact_by_id(entry_id)
    assert entry is not None
    assert entry.state == "LIVE"
    ready = own_space.ready("ModelVersion", "version")
    assert [artifact["name"] for artifact in ready["status"]["artifacts"]] == ["another"]
    entry = await registry.get_artifact_by_id(entry_id)
    assert entry is not None
    assert entry.state == "MARKED_FOR_DELETION"


async def test_an_entry_that_nobody_wants_is_archived_after_the_grace_also_over_a_restart(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    operator = start_operator(registry_url, own_space, "--handover-grace=4")
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", "model", name=name))
    own_space.ready("RegisteredModel", "model")
    own_space.delete("RegisteredModel", "model")
    operator.stop()
    assert own_space.get("RegisteredModel", "model")["metadata"]["finalizers"]
    assert (await model_named(registry, name)).state == "LIVE"
    operator.start()
    own_space.wait_gone("RegisteredModel", "model")
    assert (await model_named(registry, name)).state == "ARCHIVED"


async def test_a_moved_version_whose_new_model_has_no_id_yet_keeps_its_entry(
    own_space: Namespace,
    other_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    """It cannot claim the entry below a parent that it does not know; it is recognized by the names from the root."""
    start_operator(registry_url, own_space, f"--namespace={other_space.name}", "--handover-grace=1")
    model, version, _ = _chain(unique("model"))
    own_space.apply(model, version, *_namesake(unique("other")))
    version_id = own_space.ready("ModelVersion", "version")["status"]["id"]
    other_id = own_space.ready("ModelVersion", "other")["status"]["id"]
    other_space.apply(annotated(model, paused="true"), version)
    other_space.wait("ModelVersion", "version", has_reason("WaitingForRegisteredModel"))
    for name in ("version", "other"):
        own_space.delete("ModelVersion", name)
        own_space.wait_gone("ModelVersion", name)
    entries = [await registry.get_model_version_by_id(entry_id) for entry_id in (version_id, other_id)]
    # A version of the same name below another model is not the one that waits.
    assert [getattr(entry, "state", None) for entry in entries] == ["LIVE", "ARCHIVED"]
    other_space.annotate("RegisteredModel", "model", paused=None)
    own_space.delete("RegisteredModel", "model")
    assert other_space.ready("ModelVersion", "version")["status"]["id"] == version_id


async def test_a_successor_that_names_the_parent_by_its_id_keeps_the_entry(
    own_space: Namespace,
    other_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    """A paused one never has a turn, so it never claims the entry; its ID is as good as names from the root."""
    start_operator(registry_url, own_space, f"--namespace={other_space.name}", "--handover-grace=0")
    model, version, artifact = _chain(unique("model"))
    own_space.apply(model, version, artifact, *_namesake(unique("other")))
    model_id, version_id, _, artifact_id = _ids(own_space)
    other_id = own_space.ready("ModelVersion", "other")["status"]["id"]
    parents = {"registeredModelRef": model_id, "modelVersionRef": version_id}
    for body in (version, artifact):
        by_id = {field: {"external": {"id": parents[field]}} for field in parents if field in body["spec"]}
        other_space.apply(annotated({**body, "spec": {**body["spec"], **by_id}}, paused="true"))
        other_space.wait(body["kind"], body["metadata"]["name"], has_reason("Paused"))
    for kind, name in (("ModelArtifact", "artifact"), ("ModelVersion", "version"), ("ModelVersion", "other")):
        own_space.delete(kind, name)
        own_space.wait_gone(kind, name)
    artifact_entry = await registry.get_artifact_by_id(artifact_id)
    entries = [await registry.get_model_version_by_id(entry_id) for entry_id in (version_id, other_id)]
    # A version of the same name below another model is not the one that is named.
    states = [getattr(entry, "state", None) for entry in (artifact_entry, *entries)]
    assert states == ["LIVE", "LIVE", "ARCHIVED"]
    for kind, name, entry_id in (("ModelVersion", "version", version_id), ("ModelArtifact", "artifact", artifact_id)):
        other_space.annotate(kind, name, paused=None)
        assert other_space.ready(kind, name)["status"]["id"] == entry_id


async def test_a_version_that_waits_for_another_parent_resource_gets_the_artifact_that_it_declares(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    """It has claimed what its former spec declared, and the artifact is not among that."""
    start_operator(registry_url, own_space, "--handover-grace=0")
    model, version, artifact = _chain(unique("model"))
    version["spec"]["artifacts"] = []
    own_space.apply(model, version, artifact)
    entry_id = own_space.ready("ModelArtifact", "artifact")["status"]["id"]
    own_space.apply(annotated(manifest("RegisteredModel", "new", name=model["spec"]["name"]), paused="true"))
    own_space.wait("RegisteredModel", "new", has_reason("Paused"))
    declared = {"registeredModelRef": {"name": "new"}, "artifacts": [{"name": "weights", "uri": "s3://b/w"}]}
    own_space.patch("ModelVersion", "version", {"spec": declared})
    own_space.wait("ModelVersion", "version", has_reason("WaitingForRegisteredModel"))
    own_space.delete("ModelArtifact", "artifact")
    own_space.wait_gone("ModelArtifact", "artifact")
    assert getattr(await registry.get_artifact_by_id(entry_id), "state", None) == "LIVE"
    own_space.annotate("RegisteredModel", "new", paused=None)
    own_space.delete("RegisteredModel", "model")
    assert own_space.ready("ModelVersion", "version")["status"]["artifacts"][0]["id"] == entry_id


async def test_a_version_leaves_its_artifacts_to_the_one_that_waits_for_it(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    """The successor claims the artifacts only once it has the version: that is after the deletion, without a grace."""
    start_operator(registry_url, own_space, "--handover-grace=0")
    model, version, _ = _chain(unique("model"))
    await asyncio.to_thread(own_space.apply, model, version)
    model_id = (await asyncio.to_thread(own_space.ready, "RegisteredModel", "model"))["status"]["id"]
    before = (await asyncio.to_thread(own_space.ready, "ModelVersion", "version"))["status"]
    successor = manifest(
        "ModelVersion", "successor", **{**version["spec"], "registeredModelRef": {"external": {"id": model_id}}}
    )
    await asyncio.to_thread(own_space.apply, successor)
    await asyncio.to_thread(own_space.wait, "ModelVersion", "successor", has_reason("NameConflict"))
    artifact_id = before["artifacts"][0]["id"]
    async with always_live(registry, lambda client: asyncio.ensure_future(client.get_artifact_by_id(artifact_id))):
        await asyncio.to_thread(own_space.delete, "ModelVersion", "version")
        after = (await asyncio.to_thread(own_space.ready, "ModelVersion", "successor"))["status"]
    assert (after["id"], after["artifacts"][0]["id"]) == (before["id"], artifact_id)
