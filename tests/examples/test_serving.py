"""examples/serving: one changed line moves the model's alias and the servers, as kubectl builds it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from shutil import copytree

import pytest
import yaml

from devcluster.controlplane import ControlPlane
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.resources import Manifest, Namespace

REPOSITORY = Path(__file__).parents[2]
SERVING = REPOSITORY / "examples" / "serving"
PROMOTIONS = {
    "by-alias": ("models.yaml", 'champion: "2026-03"', 'champion: "2026-04"'),
    "by-address": ("kustomization.yaml", "name: &champion churn-2026-03", "name: &champion churn-2026-04"),
}
"""The line that promotes a version, by folder."""
NEW_IMAGE = (
    "oci://registry.example.com/models/churn@sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"
)
DIRECT = [
    "oci://registry.example.com/models/churn@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "hf://example/churn:12040accade4e8a0f71eabdb258fecc2e7e948be",
    "pvc://models/churn/2026-03",
    "s3://models/churn/2026-03/",
]
"""An address of each kind that KServe loads without the registry."""

Build = Callable[[Path], dict[tuple[str, str], Manifest]]


@pytest.fixture
def build(cluster: ControlPlane) -> Build:
    """Build a folder with kubectl's kustomize; gives the manifests by kind and name."""

    def run(folder: Path) -> dict[tuple[str, str], Manifest]:
        return _by_name(yaml.safe_load_all(cluster.run_kubectl("kustomize", str(folder)).stdout))

    return run


def _by_name(manifests: Iterable[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(one["kind"], one["metadata"]["name"]): one for one in manifests}


def _copy(name: str, folder: Path) -> Path:
    return Path(copytree(SERVING / name, folder / name))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def _promote(folder: Path) -> None:
    file, old, new = PROMOTIONS[folder.name]
    _replace(folder / file, old, new)


def _served(built: dict[tuple[str, str], Manifest]) -> dict[str, tuple[str, str | None]]:
    """The address that each server has, and the version that its annotation names."""
    addresses = {
        "InferenceService": lambda spec: spec["predictor"]["model"]["storageUri"],
        "LLMInferenceService": lambda spec: spec["model"]["uri"],
    }
    return {
        kind: (addresses[kind](one["spec"]), one["metadata"]["annotations"].get("model-registrar.dev/version"))
        for (kind, _), one in built.items()
        if kind in addresses
    }


def test_each_folder_is_tested() -> None:
    assert {path.name for path in SERVING.iterdir() if path.is_dir()} == PROMOTIONS.keys()


@pytest.mark.parametrize("name", PROMOTIONS)
def test_one_changed_line_moves_the_alias_and_the_servers(name: str, build: Build, tmp_path: Path) -> None:
    folder = _copy(name, tmp_path)
    before = build(folder)
    _promote(folder)
    after = build(folder)

    assert before["RegisteredModel", "churn"]["spec"]["aliases"] == {"champion": "2026-03"}
    assert after["RegisteredModel", "churn"]["spec"]["aliases"] == {"champion": "2026-04"}
    new: dict[str, dict[str, tuple[str, str | None]]] = {
        "by-alias": {"InferenceService": ("model-registry://churn/2026-04?namespace=kubeflow", None)},
        "by-address": dict.fromkeys(("InferenceService", "LLMInferenceService"), (NEW_IMAGE, "churn-2026-04")),
    }
    assert _served(after) == new[name]
    assert _served(before).keys() == _served(after).keys()
    # Nothing else changes, and nothing is left to fill in.
    changed = {key for key in after if before[key] != after[key]}
    assert changed == {("RegisteredModel", "churn"), *(key for key in after if key[0] in new[name])}
    assert "set-by-kustomize" not in str(after)
    assert "set-by-kustomize" not in str(before)


@pytest.mark.parametrize("address", DIRECT, ids=lambda address: address.partition(":")[0])
def test_an_own_address_reaches_both_kinds_of_servers(address: str, build: Build, tmp_path: Path) -> None:
    folder = _copy("by-address", tmp_path)
    models = list(yaml.safe_load_all((folder / "models.yaml").read_text()))
    (champion,) = [one for one in models if one["metadata"]["name"] == "churn-2026-03"]
    champion["spec"]["artifacts"][0]["uri"] = address
    (folder / "models.yaml").write_text(yaml.safe_dump_all(models))

    served = _served(build(folder))
    assert served == dict.fromkeys(("InferenceService", "LLMInferenceService"), (address, "churn-2026-03"))


@pytest.mark.parametrize("name", PROMOTIONS)
def test_the_registry_and_the_servers_agree(
    name: str,
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    tmp_path: Path,
) -> None:
    start_operator(embedded_registry().url, own_space)
    install_crds(own_space.cluster, OTHERS_CRDS)
    folder = _copy(name, tmp_path)
    assert _apply_and_compare(folder, "2026-03", own_space)
    _promote(folder)
    assert _apply_and_compare(folder, "2026-04", own_space)


def _apply_and_compare(folder: Path, version: str, space: Namespace) -> set[str]:
    """Apply a folder; gives the addresses of its servers, which the alias of the model has too."""
    space.cluster.run_kubectl("apply", "--validate=strict", "-n", space.name, "-k", folder)
    addresses = _addresses(space.ready("ModelVersion", f"churn-{version}")["status"])

    def names_it(model: Manifest) -> bool:
        aliases = model.get("status", {}).get("aliases", [])
        return [(one["version"], _addresses(one)) for one in aliases] == [(version, addresses)]

    space.wait("RegisteredModel", "churn", names_it)
    live = space.cluster.run_kubectl("get", "inferenceservices,llminferenceservices", "-n", space.name, "-o", "json")
    servers = json.loads(live.stdout)["items"]
    served = {address.partition("?")[0] for address, _ in _served(_by_name(servers)).values()}
    assert served <= addresses
    return served


def _addresses(status: Manifest) -> set[str]:
    return {status[name] for name in ("uri", "storageUri") if name in status}
