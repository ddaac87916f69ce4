"""The examples for kustomize, Flux and Kargo. Those for Argo CD run under a real one: tests/argocd/test_examples.py."""

import re
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import yaml

from devcluster.controlplane import ControlPlane
from model_registry import ModelRegistryAPIClient
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
OVERLAYS = EXAMPLES / "kustomize" / "overlays"
VERSIONS = {"dev": ["2026-03", "2026-04"], "staging": ["2026-03"], "prod": ["2026-03"]}


def test_each_environment_is_tested() -> None:
    assert {path.name for path in OVERLAYS.iterdir()} == VERSIONS.keys()


@pytest.mark.parametrize("environment", VERSIONS)
async def test_an_environment_of_the_kustomize_example_becomes_its_registry(
    environment: str,
    cluster: ControlPlane,
    custom_objects: kubernetes.client.CustomObjectsApi,
    embedded_registry: EmbeddedServers,
    start_operator: StartOperator,
) -> None:
    space = Namespace(cluster, f"models-{environment}", custom_objects)
    namespace = cluster.run_kubectl("create", "namespace", space.name, "--dry-run=client", "-o", "yaml").stdout
    cluster.run_kubectl("apply", "-f", "-", stdin=namespace)
    server = embedded_registry()
    start_operator(server.url, space)

    cluster.run_kubectl("apply", "--validate=strict", "-k", OVERLAYS / environment)
    space.ready("RegisteredModel", "churn")
    for version in VERSIONS[environment]:
        space.ready("ModelVersion", f"churn-{version}")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        (model,) = await registry.get_registered_models()
        assert (model.custom_properties or {})["environment"] == environment
        assert sorted(one.name for one in await registry.get_model_versions()) == VERSIONS[environment]

    cluster.run_kubectl("delete", "-k", OVERLAYS / environment)


def test_the_flux_example_fits_together() -> None:
    """Its structure only: the definitions of Flux are not here to be asked."""
    flux = {
        (one["kind"], one["metadata"]["name"]): one
        for path in sorted((EXAMPLES / "flux").glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text())
    }
    release, models = flux["HelmRelease", "model-registrar"], flux["Kustomization", "models"]
    chart = release["spec"]["chart"]["spec"]
    assert _is_there(flux, chart["sourceRef"])
    assert (REPOSITORY / chart["chart"] / "Chart.yaml").is_file()
    assert _is_there(flux, models["spec"]["sourceRef"])
    assert (REPOSITORY / models["spec"]["path"] / "kustomization.yaml").is_file()
    assert (models["spec"]["prune"], models["spec"]["wait"]) == (True, True)
    values = yaml.safe_load((REPOSITORY / chart["chart"] / "values.yaml").read_text())
    assert release["spec"]["values"]["registry"].keys() <= values["registry"].keys()


def _is_there(flux: dict[tuple[str, str], Any], reference: dict[str, str]) -> bool:
    return (reference["kind"], reference["name"]) in flux


def test_the_kargo_example_fits_together() -> None:
    """Its structure only: no Kargo runs here."""
    folder = EXAMPLES / "kargo"
    kargo = {
        (one["kind"], one["metadata"]["name"]): one
        for path in sorted(folder.glob("*.yaml"))
        for one in yaml.safe_load_all(path.read_text())
    }
    assert {one["metadata"]["namespace"] for one in kargo.values()} == {"models"}
    warehouse, task = kargo["Warehouse", "churn"]["spec"], kargo["PromotionTask", "move-alias"]["spec"]
    stages = {name: one["spec"] for (kind, name), one in kargo.items() if kind == "Stage"}

    (subscription,) = warehouse["subscriptions"]
    variables = {one["name"]: one["value"] for one in task["vars"]}
    assert variables["repoURL"] == subscription["git"]["repoURL"]
    assert re.search(subscription["git"]["allowTags"], f"{variables['prefix']}2026-04")
    # Each stage moves the alias of its name.
    (model,) = yaml.safe_load_all((REPOSITORY / variables["file"]).read_text())
    assert model["spec"]["aliases"].keys() == stages.keys()
    (update,) = [step["config"] for step in task["steps"] if step["uses"] == "yaml-update"]
    assert update["path"].endswith("/${{ vars.file }}")
    assert [one["key"] for one in update["updates"]] == ["spec.aliases.${{ ctx.stage }}"]

    for stage in stages.values():
        (freight,) = stage["requestedFreight"]
        assert (freight["origin"]["kind"], freight["origin"]["name"]) in kargo
        assert set(freight["sources"].get("stages", ())) <= stages.keys()
        (step,) = stage["promotionTemplate"]["spec"]["steps"]
        assert ("PromotionTask", step["task"]["name"]) in kargo
    # What one step puts out is there for those after it.
    known: set[str] = set()
    for step in task["steps"]:
        assert set(re.findall(r"outputs\.(\w+)\.", str(step))) <= known
        assert set(re.findall(r"vars\.(\w+)", str(step))) <= variables.keys()
        known |= {step["as"]} if "as" in step else set()
    assert known == {"push", "request"}


async def test_the_model_of_the_kargo_example_is_applied(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    start_operator(embedded_registry().url, own_space)
    path = EXAMPLES / "kargo" / "models" / "churn.yaml"
    own_space.cluster.run_kubectl("apply", "--validate=strict", "--namespace", own_space.name, "-f", path)
    own_space.ready("RegisteredModel", "churn")
