"""The log at level info: one line for each write to the registry, and none for a resource that is settled."""

import re

import pytest

from devcluster.embedded_registry import EmbeddedRegistry
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace, manifest

OPERATIONS = ("Created", "Adopted", "Updated", "Restored", "Set the state", "Removed the owner stamp")


@pytest.fixture
def server(embedded_registry: EmbeddedServers) -> EmbeddedRegistry:
    return embedded_registry()


@pytest.fixture
def operator(start_operator: StartOperator, own_space: Namespace, server: EmbeddedRegistry) -> OperatorProcess:
    return start_operator(server.url, own_space)


def test_the_log_names_changed_settings_and_says_when_the_operator_is_ready(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    operator.wait_for_log("Ready: ")
    own_space.apply(manifest("RegisteredModel", "llama"))
    own_space.ready("RegisteredModel", "llama")
    operator.stop()
    operator.start()
    operator.wait_for_log("Ready: ", times=2)
    lines = re.findall(r"^\[[^]]*\] registrar\.app \[INFO\] (.*)$", operator.log, re.MULTILINE)
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
    return [line for line in lines if line.startswith(OPERATIONS)]


async def test_each_write_to_a_model_is_logged_once(
    own_space: Namespace, operator: OperatorProcess, server: EmbeddedRegistry
) -> None:
    changed = {"description": "changed", "owner": "o", "customProperties": {"team": "a"}}
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
    entry, resource = f"RegisteredModel 'llama' (id {entry_id})", f"{own_space.name}/llama"
    assert _logged_writes(operator) == [
        f"Created {entry} for {resource}",
        f"Updated {entry} for {resource}: description, owner, customProperties.team",
        f"Set the state ARCHIVED of {entry} of {resource}",
        f"Restored {entry} for {resource}: state",
        f"Adopted RegisteredModel 'by hand' (id {by_hand.id}) for {own_space.name}/adopted: description, owner",
    ]


async def test_each_write_to_a_version_and_its_artifacts_is_logged_once(
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
    version, version_path = f"ModelVersion '1.0' (id {status['id']})", f"{own_space.name}/llama-1"
    document = f"doc-artifact 'card' (id {status['artifacts'][0]['id']})"
    own, own_path = f"model-artifact 'own' (id {own_id})", f"{own_space.name}/own"
    assert _logged_writes(operator) == [
        f"Created RegisteredModel 'llama' (id {model_id}) for {own_space.name}/llama",
        f"Created {version} for {version_path}",
        f"Created {document} for {version_path}#card",
        f"Set the state MARKED_FOR_DELETION of {document} of {version_path}#card",
        f"Adopted model-artifact 'weights' (id {by_hand.id}) for {version_path}#weights: uri",
        f"Created {own} for {own_path}",
        f"Set the state MARKED_FOR_DELETION of {own} of {own_path}",
        # The adopted artifact loses only its stamp: no policy says otherwise.
        f"Removed the owner stamp of model-artifact 'weights' (id {by_hand.id}) of {version_path}#weights",
        f"Set the state ARCHIVED of {version} of {version_path}",
    ]


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
        f"Created RegisteredModel '{marker}' (id {marker_id}) for {own_space.name}/{marker}"
    ]
    settled = [line for line in operator.log.splitlines() if f"{own_space.name}/" in line and marker not in line]
    assert len(settled) == before, "no other line names a settled resource either"
