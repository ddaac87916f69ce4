"""``registrar status`` asks the API server for pages, and for nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devcluster.controlplane import ControlPlane
from registrar.api.meta import GROUP
from registrar.cli.exits import ExitCode
from tests.cli.program import PROGRAMS, run, status
from tests.support.api_server_proxy import ApiServerProxy, proxy_to_api_server
from tests.support.fault_proxy import on_matching
from tests.support.fixtures import new_namespace
from tests.support.loopback import Reply
from tests.support.resources import PLURALS, Namespace, manifest

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


def test_an_api_server_that_returns_is_waited_for(unseen: Namespace, proxy: ApiServerProxy) -> None:
    down = [Reply(503, {"kind": "Status"}) for _ in range(2)]
    proxy.script = lambda _: down.pop() if down else None
    arguments = ("rmodel/m1", "-n", unseen.name, "--wait", "--timeout", "5s")
    answer = status(proxy.kubeconfig, *arguments)
    assert answer.returncode == ExitCode.ATTENTION
    assert "The API server did not list registeredmodels" in answer.stderr
    assert "RegisteredModel/m1" in answer.stdout


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(unseen: Namespace) -> None:
    command = f"'{PROGRAMS}/registrar' status -n {unseen.name} | head -1"
    answer = run(unseen.cluster.kubeconfig, "bash", "-c", command)
    assert answer.stdout.startswith(f"{UNSEEN} of {UNSEEN} resources")
    assert answer.stderr == ""
