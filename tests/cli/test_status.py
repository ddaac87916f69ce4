"""``registrar status`` on a real API server: with the operator at work, and without one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.conditions import Reason
from registrar.api.meta import GROUP, OWNER_PROPERTY
from registrar.cli.exits import ExitCode
from registrar.reporting.advice import ADVICE
from tests.cli.program import PROGRAMS, on_a_terminal, run, status
from tests.support.accounts import Account
from tests.support.api_server_proxy import ApiServerProxy, kubeconfig_of, proxy_to_api_server
from tests.support.fault_proxy import on_matching
from tests.support.fixtures import StartOperator, Unique, new_namespace
from tests.support.loopback import Reply
from tests.support.resources import PLURALS, Manifest, Namespace, has_reason, manifest
from tests.support.waiting import wait_until

UNSEEN = 501
"""Resources that no operator has seen: one more than a page."""


@pytest.fixture(scope="module")
def unseen(cluster: ControlPlane, custom_objects: Any) -> Iterator[Namespace]:
    """A namespace that no operator watches, with one model more than a page holds."""
    for space in new_namespace(cluster, custom_objects):
        space.create(*(manifest("RegisteredModel", f"m{at}") for at in range(UNSEEN)))
        yield space


@pytest.fixture
def proxy(cluster: ControlPlane, tmp_path: Path) -> Iterator[ApiServerProxy]:
    """The API server behind a proxy that keeps all requests."""
    with proxy_to_api_server(cluster, tmp_path) as started:
        yield started


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

    def has_three_causes() -> bool:
        answer = status(own_space.cluster.kubeconfig, "-n", own_space.name)
        assert answer.returncode == ExitCode.ATTENTION
        first[:] = answer.stdout.splitlines()[:10]
        return first[0] == f"402 of 402 resources are not ready in namespace {own_space.name}, for 3 causes:"

    wait_until(has_three_causes, "the operator reports each of the 402 resources")
    assert [line.strip() for line in first[1::3]] == [
        f"201  RegisteredModel {own_space.name}/risk: OwnedByOther",
        f"131  RegisteredModel {own_space.name}/sizes: InvalidSpec",
        f"70  RegisteredModel {own_space.name}/frod: WaitingForRegisteredModel",
    ]
    todo = (Reason.OWNED_BY_OTHER, Reason.INVALID_SPEC, Reason.WAITING_FOR_REGISTERED_MODEL)
    assert [line.strip() for line in first[3::3]] == [f"To do: {ADVICE[reason]}" for reason in todo]


def test_resources_that_no_operator_has_seen_are_one_cause(unseen: Namespace) -> None:
    answer = status(unseen.cluster.kubeconfig, "-n", unseen.name)
    assert answer.returncode == ExitCode.ATTENTION
    lines = answer.stdout.splitlines()
    assert lines[0] == f"{UNSEEN} of {UNSEEN} resources are not ready in namespace {unseen.name}, for 1 cause:"
    assert lines[1].split() == [str(UNSEEN), "NotSeen"]
    assert "Check that an operator is running and that it watches the namespace" in lines[3]


def test_there_is_one_list_request_for_500_resources(unseen: Namespace, proxy: ApiServerProxy) -> None:
    answer = status(proxy.kubeconfig, "-n", unseen.name, "-o", "json")
    assert json.loads(answer.stdout)["summary"]["total"] == UNSEEN
    place = f"/apis/{GROUP}/v1alpha1/namespaces/{unseen.name}"
    asked = [(received.method, received.route) for received in proxy.received]
    models, versions, artifacts = (("GET", f"{place}/{plural}") for plural in PLURALS.values())
    assert asked == [models, models, versions, artifacts]
    assert all("limit=500" in received.path for received in proxy.received)


def test_a_list_whose_pages_expire_is_read_again(unseen: Namespace, proxy: ApiServerProxy) -> None:
    gone = Reply(410, {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410})
    left = [gone]
    proxy.script = lambda received: left.pop() if "continue=" in received.path and left else None
    answer = status(proxy.kubeconfig, "-n", unseen.name, "-o", "json")
    assert (left, json.loads(answer.stdout)["summary"]["total"]) == ([], UNSEEN)


def test_pages_that_always_expire_are_no_answer(unseen: Namespace, proxy: ApiServerProxy) -> None:
    proxy.script = on_matching(Reply(410, {"kind": "Status"}), lambda received: "continue=" in received.path)
    answer = status(proxy.kubeconfig, "-n", unseen.name)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr == "Error: The pages of registeredmodels expired while they were read.\n"


def _account(space: Namespace, name: str, *plurals: str) -> Account:
    account = Account(space, name)
    account.allow({"apiGroups": [GROUP], "resources": list(plurals), "verbs": ["get", "list"]})
    return account


def test_a_reader_needs_no_more_than_get_and_list(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    kubeconfig = _account(own_space, "reader", *PLURALS.values()).kubeconfig(tmp_path)
    answer = status(kubeconfig, "rmodel/churn", "-n", own_space.name)
    assert (answer.returncode, answer.stderr) == (ExitCode.ATTENTION, "")
    assert "RegisteredModel/churn" in answer.stdout
    answer = status(kubeconfig, "-A")
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert "You may not list registeredmodels in all namespaces (403): ask for one namespace" in answer.stderr
    # Events are another right, and are asked for with --events only.
    answer = status(kubeconfig, "rmodel/churn", "-n", own_space.name, "--events")
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "You may not list events" in answer.stderr
    assert "RegisteredModel/churn" in answer.stdout


def test_what_may_be_read_is_reported_and_the_rest_is_named(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"), *_versions("churn", 1))
    kubeconfig = _account(own_space, "half", "modelversions", "modelartifacts").kubeconfig(tmp_path)
    answer = status(kubeconfig, "-n", own_space.name, "-o", "json")
    found = json.loads(answer.stdout)
    assert (answer.returncode, found["complete"]) == (ExitCode.NOT_KNOWN, False)
    assert [resource["name"] for resource in found["resources"]] == ["churn-v0"]
    assert "You may not list registeredmodels" in found["errors"][0]
    assert answer.stderr == f"Error: {found['errors'][0]}\n"


def _exec_kubeconfig(cluster: ControlPlane, folder: Path, script: str) -> Path:
    """Write a kubeconfig whose user is what a plugin beside it prints."""
    plugin = folder / "plugin.sh"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o700)
    config = json.loads(cluster.kubeconfig.read_text())
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin.sh", "interactiveMode": "Never"}
    config["users"] = [{**user, "user": {"exec": login}} for user in config["users"]]
    path = folder / "exec.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def test_credentials_may_come_from_an_exec_plugin(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    token = _account(own_space, "reader", *PLURALS.values()).token()
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    kubeconfig = _exec_kubeconfig(own_space.cluster, tmp_path, f"echo '{json.dumps(credential)}'")
    answer = status(kubeconfig, "-n", own_space.name)
    assert "RegisteredModel/churn" in answer.stdout, answer.stderr


def test_a_plugin_that_fails_is_named_with_what_it_said(cluster: ControlPlane, tmp_path: Path) -> None:
    answer = status(_exec_kubeconfig(cluster, tmp_path, "echo 'the session expired' >&2; exit 3"))
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr == (
        "Error: The kubeconfig's credentials cannot be used: exec: process returned 3. the session expired\n"
    )


def test_context_and_its_namespace_are_those_of_the_kubeconfig(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    config = json.loads(own_space.cluster.kubeconfig.read_text())
    (context,) = config["contexts"]
    config["contexts"] = [{"name": "mine", "context": {**context["context"], "namespace": own_space.name}}]
    config["current-context"] = "gone"
    path = tmp_path / "contexts.kubeconfig"
    path.write_text(json.dumps(config))
    assert f"namespace {own_space.name}" in status(path, "--context", "mine").stdout
    # The option wins over the variable.
    answer = status(Path("/nowhere"), "--context", "mine", "--kubeconfig", str(path))
    assert f"namespace {own_space.name}" in answer.stdout
    answer = status(path)
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "The kubeconfig cannot be used" in answer.stderr
    assert "gone" in answer.stderr


def test_a_user_that_acts_as_another_is_refused(cluster: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["as"] = "system:anonymous"
    path = tmp_path / "as.kubeconfig"
    path.write_text(json.dumps(config))
    answer = status(path, "-A")
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert "acts as another one ('as'), which this command does not support" in answer.stderr


@pytest.mark.parametrize(
    ("server", "user", "message"),
    [
        ("http://127.0.0.1:9", {}, "The API server http://127.0.0.1:9 does not answer: "),
        (None, {"token": "wrong"}, "The API server does not accept the kubeconfig's credentials (401)."),
    ],
)
def test_a_cluster_that_cannot_be_read_is_one_line(
    server: str | None, user: dict[str, str], message: str, cluster: ControlPlane, tmp_path: Path
) -> None:
    config: dict[str, Any] = json.loads(cluster.kubeconfig.read_text())
    if server is None:
        config["users"] = [{**known, "user": user} for known in config["users"]]
    else:
        config = kubeconfig_of(server, user)
    path = tmp_path / "wrong.kubeconfig"
    path.write_text(json.dumps(config))
    answer = status(path)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr.startswith(f"Error: {message}")
    assert answer.stderr.count("\n") == 1


def test_a_resource_that_does_not_exist_is_named(own_space: Namespace) -> None:
    answer = status(own_space.cluster.kubeconfig, "rmodel/none", "-n", own_space.name)
    assert (answer.returncode, answer.stdout) == (ExitCode.ATTENTION, "")
    assert answer.stderr == f"Error: RegisteredModel {own_space.name}/none does not exist.\n"


def test_colours_reach_a_terminal_alone_and_none_if_the_user_wants_none(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    words = (PROGRAMS / "registrar", "status", "-n", own_space.name)
    kubeconfig = own_space.cluster.kubeconfig
    shown = on_a_terminal(kubeconfig, *words)
    assert "\x1b[33m" in shown
    plain = on_a_terminal(kubeconfig, *words, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.replace("\r\n", "\n") == run(kubeconfig, *words).stdout == click.unstyle(shown).replace("\r\n", "\n")


def test_a_deletion_names_the_finalizers_that_it_waits_for(own_space: Namespace) -> None:
    own_space.create(manifest("RegisteredModel", "held"))
    own_space.patch("RegisteredModel", "held", {"metadata": {"finalizers": ["example.com/others"]}})
    own_space.delete("RegisteredModel", "held")
    answer = status(own_space.cluster.kubeconfig, "rmodel/held", "-n", own_space.name)
    assert "The deletion waits for the finalizers of other controllers: example.com/others." in answer.stdout
    own_space.patch("RegisteredModel", "held", {"metadata": {"finalizers": None}})


def test_kubectl_finds_the_command_as_a_plugin(unseen: Namespace) -> None:
    plane = unseen.cluster
    answer = run(plane.kubeconfig, plane.kubectl, "registrar", "status", "rmodel/m7", "-n", unseen.name)
    assert answer.returncode == ExitCode.ATTENTION
    assert answer.stdout.splitlines()[0] == f"RegisteredModel {unseen.name}/m7 is not ready, for 1 cause:"
    answer = run(plane.kubeconfig, plane.kubectl, "registrar", "trace", "--help")
    assert answer.stdout.startswith("Usage: kubectl registrar trace [OPTIONS]")


@pytest.mark.parametrize(
    ("words", "offered", "directive"),
    [
        (["st"], "status\tSay what is not ready, why, and what to do.", ":4"),
        (["status", "--not-"], "--not-ready\tList only what is not ready", ":4"),
        (["status", "--output", ""], "wide", ":4"),
        (["status", "--kubeconfig", ""], "", ":0"),
    ],
)
def test_kubectl_completes_the_command(cluster: ControlPlane, words: list[str], offered: str, directive: str) -> None:
    answer = run(cluster.kubeconfig, cluster.kubectl, "__complete", "registrar", *words)
    *offers, last = answer.stdout.splitlines()
    assert last == directive
    assert any(offer.startswith(offered) for offer in offers) if offered else not offers


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(unseen: Namespace) -> None:
    command = f"'{PROGRAMS}/registrar' status -n {unseen.name} | head -1"
    answer = run(unseen.cluster.kubeconfig, "bash", "-c", command)
    assert answer.stdout.startswith(f"{UNSEEN} of {UNSEEN} resources")
    assert answer.stderr == ""


def test_without_the_package_the_extra_is_named() -> None:
    program = "import sys; sys.modules['kubernetes'] = None; from registrar.cli import main; main(['status'])"
    answer = run(Path("/nowhere"), PROGRAMS / "python", "-c", program)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr == (
        "Error: This command reads a cluster, which is an extra: pip install 'model-registrar[cluster]'\n"
    )


@pytest.mark.usefixtures("operator")
class TestWithTheOperator:
    """The operator keeps up with what these tests apply."""

    def test_what_is_ready_is_said_in_one_line_and_the_tree(self, space: Namespace, unique: Unique) -> None:
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

    def test_the_last_events_of_a_resource_are_shown_on_request(self, space: Namespace, unique: Unique) -> None:
        name = unique("churn")
        space.create(manifest("RegisteredModel", name))
        space.ready("RegisteredModel", name)
        wait_until(lambda: bool(space.events(name)), "the operator posts an Event")
        answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--events")
        assert answer.stdout.splitlines()[-1].split()[1:5] == ["Normal", "Synced", "1", "Created:"]
        answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--events", "-o", "json")
        assert [event["reason"] for event in json.loads(answer.stdout)["events"]] == ["Synced"]

    def test_the_resource_of_an_entry_is_found_by_id_and_by_name(self, space: Namespace, unique: Unique) -> None:
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
            (line,) = answer.stdout.splitlines()[1:]
            assert line.split()[0] == entry
            assert line.split()[-3:] == [space.name, f"ModelVersion/{name}-v1", "True"]
        answer = status(space.cluster.kubeconfig, "-n", space.name, "--find", "2000000000")
        assert (answer.returncode, answer.stdout) == (ExitCode.ATTENTION, "")
        assert f"No resource in namespace {space.name} stands for this entry; --all-namespaces" in answer.stderr

    def test_waiting_ends_when_only_a_person_can_change_anything(self, space: Namespace, unique: Unique) -> None:
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

    def test_waiting_ends_when_everything_is_ready(self, space: Namespace, unique: Unique) -> None:
        name = unique("late")
        space.create(manifest("RegisteredModel", name))
        answer = status(space.cluster.kubeconfig, f"rmodel/{name}", "-n", space.name, "--wait", "--timeout", "1h")
        assert answer.returncode == ExitCode.DONE

    def test_waiting_ends_with_its_time(self, space: Namespace, unique: Unique) -> None:
        name = unique("waits")
        space.create(manifest("ModelVersion", name, registeredModelRef={"name": unique("none")}))
        space.wait("ModelVersion", name, has_reason("WaitingForRegisteredModel"))
        answer = status(space.cluster.kubeconfig, f"mversion/{name}", "-n", space.name, "--wait", "--timeout", "1s")
        assert answer.returncode == ExitCode.ATTENTION
        assert "0 of 1 resources are ready" in answer.stderr


def test_an_api_server_that_returns_is_waited_for(unseen: Namespace, proxy: ApiServerProxy) -> None:
    down = [Reply(503, {"kind": "Status"}) for _ in range(2)]
    proxy.script = lambda _: down.pop() if down else None
    arguments = ("rmodel/m1", "-n", unseen.name, "--wait", "--timeout", "5s")
    answer = status(proxy.kubeconfig, *arguments)
    assert answer.returncode == ExitCode.ATTENTION
    assert "The API server did not list registeredmodels" in answer.stderr
    assert "RegisteredModel/m1" in answer.stdout
