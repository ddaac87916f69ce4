"""The steps of examples/pipelines fit the schemas that their programs publish, and run under the chart's Role."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf import json_format
from kfp.pipeline_spec.pipeline_spec_pb2 import PipelineSpec

from devcluster.controlplane import ControlPlane
from tests.cli.program import PROGRAMS, run
from tests.env.control_plane import install_crds
from tests.support.accounts import pipeline_account
from tests.support.go_modules import published
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace

EXAMPLES = Path(__file__).parents[2] / "examples" / "pipelines"
COMMAND = ["python3", "-m", "registrar"]
INPUTS = {"model": "churn", "uri": "s3://models/churn/model.json", "accuracy": "0.94"}

DEFINITIONS = {
    "argo-workflows.yaml": (
        "github.com/argoproj/argo-workflows/v3@v3.7.1",
        "h1:8xynztGc+tUuUq/SB9dHGp5EDI6UkSmuJeQPhHQrbek=",
        "manifests/base/crds/full/argoproj.io_workflowtemplates.yaml",
    ),
    "tekton.yaml": (
        "github.com/tektoncd/pipeline@v1.0.0",
        "h1:qq/BtjwtvZV7qhd6BnL5sGoBM4vVqpCtz/+hMbs6p94=",
        "config/300-crds/300-task.yaml",
    ),
}


def _read(name: str) -> dict[str, Any]:
    (found,) = yaml.safe_load_all((EXAMPLES / name).read_text())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_api_server_accepts_the_step_with_its_published_definition(
    name: str, control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    module, checksum, file = DEFINITIONS[name]
    install_crds(control_plane, published(module, checksum, tmp_path) / file)
    place = ("--validate=strict", "--dry-run=server", "--namespace", namespace)
    accepted = control_plane.run_kubectl("apply", *place, "-f", EXAMPLES / name)
    assert (accepted.stdout.count("(server dry run)"), accepted.stderr) == (1, "")
    wrong = (EXAMPLES / name).read_text().replace("args:", "arguments:")
    refused = control_plane.run_kubectl("apply", *place, "-f", "-", stdin=wrong, check=False)
    assert refused.returncode != 0, "the definition has a schema"


def test_the_component_fits_the_published_schema() -> None:
    content = _read("kfp.yaml")
    spec = json_format.ParseDict(content, PipelineSpec())
    component = spec.components["comp-register-version"]
    task = spec.root.dag.tasks["register-version"]
    assert task.inputs.parameters.keys() == component.input_definitions.parameters.keys()
    container = content["deploymentSpec"]["executors"][component.executor_label]["container"]
    named = re.findall(r"\$\.(inputs|outputs)\.parameters\['(\w+)'\]", " ".join(container["args"]))
    outputs = component.output_definitions.parameters
    assert {name for side, name in named if side == "inputs"} == set(component.input_definitions.parameters)
    assert {name for side, name in named if side == "outputs"} == set(outputs)
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({**content, "component": {}}, PipelineSpec())


@dataclass(frozen=True)
class Step:
    """A step as its program starts it.

    Attributes:
        command: the program.
        arguments: its arguments, filled in.
        outputs: the files that it has to write.
    """

    command: list[str]
    arguments: list[str]
    outputs: Mapping[str, Path]


def _argo(folder: Path, inputs: Mapping[str, str]) -> Step:
    (template,) = _read("argo-workflows.yaml")["spec"]["templates"]
    known = {
        **{f"inputs.parameters.{one['name']}": inputs[one["name"]] for one in template["inputs"]["parameters"]},
        **{f"workflow.{name}": name for name in ("namespace", "uid", "name")},
    }
    container = template["container"]
    (mount,) = container["volumeMounts"]
    assert [volume["name"] for volume in template["volumes"]] == [mount["name"]]

    def moved(text: str) -> str:
        return text.replace(mount["mountPath"], str(folder))

    arguments = [moved(_filled(text, r"\{\{(.+?)\}\}", known)) for text in container["args"]]
    outputs = {one["name"]: Path(moved(one["valueFrom"]["path"])) for one in template["outputs"]["parameters"]}
    return Step(container["command"], arguments, outputs)


def _tekton(folder: Path, inputs: Mapping[str, str]) -> Step:
    task = _read("tekton.yaml")["spec"]
    (step,) = task["steps"]
    outputs = {one["name"]: folder / one["name"] for one in task["results"]}
    known = {
        **{f"params.{one['name']}": inputs[one["name"]] for one in task["params"]},
        **{f"results.{name}.path": str(path) for name, path in outputs.items()},
        **{f"context.taskRun.{name}": name for name in ("namespace", "uid", "name")},
    }
    return Step(step["command"], [_filled(text, r"\$\((.+?)\)", known) for text in step["args"]], outputs)


def _kfp(folder: Path, inputs: Mapping[str, str]) -> Step:
    content = _read("kfp.yaml")
    (component,), (executor,) = content["components"].values(), content["deploymentSpec"]["executors"].values()
    more = {"run_id": "uid", "run_name": "name"}
    names = component["inputDefinitions"]["parameters"]
    # Each output has a folder of its own, which the step has to make.
    outputs = {name: folder / name / "data" for name in component["outputDefinitions"]["parameters"]}
    known = {
        **{f"$.inputs.parameters['{name}']": {**inputs, **more}[name] for name in names},
        **{f"$.outputs.parameters['{name}'].output_file": str(path) for name, path in outputs.items()},
    }
    container = executor["container"]
    return Step(container["command"], [_filled(text, r"\{\{(.+?)\}\}", known) for text in container["args"]], outputs)


def _filled(text: str, pattern: str, known: Mapping[str, str]) -> str:
    return re.sub(pattern, lambda found: known[found[1]], text)


@pytest.fixture(scope="module")
def model(operator: OperatorProcess, space: Namespace) -> Manifest:  # noqa: ARG001 - it runs
    """The model of the example, Ready."""
    space.cluster.run_kubectl("apply", "--validate=strict", "--namespace", space.name, "-f", EXAMPLES / "model.yaml")
    return space.ready("RegisteredModel", INPUTS["model"])


@pytest.fixture(scope="module")
def kubeconfig(space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That of an account with the chart's Role for pipelines."""
    return pipeline_account(space).kubeconfig(tmp_path_factory.mktemp("account"))


@pytest.mark.parametrize(
    ("read", "kind"), [(_argo, "argo"), (_tekton, "tekton"), (_kfp, "kfp")], ids=["argo", "tekton", "kfp"]
)
def test_the_step_registers_under_the_role_of_the_chart(
    read: Callable[[Path, Mapping[str, str]], Step],
    kind: str,
    model: Manifest,
    space: Namespace,
    kubeconfig: Path,
    tmp_path: Path,
) -> None:
    step = read(tmp_path, {**INPUTS, "version": f"from-{kind}", "namespace": space.name})
    assert step.command == COMMAND
    place = () if any(text.startswith("--namespace=") for text in step.arguments) else (f"--namespace={space.name}",)
    done = run(kubeconfig, PROGRAMS / "python", *step.command[1:], *step.arguments, *place)
    assert done.returncode == 0, done.stderr
    version = space.ready("ModelVersion", f"churn-from-{kind}")
    assert version["status"]["parentId"] == model["status"]["id"]
    assert [path.read_text() for path in step.outputs.values()] == [version["status"]["id"], INPUTS["uri"]]
    (artifact,) = version["spec"]["artifacts"]
    namespace = space.name if kind == "kfp" else "namespace"
    source = (artifact["modelSourceKind"], artifact["modelSourceGroup"], artifact["modelSourceId"])
    assert (*source, artifact["modelSourceName"]) == (kind, namespace, "uid", "name")
    assert version["spec"]["customProperties"] == {"accuracy": {"double": 0.94}}
    assert "ownerReferences" not in version["metadata"]
