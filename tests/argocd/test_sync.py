"""Git is what the registry becomes: commits, edits, prunes and reverts, each by a real Argo CD."""

import pytest

from model_registry import ModelRegistryAPIClient
from tests.argocd.conftest import Deploy, Writes
from tests.argocd.git import Repository
from tests.argocd.models import chain
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import Unique
from tests.support.resources import PLURALS, Namespace

_BY_APPLY = {"kubectl.kubernetes.io/last-applied-configuration", "argocd.argoproj.io/tracking-id"}

pytestmark = pytest.mark.usefixtures("running")


async def test_a_commit_becomes_entries_with_ids_and_a_healthy_application(
    repository: Repository, deploy: Deploy, own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    resources = chain(name)
    repository.write("models.yaml", *resources)

    app = deploy()
    app.synced(repository.commit("Add the model that predicts who will leave"))

    live = [own_space.get(one["kind"], one["metadata"]["name"]) for one in resources]
    assert [app.health(one["kind"], one["metadata"]["name"])[0] for one in resources] == ["Healthy"] * 3
    model_id, version_id, artifact_id = (one["status"]["id"] for one in live)
    model = await registry.get_registered_model_by_id(model_id)
    assert model is not None
    assert (model.name, model.owner) == (name, "analytics")
    version = await registry.get_model_version_by_id(version_id)
    assert version is not None
    assert (version.name, version.author) == ("2026-03", "grace")
    artifacts = await registry.get_model_version_artifacts(version_id)
    assert artifact_id in {one.id for one in artifacts}
    assert len(artifacts) == 3


async def test_a_changed_line_is_one_patch(
    repository: Repository,
    deploy: Deploy,
    registry_proxy: FaultProxy,
    kubernetes_writes: Writes,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = unique("churn")
    repository.write("models.yaml", *chain(name))
    app = deploy()
    app.synced(repository.commit("Add a model"))
    registry_proxy.received.clear()
    written = kubernetes_writes()

    repository.edit("models.yaml", "Predicts who will leave.", "Predicts who will leave within 30 days.")
    app.synced(repository.commit("Say within which time"))

    assert repository.changed_lines() == [
        "-  description: Predicts who will leave.",
        "+  description: Predicts who will leave within 30 days.",
    ]
    assert [one.method for one in registry_proxy.writes()] == ["PATCH"]
    assert kubernetes_writes() - written == 2, "Argo CD's of the spec and the operator's of the status"
    (model,) = [one for one in await registry.get_registered_models() if one.name == name]
    assert model.description == "Predicts who will leave within 30 days."


async def test_pruning_archives_and_a_revert_restores_the_same_ids(
    repository: Repository, deploy: Deploy, own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    resources = chain(name)
    repository.write("models.yaml", *resources)
    app = deploy()
    app.synced(repository.commit("Add a model"))
    ids = [own_space.get(one["kind"], one["metadata"]["name"])["status"]["id"] for one in resources]

    repository.remove("models.yaml")
    app.synced(repository.commit("Retire the model"))

    assert [own_space.get(one["kind"], one["metadata"]["name"]) for one in resources] == [{}, {}, {}]
    assert await _states(registry, ids) == ["ARCHIVED", "ARCHIVED", "MARKED_FOR_DELETION"]

    app.synced(repository.revert())

    restored = [own_space.get(one["kind"], one["metadata"]["name"])["status"]["id"] for one in resources]
    assert restored == ids
    assert await _states(registry, ids) == ["LIVE", "LIVE", "LIVE"]


def test_self_heal_and_hard_refreshes_write_nothing(
    repository: Repository,
    deploy: Deploy,
    registry_proxy: FaultProxy,
    kubernetes_writes: Writes,
    unique: Unique,
) -> None:
    repository.write("models.yaml", *chain(unique("churn")))
    app = deploy()
    before = app.synced(repository.commit("Add a model"))
    registry_proxy.received.clear()
    written = kubernetes_writes()

    for how in ("normal", "hard", "normal", "hard"):
        refreshed = app.refresh(how)
        assert refreshed["status"]["sync"]["status"] == "Synced"

    after = app.get()["status"]
    assert after["operationState"] == before["status"]["operationState"]
    assert len(after["history"]) == 1
    assert kubernetes_writes() - written == 0
    assert registry_proxy.writes() == []


async def test_self_heal_takes_back_what_was_edited_in_the_cluster(
    repository: Repository, deploy: Deploy, own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    repository.write("models.yaml", *chain(name))
    app = deploy()
    app.synced(repository.commit("Add a model"))
    model_id = own_space.get("RegisteredModel", name)["status"]["id"]

    own_space.patch("RegisteredModel", name, {"spec": {"owner": "someone else"}})
    generation = own_space.get("RegisteredModel", name)["metadata"]["generation"]

    own_space.wait(
        "RegisteredModel",
        name,
        lambda one: one["metadata"]["generation"] > generation and one["status"]["observedGeneration"] > generation,
    )
    own_space.ready("RegisteredModel", name)
    model = await registry.get_registered_model_by_id(model_id)
    assert model is not None
    assert model.owner == "analytics"


def test_live_and_desired_do_not_differ(
    repository: Repository, deploy: Deploy, own_space: Namespace, unique: Unique
) -> None:
    """Not for Argo CD, and not at all: the operator writes no spec, label or annotation, the schema no default."""
    resources = chain(unique("churn"))
    repository.write("models.yaml", *resources)
    app = deploy()
    app.synced(repository.commit("Add a model"))

    assert sorted(one["kind"] for one in app.managed()) == sorted(PLURALS)
    assert app.is_without_difference()
    for written in resources:
        live = own_space.get(written["kind"], written["metadata"]["name"])
        assert live["spec"] == written["spec"]
        assert live["metadata"]["annotations"].keys() == _BY_APPLY
        assert live["metadata"].get("labels", {}) == {}


async def _states(registry: ModelRegistryAPIClient, ids: list[str]) -> list[str | None]:
    """The states of a model, a version and an artifact."""
    model_id, version_id, artifact_id = ids
    model = await registry.get_registered_model_by_id(model_id)
    version = await registry.get_model_version_by_id(version_id)
    artifacts = await registry.get_model_version_artifacts(version_id)
    (artifact,) = [one for one in artifacts if one.id == artifact_id]
    assert model is not None
    assert version is not None
    return [model.state, version.state, artifact.state]
