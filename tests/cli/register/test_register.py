"""`registrar register` under the chart's Role for pipelines, with an operator at work."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from click.testing import CliRunner
from kubernetes.config import incluster_config

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact
from registrar.cli import login, main
from registrar.cli.exits import ExitCode
from registrar.cli.register import applying
from registrar.cli.register.outputs import OUTPUTS
from tests.cli.program import PROGRAMS, run
from tests.cli.register.conftest import Pipeline
from tests.docs.pages import blocks_of
from tests.support.accounts import PIPELINE_RULES
from tests.support.resources import Manifest, has_reason, manifest

VERSION = "--version=2026-11-23"
CONTENT = (
    "--artifact=model=s3://models/churn/model.json",
    "--artifact=onnx=s3://models/churn/model.onnx",
    "--format=xgboost:2",
    "--format=onnx=onnx:1.17",
    "--doc-artifact=report=s3://models/churn/report.html",
    "--property=accuracy=0.94",
    "--property=auc=1.0",
    "--property=epochs=12",
    "--property=reviewed=true",
    "--property=commit={string: 1234567}",
    "--source=kfp/pipelinerun/team/3f2a/nightly run",
    "--author=grace",
    "--deletion-policy=Orphan",
)


def written(found: Manifest) -> dict[str, Any]:
    """What a write would change."""
    kept = ("generation", "managedFields", "labels", "annotations", "ownerReferences")
    return {"spec": found["spec"], **{name: found["metadata"].get(name) for name in kept}}


async def test_the_first_run_registers_and_the_second_one_writes_nothing(
    pipeline: Pipeline, registry: ModelRegistryAPIClient, tmp_path: Path
) -> None:
    model = pipeline.model()
    arguments = (f"--model={model}", VERSION, *CONTENT, f"--output-dir={tmp_path / 'outputs'}")
    more = (*pipeline.place(), f"--output-file=version-id={tmp_path / 'deep' / 'id'}")
    first = run(pipeline.kubeconfig, PROGRAMS / "registrar", "register", *arguments, *more)
    assert first.returncode == ExitCode.DONE, first.stderr
    outputs = {path.name: path.read_text() for path in (tmp_path / "outputs").iterdir()}
    assert outputs.keys() == OUTPUTS.keys()
    assert (tmp_path / "deep" / "id").read_text() == outputs["version-id"]
    assert first.stdout.splitlines() == [f"{name}: {outputs[name]}" for name in OUTPUTS if outputs[name]]

    version = await registry.get_model_version_by_id(outputs["version-id"])
    assert version is not None
    assert (version.name, version.registered_model_id, version.author) == ("2026-11-23", outputs["model-id"], "grace")
    properties = {name: (type(value), value) for name, value in (version.custom_properties or {}).items()}
    assert properties.items() >= {
        ("accuracy", (float, 0.94)),
        ("auc", (float, 1.0)),
        ("epochs", (int, 12)),
        ("reviewed", (bool, True)),
        ("commit", (str, "1234567")),
    }
    entries = await registry.get_model_version_artifacts(outputs["version-id"])
    assert json.loads(outputs["artifact-ids"]) == {one.name: one.id for one in entries}
    artifacts = {one.name: one for one in entries if isinstance(one, ModelArtifact)}
    source = [getattr(artifacts["model"], f"model_source_{name}") for name in ("kind", "class", "group", "id", "name")]
    assert source == ["kfp", "pipelinerun", "team", "3f2a", "nightly run"]
    assert outputs["uri"] == artifacts["onnx"].uri
    assert (artifacts["model"].model_format_name, artifacts["onnx"].model_format_version) == ("xgboost", "1.17")

    before = pipeline.space.get("ModelVersion", outputs["name"])
    assert before["metadata"].get("ownerReferences") is None
    assert [each["manager"] for each in before["metadata"]["managedFields"] if each["operation"] == "Apply"] == [
        "registrar"
    ]
    again = pipeline.register(*arguments, "--output=json")
    assert again.exit_code == ExitCode.DONE, again.stderr
    assert again.stderr == f"ModelVersion {outputs['name']} unchanged.\n"
    assert json.loads(again.stdout) == outputs
    assert written(pipeline.space.get("ModelVersion", outputs["name"])) == written(before)


async def test_other_content_is_refused_with_the_difference_unless_it_is_an_update(
    pipeline: Pipeline, registry: ModelRegistryAPIClient
) -> None:
    arguments = (f"--model={pipeline.model()}", "--version=1", "--artifact=model=s3://models/1", "--output=json")
    first = pipeline.register(*arguments, "--property=password=first", "--property=epochs=1")
    name = json.loads(first.stdout)["name"]
    before = pipeline.space.get("ModelVersion", name)
    changed = (*arguments, "--property=password=second", "--description=Better.")
    refused = pipeline.register(*changed)
    assert refused.exit_code == ExitCode.ATTENTION
    assert f"ModelVersion {name} in namespace {pipeline.space.name} exists with other content: " in refused.stderr
    assert "customProperties.epochs 1 -> not set" in refused.stderr
    assert "description not set -> 'Better.'" in refused.stderr
    assert "--update" in refused.stderr
    retyped = pipeline.register(*arguments, "--property=password=first", "--property=epochs=true")
    assert "customProperties.epochs 1 -> true" in retyped.stderr, "Python takes the two for the same"
    assert not any(secret in refused.stderr for secret in ("first", "second"))
    assert written(pipeline.space.get("ModelVersion", name)) == written(before)
    updated = pipeline.register(*changed, "--update")
    assert updated.exit_code == ExitCode.DONE, updated.stderr
    assert f"ModelVersion {name} updated.\n" in updated.stderr
    assert f"ModelVersion {name} registered.\n" in first.stderr
    assert f"ModelVersion {name} unchanged.\n" in pipeline.register(*changed, "--update").stderr
    version = await registry.get_model_version_by_id(json.loads(updated.stdout)["version-id"])
    assert version is not None
    assert version.description == "Better."
    assert "epochs" not in (version.custom_properties or {})


def test_another_digest_is_refused_even_as_an_update(pipeline: Pipeline) -> None:
    arguments = (f"--model={pipeline.model()}", "--version=1", "--artifact=model=s3://models/1", "--output=json")
    first = pipeline.register(*arguments, f"--digest=sha256:{'2c26' * 16}")
    assert first.exit_code == ExitCode.DONE, first.stderr
    name = json.loads(first.stdout)["name"]
    before = pipeline.space.get("ModelVersion", name)
    for more in ([], ["--update"]):
        other = pipeline.register(*arguments, f"--digest=sha256:{'9f86' * 16}", *more)
        assert other.exit_code == ExitCode.ATTENTION
        assert "was refused: " in other.stderr
        assert "digest cannot change, because other content is another version" in other.stderr
    assert written(pipeline.space.get("ModelVersion", name)) == written(before)


def test_what_argo_cd_manages_is_used_but_never_taken(pipeline: Pipeline) -> None:
    model = pipeline.model()
    declared = manifest(
        "ModelVersion", f"{model}-1", name="1", registeredModelRef={"name": model}, description="From Git."
    )
    as_argo_cd = ("--server-side", "--field-manager=argocd-controller", f"--namespace={pipeline.space.name}")
    pipeline.space.cluster.run_kubectl("apply", *as_argo_cd, "-f", "-", stdin=json.dumps(declared))
    before = pipeline.space.ready("ModelVersion", f"{model}-1")
    same = pipeline.register(f"--model={model}", "--version=1", "--description=From Git.")
    assert (same.exit_code, same.stderr) == (ExitCode.DONE, f"ModelVersion {model}-1 unchanged.\n")
    for more in ([], ["--update"]):
        other = pipeline.register(f"--model={model}", "--version=1", "--description=From a pipeline.", *more)
        assert other.exit_code == ExitCode.ATTENTION
        assert "the field manager 'argocd-controller' owns spec.description, with other values" in other.stderr
    assert written(pipeline.space.get("ModelVersion", f"{model}-1")) == written(before)


def test_a_version_without_an_artifact_is_registered_with_a_note(pipeline: Pipeline) -> None:
    """A step that forgot the option passes on an empty address otherwise, and nobody notices here."""
    arguments = (f"--model={pipeline.model()}", VERSION, *pipeline.place())
    done = run(pipeline.kubeconfig, PROGRAMS / "registrar", "register", *arguments)
    assert done.returncode == ExitCode.DONE, done.stderr
    note = "Note: The version has no artifact with an address, so the output uri is empty. --artifact declares one."
    assert note in done.stderr.splitlines()


def test_a_model_that_does_not_exist_is_named_and_not_made(pipeline: Pipeline) -> None:
    answer = pipeline.register("--model=nowhere", VERSION)
    assert answer.exit_code == ExitCode.ATTENTION
    where = f"in namespace {pipeline.space.name}"
    assert f"Error: There is no RegisteredModel 'nowhere' {where}: apply it first" in answer.stderr
    assert pipeline.space.get("RegisteredModel", "nowhere") == {}
    assert pipeline.space.get("ModelVersion", "nowhere-2026-11-23") == {}


def test_what_only_a_person_can_solve_ends_at_once(pipeline: Pipeline) -> None:
    model = pipeline.model()
    arguments = (f"--model={model}", "--version=1")
    assert pipeline.register(*arguments).exit_code == ExitCode.DONE
    pipeline.space.annotate("ModelVersion", f"{model}-1", paused="true")
    answer = pipeline.register(*arguments, "--description=Better.", "--update", "--timeout=1h")
    assert answer.exit_code == ExitCode.ATTENTION
    assert f"ModelVersion {model}-1 in namespace {pipeline.space.name} is not ready: Paused: " in answer.stderr


def test_what_another_resource_has_ends_with_the_condition(pipeline: Pipeline) -> None:
    model = pipeline.model()
    pipeline.space.apply(manifest("ModelVersion", f"{model}-in-git", name="1", registeredModelRef={"name": model}))
    pipeline.space.ready("ModelVersion", f"{model}-in-git")
    arguments = (f"--model={model}", "--version=1", "--timeout=0s")
    assert pipeline.register(*arguments).exit_code == ExitCode.ATTENTION
    pipeline.space.wait("ModelVersion", f"{model}-1", has_reason("NameConflict"))
    answer = pipeline.register(*arguments)
    assert answer.exit_code == ExitCode.ATTENTION
    assert f"{model}-1 in namespace {pipeline.space.name} is not ready after 0 s: NameConflict: " in answer.stderr


def test_a_resource_of_another_version_keeps_its_name(pipeline: Pipeline) -> None:
    model = pipeline.model()
    pipeline.register(f"--model={model}", "--version=1", f"--name={model}-mine")
    answer = pipeline.register(f"--model={model}", "--version=2", f"--name={model}-mine", "--update")
    assert answer.exit_code == ExitCode.ATTENTION
    assert f"exists already, for the version '1' of the model '{model}'" in answer.stderr


def test_in_a_pod_it_is_the_pods_account_in_the_pods_namespace(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = yaml.safe_load(pipeline.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
    # What the kubelet writes, elsewhere than a test may write.
    texts = {"token": config["users"][0]["user"]["token"], "ca.crt": authority, "namespace": pipeline.space.name}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(login, "POD_NAMESPACE", tmp_path / "namespace")
    server = urlsplit(cluster["server"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", str(server.hostname))
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    model = pipeline.model()
    answer = CliRunner().invoke(main, ["register", f"--model={model}", "--version=1"])
    assert answer.exit_code == ExitCode.DONE, answer.stderr
    assert f"namespace: {pipeline.space.name}" in answer.stdout
    denied = CliRunner().invoke(main, ["register", f"--model={model}", "--version=1", "--namespace=default"])
    assert "You may not get registeredmodels in namespace default (403)" in denied.stderr


@pytest.mark.parametrize(
    ("resource", "verb"),
    [
        ("registeredmodels", "get"),
        ("modelversions", "get"),
        ("modelversions", "create"),
        ("modelversions", "patch"),
    ],
)
def test_without_a_right_a_sentence_names_the_role(pipeline: Pipeline, resource: str, verb: str) -> None:
    model = pipeline.model()
    rules = [
        {**rule, "verbs": [each for each in rule["verbs"] if (rule["resources"], each) != ([resource], verb)]}
        for rule in PIPELINE_RULES
    ]
    pipeline.account.allow(*(rule for rule in rules if rule["verbs"]))
    try:
        answer = pipeline.register(f"--model={model}", VERSION)
    finally:
        pipeline.account.allow(*PIPELINE_RULES)
    assert answer.exit_code == ExitCode.NOT_KNOWN
    assert answer.stderr == (
        f"Error: You may not {verb} {resource} in namespace {pipeline.space.name} (403): have an administrator bind "
        "the Role model-registrar-pipelines to the account (the chart's value rbac.pipelines).\n"
    )
    assert pipeline.space.get("ModelVersion", f"{model}-2026-11-23") == {}


def test_the_guide_shows_the_role_of_the_chart() -> None:
    texts = (block.text for block in blocks_of(Path("docs/how-to/register-from-pipeline.md")))
    blocks = (text for text in texts if "kind: Role\n" in text)
    (role,) = map(yaml.safe_load, blocks)
    assert role["rules"] == PIPELINE_RULES
    assert role["metadata"]["name"] == applying.ROLE
