"""kustomize with these kinds: references follow a prefix, and dates arrive as they were written or are refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml

from devcluster.controlplane import ControlPlane
from tests.docs.pages import REPOSITORY, all_blocks, blocks_of, is_kustomization

MODELS = """\
apiVersion: model-registrar.dev/v1alpha1
kind: RegisteredModel
metadata: {name: churn}
spec: {owner: analytics}
---
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata: {name: churn-1}
spec: {name: "1", registeredModelRef: {name: churn}}
---
apiVersion: model-registrar.dev/v1alpha1
kind: ModelArtifact
metadata: {name: churn-1-int8}
spec: {uri: s3://models/churn/1/int8.onnx, modelVersionRef: {name: churn-1}}
---
apiVersion: model-registrar.dev/v1alpha1
kind: ModelArtifact
metadata: {name: elsewhere}
spec: {uri: s3://models/churn, modelVersionRef: {external: {registeredModelName: churn, name: churn-1}}}
"""
VERSION = """\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata: {{name: churn-2026-11-23}}
spec: {{name: {name}, registeredModelRef: {{external: {{name: churn}}}}}}
"""
DATE = "must not be a date without quotes, which kustomize and Argo CD turn into a time; put it in quotes"

Build = Callable[[], list[dict[str, Any]]]

WRITTEN = {
    **{block.place: block.text for block in all_blocks() if block.language == "yaml"},
    **{
        str(path.relative_to(REPOSITORY)): path.read_text()
        for folder in ("examples", "integrations/kustomize")
        for path in sorted((REPOSITORY / folder).rglob("*.yaml"))
    },
}
"""Manifests that people copy, by their place."""


@pytest.fixture
def build(cluster: ControlPlane, tmp_path: Path) -> Build:
    """Build the folder with kubectl's kustomize."""

    def run() -> list[dict[str, Any]]:
        return list(yaml.safe_load_all(cluster.run_kubectl("kustomize", str(tmp_path)).stdout))

    return run


def _kustomization_of_the_docs() -> str:
    (block,) = [block for block in blocks_of(Path("docs/gitops.md")) if is_kustomization(block)]
    return block.text


def test_references_follow_the_prefix(build: Build, tmp_path: Path) -> None:
    copytree(REPOSITORY / "integrations" / "kustomize", tmp_path / "integrations" / "kustomize")
    (tmp_path / "kustomization.yaml").write_text(_kustomization_of_the_docs())
    (tmp_path / "models.yaml").write_text(MODELS)

    built = {one["metadata"]["name"]: one["spec"] for one in build()}
    assert built.keys() == {f"team-a-{name}" for name in ("churn", "churn-1", "churn-1-int8", "elsewhere")}
    assert built["team-a-churn-1"] == {"name": "1", "registeredModelRef": {"name": "team-a-churn"}}
    assert built["team-a-churn-1-int8"]["modelVersionRef"] == {"name": "team-a-churn-1"}
    assert built["team-a-elsewhere"]["modelVersionRef"] == {
        "external": {"registeredModelName": "churn", "name": "churn-1"}
    }


@pytest.mark.parametrize("name", ["2026-11-23", "2026-3-1"])
def test_a_date_without_quotes_is_refused_with_what_to_write(
    cluster: ControlPlane, namespace: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [version.yaml]\n")
    (tmp_path / "version.yaml").write_text(VERSION.format(name=name))

    answer = cluster.run_kubectl(
        f"--namespace={namespace}", "apply", "--dry-run=server", f"--kustomize={tmp_path}", check=False
    )
    assert answer.returncode == 1
    assert DATE in answer.stderr


@pytest.mark.parametrize("name", ['"2026-11-23"', "'2026-11'", '"1.10"'])
def test_a_version_in_quotes_is_the_same_with_and_without_kustomize(
    build: Build, cluster: ControlPlane, namespace: str, tmp_path: Path, name: str
) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [version.yaml]\n")
    (tmp_path / "version.yaml").write_text(VERSION.format(name=name))

    plain = cluster.run_kubectl(
        f"--namespace={namespace}", "apply", "--dry-run=server", f"--filename={tmp_path}/version.yaml", "--output=yaml"
    )
    (built,) = build()
    assert built["spec"]["name"] == yaml.safe_load(plain.stdout)["spec"]["name"] == name.strip("'\"")


def _plain_numbers(node: yaml.Node | None, key: str = "") -> Iterator[str]:
    match node:
        case yaml.MappingNode():
            for name, value in node.value:
                yield from _plain_numbers(value, str(name.value))
        case yaml.SequenceNode():
            for item in node.value:
                yield from _plain_numbers(item, key)
        case yaml.ScalarNode() if key.lower().endswith(("name", "version")) and node.style is None:
            if node.value[:1].isdigit():
                yield f"{key}: {node.value}"


def test_every_version_that_people_copy_has_quotes() -> None:
    plain = {
        place: [found for node in yaml.compose_all(text) for found in _plain_numbers(node)]
        for place, text in WRITTEN.items()
    }
    assert {place: found for place, found in plain.items() if found} == {}
