"""What a person sees in Argo CD of each resource, and what its buttons do."""

import asyncio

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.argocd.conftest import Deploy
from tests.argocd.git import Repository
from tests.argocd.models import chain
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import WAIT_LIMIT, Namespace, condition, has_reason, manifest


@pytest.fixture(autouse=True)
def running(start_operator: StartOperator, own_space: Namespace, registry_url: str) -> OperatorProcess:
    """The operator, running."""
    return start_operator(registry_url, own_space)


def test_a_child_that_waits_is_progressing_until_its_parent_is_there(
    repository: Repository, deploy: Deploy, own_space: Namespace, unique: Unique
) -> None:
    name = unique("churn")
    model, version, artifact = chain(name)
    repository.write("version.yaml", version, artifact)
    app = deploy()
    app.synced(repository.commit("Add a version without its model"), health="Progressing")

    for one, reason in ((version, "WaitingForRegisteredModel"), (artifact, "WaitingForModelVersion")):
        waiting = own_space.wait(one["kind"], one["metadata"]["name"], has_reason(reason))
        message = condition(waiting, "Reconciling")["message"]
        assert app.wait_health(one["kind"], one["metadata"]["name"], "Progressing", message) == message

    repository.write("model.yaml", model)
    app.synced(repository.commit("Add the model"))
    assert app.health("ModelVersion", version["metadata"]["name"])[0] == "Healthy"


async def test_a_refused_resource_is_degraded_with_its_message(
    repository: Repository,
    deploy: Deploy,
    own_space: Namespace,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = unique("taken")
    await registry.upsert_registered_model(RegisteredModel(name))
    repository.write("model.yaml", manifest("RegisteredModel", name, adoptionPolicy="Fail"))
    app = deploy()
    app.synced(repository.commit("Add a model that is there already"), health="Degraded")

    message = app.wait_health("RegisteredModel", name, "Degraded")
    stalled = condition(own_space.get("RegisteredModel", name), "Stalled")
    assert (stalled["reason"], stalled["message"]) == ("AdoptionRefused", message)

    repository.edit("model.yaml", "adoptionPolicy: Fail", "adoptionPolicy: Adopt")
    app.synced(repository.commit("Adopt it"))


def test_a_terminating_resource_is_progressing(
    repository: Repository, deploy: Deploy, own_space: Namespace, running: OperatorProcess, unique: Unique
) -> None:
    name = unique("churn")
    repository.write("model.yaml", manifest("RegisteredModel", name))
    app = deploy(automated={"prune": False, "selfHeal": False})
    app.synced(repository.commit("Add a model"))

    running.stop()
    own_space.delete("RegisteredModel", name)
    app.refresh()

    assert app.wait_health("RegisteredModel", name, "Progressing") == "Pending deletion"


async def test_the_actions_reach_the_operator_and_are_no_difference(
    repository: Repository, deploy: Deploy, own_space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("churn")
    repository.write("models.yaml", *chain(name))
    app = deploy()
    revision = repository.commit("Add a model")
    app.synced(revision)
    place = ("RegisteredModel", name, own_space.name)
    before = own_space.get("RegisteredModel", name)
    model = await registry.get_registered_model_by_id(before["status"]["id"])
    assert model is not None

    assert app.actions(*place) == {"reconcile": True, "pause": True, "resume": False}
    app.run_action("reconcile", *place)
    asked = own_space.get("RegisteredModel", name)["metadata"]["annotations"]
    requested = asked["model-registrar.dev/reconcile-requested-at"]
    own_space.wait("RegisteredModel", name, lambda one: one["status"].get("lastHandledReconcileAt") == requested)

    app.run_action("pause", *place)
    app.wait_health("RegisteredModel", name, "Suspended", "Paused by annotation")
    assert app.actions(*place) == {"reconcile": False, "pause": False, "resume": True}
    await registry.upsert_registered_model(model.model_copy(update={"owner": "someone else"}))

    app.run_action("resume", *place)
    app.wait_health("RegisteredModel", name, "Healthy")
    async with asyncio.timeout(WAIT_LIMIT):
        while True:
            fixed = await registry.get_registered_model_by_id(before["status"]["id"])
            if fixed is not None and fixed.owner == "analytics":
                break
            await asyncio.sleep(0.1)

    after = own_space.get("RegisteredModel", name)
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert "model-registrar.dev/paused" not in after["metadata"]["annotations"]
    app.synced(revision)
    assert len(app.get()["status"]["history"]) == 1
