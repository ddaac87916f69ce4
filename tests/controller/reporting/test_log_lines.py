"""Each write to the registry has one line in the log and one Event; a resource that is settled has neither."""

import asyncio
import re

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, annotated, manifest
from tests.support.waiting import wait_for, wait_until

OPERATIONS = (
    "Created",
    "Adopted",
    "Took over",
    "Updated",
    "Corrected",
    "Restored",
    "Archived",
    "Removed the owner stamp",
)


@pytest.fixture
def server(embedded_registry: EmbeddedServers) -> EmbeddedRegistry:
    return embedded_registry()


@pytest.fixture
def operator(start_operator: StartOperator, own_space: Namespace, server: EmbeddedRegistry) -> OperatorProcess:
    return start_operator(server.url, own_space, "--feed-interval=0.3")


def test_the_log_names_changed_settings_and_says_when_the_operator_is_ready(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    operator.wait_for_log("Ready: ")
    own_space.apply(manifest("RegisteredModel", "llama"))
    own_space.ready("RegisteredModel", "llama")
    operator.stop()
    operator.start()
    operator.wait_for_log("Ready: ", times=2)
    lines = re.findall(r"^\[[^]]*\] registrar\.app\.process \[INFO\] (.*)$", operator.log, re.MULTILINE)
    (settings, *_) = (line for line in lines if line.startswith("Settings: "))
    assert f"registry_url={server.url} " in settings
    assert "lease_name" not in settings, "it has its default"
    assert [line for line in lines if line.startswith("Ready")] == [
        "Ready: watching 0 resources",
        "Ready: watching 1 resources",
    ]


def _logged_writes(operator: OperatorProcess) -> list[str]:
    """Return the lines about writes to the registry, without time and logger."""
    lines = re.findall(r"^\[[^]]*\] \S+ \[INFO\] (.*)$", operator.log, re.MULTILINE)
    return [line for line in lines if line.partition(": ")[2].startswith(OPERATIONS)]


def _events(space: Namespace, *names: str, count: int) -> list[str]:
    """Wait for so many Events about writes; returns the messages of all, as the log has them."""

    def about_writes() -> list[Manifest]:
        return [event for name in names for event in space.events(name) if event["message"].startswith(OPERATIONS)]

    wait_until(lambda: len(about_writes()) >= count, "an Event about a write is missing")
    found = about_writes()
    assert all((event["type"], event["count"]) == ("Normal", 1) for event in found)
    return [event["message"] for event in sorted(found, key=lambda event: int(event["metadata"]["resourceVersion"]))]


async def test_each_write_to_a_model_is_reported_once(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    changed = {"description": "changed", "owner": "o", "customProperties": {"team": "a", "hf_token": "hunter2"}}
    own_space.apply(manifest("RegisteredModel", "llama", description="d"))
    entry_id = own_space.ready("RegisteredModel", "llama")["status"]["id"]
    own_space.apply(manifest("RegisteredModel", "llama", **changed))
    own_space.ready("RegisteredModel", "llama")
    own_space.delete("RegisteredModel", "llama")
    own_space.wait_gone("RegisteredModel", "llama")
    own_space.apply(manifest("RegisteredModel", "llama", **changed))
    own_space.ready("RegisteredModel", "llama")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        by_hand = await registry.upsert_registered_model(RegisteredModel("by hand", owner="me"))
        own_space.apply(manifest("RegisteredModel", "adopted", name="by hand", owner="us", description="d"))
        own_space.ready("RegisteredModel", "adopted")
        edited = await registry.upsert_registered_model(RegisteredModel("llama", id=entry_id, owner="by hand"))
        operator.wait_for_log("Corrected")
        without = {name: value for name, value in (edited.custom_properties or {}).items() if name != OWNER_PROPERTY}
        await registry.upsert_registered_model(RegisteredModel("llama", id=entry_id, custom_properties=without))
    operator.wait_for_log("Corrected", times=2)
    own_space.delete("RegisteredModel", "adopted")
    own_space.wait_gone("RegisteredModel", "adopted")
    entry, resource, adopted = (
        f"RegisteredModel 'llama' (id {entry_id})",
        f"{own_space.name}/llama",
        f"{own_space.name}/adopted",
    )
    stamp = f"created:tests/{own_space.name}/{resource}"
    expected = [
        (resource, f"Created {entry}"),
        (
            resource,
            (
                f"Updated {entry}: description 'd' -> 'changed', owner not set -> 'o', "
                "customProperties.hf_token not set -> (hidden), customProperties.team not set -> 'a'"
            ),
        ),
        (resource, f"Archived {entry}: state 'LIVE' -> 'ARCHIVED'"),
        (resource, f"Restored {entry}: state 'ARCHIVED' -> 'LIVE'"),
        (
            adopted,
            f"Adopted RegisteredModel 'by hand' (id {by_hand.id}): description not set -> 'd', owner 'me' -> 'us'",
        ),
        (resource, f"Corrected {entry}: owner 'by hand' -> 'o'"),
        (resource, f"Corrected {entry}: customProperties.{OWNER_PROPERTY} not set -> '{stamp}'"),
        (adopted, f"Removed the owner stamp of RegisteredModel 'by hand' (id {by_hand.id})"),
    ]
    assert _logged_writes(operator) == [f"{reference}: {message}" for reference, message in expected]
    assert _events(own_space, "llama", "adopted", count=len(expected)) == [message for _, message in expected]
    assert "hunter2" not in operator.log


async def test_each_write_to_a_version_and_its_artifacts_is_reported_once(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    own_space.apply(manifest("RegisteredModel", "llama", deletionPolicy="Orphan"))
    model_id = own_space.ready("RegisteredModel", "llama")["status"]["id"]
    spec = {"registeredModelRef": {"name": "llama"}, "name": "1.0"}
    card, weights = {"name": "card", "uri": "https://docs.example/card"}, {"name": "weights", "uri": "s3://b/w"}
    own_space.apply(manifest("ModelVersion", "llama-1", **spec, docArtifacts=[card]))
    status = own_space.ready("ModelVersion", "llama-1")["status"]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        by_hand = await registry.upsert_model_version_artifact(ModelArtifact("weights", uri="s3://old"), status["id"])
    own_space.apply(manifest("ModelVersion", "llama-1", **spec, artifacts=[weights]))
    own_space.ready("ModelVersion", "llama-1")
    own_space.apply(manifest("ModelArtifact", "own", uri="s3://b/o", modelVersionRef={"name": "llama-1"}))
    own_id = own_space.ready("ModelArtifact", "own")["status"]["id"]
    for kind, name in (("ModelArtifact", "own"), ("ModelVersion", "llama-1")):
        own_space.delete(kind, name)
        own_space.wait_gone(kind, name)
    version, path = f"ModelVersion '1.0' (id {status['id']})", f"{own_space.name}/llama-1"
    document = f"doc-artifact 'card' (id {status['artifacts'][0]['id']})"
    own, marked = f"model-artifact 'own' (id {own_id})", "state 'LIVE' -> 'MARKED_FOR_DELETION'"
    expected = [
        (f"{own_space.name}/llama", f"Created RegisteredModel 'llama' (id {model_id})"),
        (path, f"Created {version}"),
        (f"{path}#card", f"Created {document}"),
        (f"{path}#card", f"Archived {document}: {marked}"),
        (f"{path}#weights", f"Adopted model-artifact 'weights' (id {by_hand.id}): uri 's3://old' -> 's3://b/w'"),
        (f"{own_space.name}/own", f"Created {own}"),
        (f"{own_space.name}/own", f"Archived {own}: {marked}"),
        # No policy says otherwise: an adopted artifact only loses its stamp.
        (f"{path}#weights", f"Removed the owner stamp of model-artifact 'weights' (id {by_hand.id})"),
        (path, f"Archived {version}: state 'LIVE' -> 'ARCHIVED'"),
    ]
    assert _logged_writes(operator) == [f"{reference}: {message}" for reference, message in expected]
    assert _events(own_space, "llama", "llama-1", "own", count=len(expected)) == [message for _, message in expected]


async def test_a_take_over_names_the_owner_before(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    stamp = {"model-registrar.dev/owner": "created:other/cluster/team/llama"}
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await registry.upsert_registered_model(RegisteredModel("llama", custom_properties=stamp))
    own_space.apply(annotated(manifest("RegisteredModel", "llama"), take_over="true"))
    entry_id = own_space.ready("RegisteredModel", "llama")["status"]["id"]
    message = f"Took over RegisteredModel 'llama' (id {entry_id}) from created:other/cluster/team/llama"
    assert _logged_writes(operator) == [f"{own_space.name}/llama: {message}"]
    assert _events(own_space, "llama", count=1) == [message]


async def test_a_correction_that_repeats_is_one_event_with_a_count(
    own_space: Namespace, start_operator: StartOperator, server: EmbeddedRegistry
) -> None:
    start_operator(server.url, own_space, "--feed-interval=0.3")
    own_space.apply(manifest("RegisteredModel", "llama", owner="by git"))
    entry_id = own_space.ready("RegisteredModel", "llama")["status"]["id"]
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        for count in (1, 2):
            await registry.upsert_registered_model(RegisteredModel("llama", id=entry_id, owner="by hand"))

            async def corrections() -> list[int]:
                events = await asyncio.to_thread(own_space.events, "llama")
                return [event["count"] for event in events if event["reason"] == "Corrected"]

            await wait_for(corrections, lambda counts, wanted=count: counts == [wanted])  # type: ignore[misc]  # bound in the loop


def test_a_settled_resource_is_not_logged_at_a_restart(
    own_space: Namespace, operator: OperatorProcess, unique: Unique
) -> None:
    artifacts = [{"name": "weights", "uri": "s3://b/w", "customProperties": {"size": 7}}]
    own_space.apply(
        manifest("RegisteredModel", "llama", description="d", customProperties={"team": "a"}),
        manifest("ModelVersion", "llama-1", registeredModelRef={"name": "llama"}, artifacts=artifacts),
        manifest("ModelArtifact", "own", uri="s3://b/o", modelVersionRef={"name": "llama-1"}),
    )
    for kind, name in (("RegisteredModel", "llama"), ("ModelVersion", "llama-1"), ("ModelArtifact", "own")):
        own_space.ready(kind, name)
    operator.stop()
    before = len(_logged_writes(operator))
    operator.start()
    marker = unique("marker")
    own_space.apply(manifest("RegisteredModel", marker))
    marker_id = own_space.ready("RegisteredModel", marker)["status"]["id"]
    assert before == 4
    assert _logged_writes(operator)[before:] == [
        f"{own_space.name}/{marker}: Created RegisteredModel '{marker}' (id {marker_id})"
    ]
    settled = [line for line in operator.log.splitlines() if f"{own_space.name}/" in line and marker not in line]
    assert len(settled) == before, "no other line names a settled resource either"
