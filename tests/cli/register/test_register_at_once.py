"""Many registrations at once, and while a server is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ListOptions
from registrar.cli.exits import ExitCode
from registrar.pipelines import Registered, RegistrationError, register
from tests.cli.register.conftest import Pipeline, pipeline_in
from tests.support.api_server_proxy import proxy_to_api_server
from tests.support.fault_proxy import Fault, FaultProxy, Treatment
from tests.support.fixtures import StartOperator
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, has_reason

RUNS = 50


async def test_fifty_at_once_make_fifty_versions_and_no_duplicate(
    pipeline: Pipeline, registry: ModelRegistryAPIClient
) -> None:
    model = pipeline.model()

    def run(number: int) -> Registered:
        return register(
            model,
            f"run-{number}",
            artifacts={"model": f"s3://models/{number}"},
            properties={"loss": 1.0},
            namespace=pipeline.space.name,
            kubeconfig=pipeline.kubeconfig,
        )

    with ThreadPoolExecutor(RUNS) as pool:
        done = list(pool.map(run, range(RUNS)))
    found = await registry.get_model_versions(done[0].model_id, ListOptions(limit=2 * RUNS))
    assert {each.name: each.id for each in found} == {each.version: each.version_id for each in done}
    assert len({each.version_id for each in done}) == RUNS
    assert all(each.is_changed for each in done)
    assert not run(7).is_changed


BEFORE, AFTER = "before it is applied", "after it is applied"


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_a_run_notices_another_one_of_the_same_version(moment: str, pipeline: Pipeline, tmp_path: Path) -> None:
    model, seen = pipeline.model(), set[str]()
    namespace, others = pipeline.space.name, pipeline.kubeconfig

    def interfere(request: Received) -> Treatment:
        is_moment = request.method == "PATCH" if moment == BEFORE else "PATCH" in seen and request.method == "GET"
        if is_moment and moment not in seen:
            seen.add(moment)
            register(model, "1", description="Theirs.", update=True, namespace=namespace, kubeconfig=others)
        seen.add(request.method)
        return None

    with proxy_to_api_server(pipeline.space.cluster, tmp_path) as proxy:
        proxy.script = interfere
        with pytest.raises(RegistrationError, match=r"with other content at the same time: let only one run register"):
            register(model, "1", description="Ours.", namespace=namespace, kubeconfig=proxy.kubeconfig)
    assert moment in seen
    assert pipeline.space.get("ModelVersion", f"{model}-1")["spec"]["description"] == "Theirs."


def _is_write(request: Received) -> bool:
    return request.method == "PATCH" and "dryRun" not in request.path


def test_an_update_does_not_undo_one_that_came_between(pipeline: Pipeline, tmp_path: Path) -> None:
    model, came = pipeline.model(), list[Received]()
    namespace, others = pipeline.space.name, pipeline.kubeconfig
    register(model, "1", description="First.", namespace=namespace, kubeconfig=others)

    def interfere(request: Received) -> Treatment:
        if _is_write(request) and not came:
            came.append(request)
            register(model, "1", description="Theirs.", update=True, namespace=namespace, kubeconfig=others)
        return None

    with proxy_to_api_server(pipeline.space.cluster, tmp_path) as proxy:
        proxy.script = interfere
        with pytest.raises(RegistrationError, match=r"with other content at the same time: let only one run register"):
            register(model, "1", description="Ours.", update=True, namespace=namespace, kubeconfig=proxy.kubeconfig)
    assert pipeline.space.get("ModelVersion", f"{model}-1")["spec"]["description"] == "Theirs."


def test_an_update_is_repeated_where_only_something_else_changed(pipeline: Pipeline, tmp_path: Path) -> None:
    """The operator writes the status at any moment."""
    model, versions = pipeline.model(), list[str]()
    register(model, "1", description="First.", namespace=pipeline.space.name, kubeconfig=pipeline.kubeconfig)

    def interfere(request: Received) -> Treatment:
        if _is_write(request):
            versions.append(request.path)
            if len(versions) == 1:
                words = ["annotate", "mversion", f"{model}-1", "-n", pipeline.space.name, "team=a"]
                pipeline.space.cluster.run_kubectl(*words)
        return None

    with proxy_to_api_server(pipeline.space.cluster, tmp_path) as proxy:
        proxy.script = interfere
        where, through = pipeline.space.name, proxy.kubeconfig
        assert register(model, "1", description="Second.", update=True, namespace=where, kubeconfig=through).is_changed
    assert len(versions) == 2
    body = pipeline.space.get("ModelVersion", f"{model}-1")
    assert (body["spec"]["description"], body["metadata"]["annotations"]["team"]) == ("Second.", "a")


def test_of_several_first_runs_with_other_content_one_wins_and_the_others_change_nothing(pipeline: Pipeline) -> None:
    model = pipeline.model()

    def run(number: int) -> Registered | RegistrationError:
        where, account = pipeline.space.name, pipeline.kubeconfig
        try:
            return register(model, "1", description=f"Run {number}.", namespace=where, kubeconfig=account)
        except RegistrationError as error:
            return error

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(run, range(5)))
    (winner,) = (number for number, each in enumerate(done) if isinstance(each, Registered))
    body = pipeline.space.get("ModelVersion", f"{model}-1")
    assert (body["spec"]["description"], body["metadata"]["generation"]) == (f"Run {winner}.", 1)


def test_a_lost_answer_of_the_api_server_is_asked_for_again(pipeline: Pipeline, tmp_path: Path) -> None:
    model, failed = pipeline.model(), set[str]()

    def fail_once(request: Received) -> Treatment:
        if request.method in failed:
            return None
        failed.add(request.method)
        return Reply(503, "starting") if request.method == "GET" else Fault.RESET_AFTER

    lines: list[str] = []
    with proxy_to_api_server(pipeline.space.cluster, tmp_path) as proxy:
        proxy.script = fail_once
        where = pipeline.space.name
        done = register(model, "1", namespace=where, kubeconfig=proxy.kubeconfig, show=lines.append)
    assert failed == {"GET", "PATCH"}
    assert done.is_changed
    assert pipeline.space.get("ModelVersion", f"{model}-1")["metadata"]["generation"] == 1
    refused, lost = (line for line in lines if "API server" in line)
    assert refused.startswith(f"The API server did not read registeredmodels in namespace {where}: 503 ")
    assert "does not answer: " in lost


def test_while_the_registry_is_down_it_waits_and_the_entry_comes_later(
    own_space: Namespace, registry_proxy: FaultProxy, start_operator: StartOperator, tmp_path: Path
) -> None:
    pipeline = pipeline_in(own_space, tmp_path)
    start_operator(registry_proxy.url, own_space)
    model = pipeline.model()
    own_space.ready("RegisteredModel", model)
    registry_proxy.script = lambda _: Reply(503, {"message": "maintenance"})
    arguments, folder = (f"--model={model}", "--version=1"), tmp_path / "outputs"
    assert pipeline.register(*arguments, "--timeout=0s").exit_code == ExitCode.ATTENTION
    own_space.wait("ModelVersion", f"{model}-1", has_reason("RegistryUnavailable"))
    answer = pipeline.register(*arguments, "--timeout=1s", f"--output-dir={folder}")
    assert answer.exit_code == ExitCode.ATTENTION
    waiting, last = answer.stderr.splitlines()
    named = f"ModelVersion {model}-1 in namespace {own_space.name}"
    assert waiting.startswith(f"Waiting for {named}: RegistryUnavailable: "), answer.stderr
    assert last.startswith(f"Error: {named} is not ready after 1 s: RegistryUnavailable: "), answer.stderr
    assert "503" in last
    assert last.endswith("The resource stays, and the operator goes on.")
    assert not folder.exists()
    registry_proxy.heal()
    assert own_space.ready("ModelVersion", f"{model}-1")["status"]["id"]
