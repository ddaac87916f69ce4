"""``registrar status`` on a real API server, with the operator at work."""

import json
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.conditions import Reason
from registrar.api.meta import OWNER_PROPERTY
from registrar.cli.exits import ExitCode
from registrar.reporting.advice import ADVICE
from tests.cli.program import status
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, has_reason, manifest
from tests.support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("operator")


def _versions(model: str, number: int) -> list[Manifest]:
    return [manifest("ModelVersion", f"{model}-v{at}", registeredModelRef={"name": model}) for at in range(number)]


async def test_three_causes_behind_400_waiting_resources_are_in_the_first_ten_lines(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    risk = unique("risk")
    stamp = {OWNER_PROPERTY: "created:others/b/team/risk"}
    await registry.upsert_registered_model(RegisteredModel(risk, custom_properties=stamp))
    own_space.create(
        manifest("RegisteredModel", "risk", name=risk),
        manifest("RegisteredModel", "sizes", name=unique("sizes"), customProperties={"sizes": [1, 2]}),
        *_versions("risk", 200),
        *_versions("sizes", 130),
        *_versions("frod", 70),
    )
    start_operator(registry_url, own_space)
    first: list[str] = []

    def are_reported() -> bool:
        answer = status(own_space.cluster.kubeconfig, "-n", own_space.name)
        assert answer.returncode == ExitCode.ATTENTION
        first[:] = answer.stdout.splitlines()[:10]
        return "NotSeen" not in answer.stdout

    wait_until(are_reported, "the operator reports each of the 402 resources")
    assert first[0] == f"402 of 402 resources are not ready in namespace {own_space.name}, for 3 causes:"
    assert [line.strip() for line in first[1::3]] == [
        f"201  RegisteredModel {own_space.name}/risk: OwnedByOther",
        f"131  RegisteredModel {own_space.name}/sizes: InvalidSpec",
        f"70  RegisteredModel {own_space.name}/frod: WaitingForRegisteredModel",
    ]
    todo = (Reason.OWNED_BY_OTHER, Reason.INVALID_SPEC, Reason.WAITING_FOR_REGISTERED_MODEL)
    assert [line.strip() for line in first[3::3]] == [f"To do: {ADVICE[reason]}" for reason in todo]


def test_a_resource_that_does_not_exist_is_named(own_space: Namespace) -> None:
    answer = status(own_space.cluster.kubeconfig, "rmodel/none", "-n", own_space.name)
    assert (answer.returncode, answer.stdout) == (ExitCode.ATTENTION, "")
    assert answer.stderr == f"Error: RegisteredModel {own_space.name}/none does not exist.\n"


def test_a_deletion_names_the_finalizers_that_it_waits_for(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "held"))
    own_space.patch("RegisteredModel", "held", {"metadata": {"finalizers": ["example.com/others"]}})
    own_space.delete("RegisteredModel", "held")
    answer = status(own_space.cluster.kubeconfig, "rmodel/held", "-n", own_space.name)
    assert "The deletion waits for the finalizers of other controllers: example.com/others." in answer.stdout
    own_space.patch("RegisteredModel", "held", {"metadata": {"finalizers": None}})


def test_what_is_ready_is_said_in_one_line_and_the_tree(space: Namespace, unique: Unique) -> None:
    name = unique("churn")
    artifacts = [{"name": "onnx", "uri": "s3://models/churn"}]
    space.create(
        manifest("RegisteredModel", name),
        manifest("ModelVersion", name, registeredModelRef={"name": name}, artifacts=artifacts),
    )
    version = space.ready("ModelVersion", name)
    answer = status(space.cluster.kubeconfig, f"mversion/{name}", "-n", space.name, "--wait")
    assert answer.returncode == ExitCode.DONE
    subject = f"ModelVersion {space.name}/{name}"
    lines = answer.stdout.splitlines()
    assert lines[0] == f"{subject} and what belongs to it: all 2 resources are ready."
    parent_id, artifact_id = version["status"]["parentId"], version["status"]["artifacts"][0]["id"]
    assert [line.split() for line in lines[3:]] == [
        [f"RegisteredModel/{name}", parent_id, "LIVE", "True", "Synced"],
        [f"ModelVersion/{name}", version["status"]["id"], "LIVE", "True", "Synced"],
        ["model-artifact/onnx", artifact_id, "-", "-"],
    ]


def test_the_last_events_of_a_resource_are_shown_on_request(space: Namespace, unique: Unique) -> None:
    name = unique("churn")
    space.create(manifest("RegisteredModel", name))
    space.ready("RegisteredModel", name)
    wait_until(lambda: bool(space.events(name)), "the operator posts an Event")
    answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--events")
    assert answer.stdout.splitlines()[-1].split()[1:5] == ["Normal", "Created", "1", "Created"]
    answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--events", "-o", "json")
    assert [event["reason"] for event in json.loads(answer.stdout)["events"]] == ["Created"]


def test_the_resource_of_an_entry_is_found_by_id_and_by_name(space: Namespace, unique: Unique) -> None:
    name = unique("churn")
    artifacts = [{"name": "onnx", "uri": "s3://models/churn"}]
    spec: dict[str, Any] = {"registeredModelRef": {"name": name}, "artifacts": artifacts, "name": f"{name} 2026"}
    space.create(manifest("RegisteredModel", name), manifest("ModelVersion", f"{name}-v1", **spec))
    reported = space.ready("ModelVersion", f"{name}-v1")["status"]
    artifact_id = reported["artifacts"][0]["id"]
    for arguments, entry in (
        (["--find", f"version/{reported['id']}"], f"ModelVersion/{reported['id']}"),
        (["--find", f"artifact/{artifact_id}"], f"model-artifact/{artifact_id}"),
        (["--find-name", f"version/{name} 2026"], f"ModelVersion/{reported['id']}"),
    ):
        answer = status(space.cluster.kubeconfig, "-A", *arguments)
        assert answer.returncode == ExitCode.DONE, answer.stderr
        # Other tests of this cluster have registries of their own, where the same IDs exist.
        (line,) = [line.split() for line in answer.stdout.splitlines() if space.name in line.split()]
        assert line[0] == entry
        assert line[-3:] == [space.name, f"ModelVersion/{name}-v1", "True"]
    answer = status(space.cluster.kubeconfig, "-n", space.name, "--find", "2000000000")
    assert (answer.returncode, answer.stdout) == (ExitCode.ATTENTION, "")
    assert f"No resource in namespace {space.name} represents this entry; --all-namespaces" in answer.stderr


def test_waiting_ends_when_only_a_person_can_change_anything(space: Namespace, unique: Unique) -> None:
    name = unique("sizes")
    space.create(
        manifest("RegisteredModel", name, customProperties={"sizes": [1]}),
        manifest("ModelVersion", name, registeredModelRef={"name": name}),
    )
    # Nothing but the end of the command ends the test.
    arguments = (f"rmodel/{name}", "-n", space.name, "--wait", "--timeout", "1h")
    answer = status(space.cluster.kubeconfig, *arguments)
    assert answer.returncode == ExitCode.ATTENTION
    assert f"2  RegisteredModel {space.name}/{name}: InvalidSpec" in answer.stdout


def test_waiting_ends_when_everything_is_ready(space: Namespace, unique: Unique) -> None:
    name = unique("late")
    space.create(manifest("RegisteredModel", name))
    answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--wait", "--timeout", "1h")
    assert answer.returncode == ExitCode.DONE


def test_waiting_ends_with_its_time(space: Namespace, unique: Unique) -> None:
    name = unique("waits")
    space.create(manifest("ModelVersion", name, registeredModelRef={"name": unique("none")}))
    space.wait("ModelVersion", name, has_reason("WaitingForRegisteredModel"))
    answer = status(space.cluster.kubeconfig, f"mversion/{name}", "-n", space.name, "--wait", "--timeout", "1s")
    assert answer.returncode == ExitCode.ATTENTION
    assert "0 of 1 resources are ready" in answer.stderr
