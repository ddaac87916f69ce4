"""Entries whose resource does not exist: they are reported, and archived only if that is asked for."""

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from tests.env.registry import EmbeddedServers
from tests.support.entries import model_named
from tests.support.fixtures import StartOperator
from tests.support.probes import probes_of
from tests.support.resources import Namespace, manifest
from tests.support.waiting import wait_for

FLAGS = ("--resync-interval=0.5", "--probe-port=0")
ARCHIVE = "--orphaned-entries=Archive"
ORPHANS = "registrar_orphaned_entries{kind=RegisteredModel,registry=flags}"


async def _leave(
    registry: ModelRegistryAPIClient, space: Namespace, name: str, stamp: str, state: str = "LIVE"
) -> None:
    """Leave an entry behind, with a stamp such as ``created:OWNER/team/name``; OWNER and SPACE are filled in."""
    text = stamp.replace("OWNER", f"tests/{space.name}").replace("SPACE", space.name)
    await registry.upsert_registered_model(RegisteredModel(name, state=state, custom_properties={OWNER_PROPERTY: text}))


async def _states(registry: ModelRegistryAPIClient, *names: str) -> list[str | None]:
    return [(await model_named(registry, name)).state for name in names]


OTHERS = {
    "kept": "kept:OWNER/SPACE/orphaned",
    "released": "released:OWNER/SPACE/archived",
    "elsewhere": "created:OWNER/unwatched/gone",
    "foreign": "created:other/installation/SPACE/gone",
}


async def test_left_over_entries_are_named_and_counted_and_nothing_else(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    server = embedded_registry()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        for name, stamp in OTHERS.items():
            await _leave(registry, own_space, name, stamp)
        await _leave(registry, own_space, "retired", "created:OWNER/SPACE/retired", state="ARCHIVED")
        await _leave(registry, own_space, "created", "created:OWNER/SPACE/gone")
        await _leave(registry, own_space, "adopted", "adopted:OWNER/SPACE/lost")
        operator = start_operator(server.url, own_space, *FLAGS)
        probes = probes_of(operator)
        probes.wait_metric(ORPHANS, 2)
        message = "2 entries carry the stamp of resources that do not exist, or that have another entry: "
        operator.wait_for_log(message)
        (line,) = [line for line in operator.log.splitlines() if message in line]
        key = f"RegisteredModel {own_space.name}"
        assert (
            f"RegisteredModel 'created' (id 6, of {key}/gone), RegisteredModel 'adopted' (id 7, of {key}/lost)." in line
        )
        # The resource comes back and resumes its entry.
        own_space.apply(manifest("RegisteredModel", "gone", name="created"))
        own_space.ready("RegisteredModel", "gone")
        probes.wait_metric(ORPHANS, 1)
        assert await _states(registry, *OTHERS, "created", "adopted") == ["LIVE"] * 6


async def test_left_over_entries_are_archived_if_that_is_asked_for(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    server = embedded_registry()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        for name, stamp in OTHERS.items():
            await _leave(registry, own_space, name, stamp)
        await _leave(registry, own_space, "created", "created:OWNER/SPACE/gone")
        await _leave(registry, own_space, "adopted", "adopted:OWNER/SPACE/lost")
        operator = start_operator(server.url, own_space, *FLAGS, ARCHIVE)
        await wait_for(lambda: model_named(registry, "created"), lambda entry: entry.state == "ARCHIVED")
        message = (
            f"Archived RegisteredModel 'created' (id 5): state 'LIVE' -> 'ARCHIVED', because RegisteredModel "
            f"{own_space.name}/gone does not exist"
        )
        operator.wait_for_log(f"{own_space.name}/gone: {message}")
        assert [event["message"] for event in own_space.events_until("gone", "Archived")] == [message]
        probes_of(operator).wait_metric(ORPHANS, 1)
        entry = await model_named(registry, "created")
        owner = f"tests/{own_space.name}/{own_space.name}/gone"
        assert entry.custom_properties == {OWNER_PROPERTY: f"released:{owner}"}
        assert await _states(registry, *OTHERS, "adopted") == ["LIVE"] * 5


async def test_an_entry_with_a_copied_stamp_is_not_archived(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    """A notebook made a model from the properties of another one, whose resource was deleted afterwards."""
    server = embedded_registry()
    operator = start_operator(server.url, own_space, *FLAGS, ARCHIVE)
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        own_space.apply(manifest("RegisteredModel", "first"))
        own_space.ready("RegisteredModel", "first")
        await _leave(registry, own_space, "copy", "created:OWNER/SPACE/first")
        own_space.delete("RegisteredModel", "first")
        own_space.wait_gone("RegisteredModel", "first")
        await _leave(registry, own_space, "left", "created:OWNER/SPACE/gone")
        await wait_for(lambda: model_named(registry, "left"), lambda entry: entry.state == "ARCHIVED")
        assert await _states(registry, "first", "copy") == ["ARCHIVED", "LIVE"]
    operator.wait_for_log("RegisteredModel 'copy' (id 2, of RegisteredModel")


async def test_no_entry_is_archived_where_many_seem_orphaned(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    server = embedded_registry()
    names = [f"m{number}" for number in range(11)]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        for name in names:
            await _leave(registry, own_space, name, f"created:OWNER/SPACE/{name}")
        operator = start_operator(server.url, own_space, *FLAGS, ARCHIVE)
        operator.wait_for_log("11 of 11 entries have no resource: none of them is archived")
        assert await _states(registry, *names) == ["LIVE"] * 11
        # Of ten, each may be a left-over.
        own_space.apply(manifest("RegisteredModel", "m0"))
        own_space.ready("RegisteredModel", "m0")
        for name in names[1:]:
            await wait_for(lambda name=name: model_named(registry, name), lambda entry: entry.state == "ARCHIVED")  # type: ignore[misc]  # bound in the loop
        assert await _states(registry, "m0") == ["LIVE"]


async def test_the_first_entry_of_a_resource_whose_name_was_corrected_is_named_and_left(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    """The operator ended between the creation of the first entry and the status with its ID."""
    server = embedded_registry()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await _leave(registry, own_space, "misspelt", "created:OWNER/SPACE/model")
        operator = start_operator(server.url, own_space, *FLAGS, ARCHIVE)
        own_space.apply(manifest("RegisteredModel", "model", name="corrected"))
        own_space.ready("RegisteredModel", "model")
        operator.wait_for_log("RegisteredModel 'misspelt' (id 1, of RegisteredModel")
        probes_of(operator).wait_metric(ORPHANS, 1)
        assert await _states(registry, "misspelt", "corrected") == ["LIVE", "LIVE"]


async def test_an_artifact_that_a_predecessor_left_in_another_version_is_named_and_left(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    """It has the stamp of an artifact of the present version, which retires only what is its own."""
    server = embedded_registry()
    operator = start_operator(server.url, own_space, *FLAGS, ARCHIVE, "--feed-interval=0.5", "--handover-grace=3600")
    own_space.apply(
        manifest("RegisteredModel", "model"),
        manifest("ModelVersion", "before", registeredModelRef={"name": "model"}),
        manifest("ModelVersion", "version", registeredModelRef={"name": "model"}),
    )
    before_id = own_space.ready("ModelVersion", "before")["status"]["id"]
    own_space.ready("ModelVersion", "version")
    stamp = {OWNER_PROPERTY: f"created:tests/{own_space.name}/{own_space.name}/version#draft"}
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        draft = ModelArtifact("draft", uri="s3://b/w", state="LIVE", custom_properties=dict(stamp))
        left = await registry.upsert_model_version_artifact(draft, before_id)
        probes_of(operator).wait_metric("registrar_orphaned_entries{kind=model-artifact,registry=flags}", 1)
        operator.wait_for_log(f"model-artifact 'draft' (id {left.id}, of ModelVersion {own_space.name}/version)")
        # The version does not wait for another resource to claim it.
        own_space.apply(
            manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, description="changed")
        )
        own_space.ready("ModelVersion", "version")
        # Its resource exists, so this is no reason to archive it.
        entry = await registry.get_artifact_by_id(str(left.id))
    assert entry is not None
    assert entry.state == "LIVE"
