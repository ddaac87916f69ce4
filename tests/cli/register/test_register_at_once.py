"""Many registrations at once, and one while the registry is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from model_registry import ModelRegistryAPIClient
from model_registry.types import ListOptions
from registrar.cli.exits import ExitCode
from registrar.pipelines import Registered, RegistrationError, register
from tests.cli.register.conftest import Pipeline, pipeline_in
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator
from tests.support.loopback import Reply
from tests.support.resources import Namespace

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


def test_of_runs_with_other_content_at_once_no_two_succeed(pipeline: Pipeline) -> None:
    model = pipeline.model()

    def run(number: int) -> Registered | RegistrationError:
        namespace, kubeconfig = pipeline.space.name, pipeline.kubeconfig
        try:
            return register(model, "1", description=f"By run {number}.", namespace=namespace, kubeconfig=kubeconfig)
        except RegistrationError as error:
            return error

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(run, range(4)))
    done = [number for number, each in enumerate(answers) if isinstance(each, Registered)]
    kept = pipeline.space.ready("ModelVersion", f"{model}-1")["spec"]["description"]
    assert [f"By run {number}." for number in done] in ([], [kept]), answers


def test_while_the_registry_is_down_it_waits_and_the_entry_comes_later(
    own_space: Namespace, registry_proxy: FaultProxy, start_operator: StartOperator, tmp_path: Path
) -> None:
    pipeline = pipeline_in(own_space, tmp_path)
    start_operator(registry_proxy.url, own_space)
    model = pipeline.model()
    own_space.ready("RegisteredModel", model)
    registry_proxy.script = lambda _: Reply(503, {"message": "maintenance"})
    folder = tmp_path / "outputs"
    answer = pipeline.register(f"--model={model}", "--version=1", "--timeout=4s", f"--output-dir={folder}")
    assert answer.exit_code == ExitCode.ATTENTION
    last = answer.stderr.splitlines()[-1]
    named = f"ModelVersion {model}-1 in namespace {own_space.name}"
    assert last.startswith(f"Error: {named} is not ready after 4 s: RegistryUnavailable: "), answer.stderr
    assert "503" in last
    assert last.endswith("The resource stays, and the operator goes on.")
    assert f"Waiting for {named}: RegistryUnavailable: " in answer.stderr
    assert not folder.exists()
    registry_proxy.heal()
    assert own_space.ready("ModelVersion", f"{model}-1")["status"]["id"]
