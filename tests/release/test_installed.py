"""A release as people install it: the wheel in an environment of its own, and the manifests on an empty API server."""

import json
import re
import shlex
import tarfile
from collections.abc import Iterator
from pathlib import Path

import kubernetes
import pytest
import yaml

from devcluster import controlplane
from devcluster.controlplane import ControlPlane
from devcluster.embedded_registry import EmbeddedRegistry
from devcluster.embedded_registry import start as start_registry
from tests.chart.pod import Pod
from tests.docs.pages import blocks_of
from tests.env.registry import wait_until_ready
from tests.release.conftest import IMAGES, ROOT, VERSION, run
from tests.support.resources import Namespace

NAME = "model-registrar"
QUICKSTART = ROOT / "examples" / "quickstart"
DOCUMENTED_REGISTRY = "http://model-registry-service.kubeflow:8080"


@pytest.fixture(scope="module")
def registry() -> Iterator[EmbeddedRegistry]:
    with start_registry() as server:
        wait_until_ready(server.url)
        yield server


def test_the_wheel_brings_the_command_line(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-c", "import registrar; print(registrar.__file__)", cwd=tmp_path)
    assert Path(where).is_relative_to(installed.parents[1])
    registrar = installed.with_name("registrar")
    helped = run(registrar, "--help", cwd=tmp_path)
    assert helped.startswith("Usage: registrar")
    assert "run " in helped
    definitions = list(yaml.safe_load_all(run(registrar, "crds", cwd=tmp_path)))
    assert len(definitions) == len(list((ROOT / "crds").glob("*.yaml")))


def test_the_wheel_alone_runs_the_program_of_the_readme(
    client: Path, registry: EmbeddedRegistry, tmp_path: Path
) -> None:
    (program,) = (block.text for block in blocks_of(Path("README.md")) if block.language == "python")
    indented = "".join(f"    {line}\n" for line in program.splitlines())
    file = tmp_path / "program.py"
    text = f"import asyncio\nasync def main():\n{indented}asyncio.run(main())\n"
    file.write_text(text.replace("http://localhost:8080", registry.url))
    assert re.fullmatch(r"\d+ churn (EntryState\.)?LIVE\n", run(client, file, cwd=tmp_path))


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A cluster with nothing in it."""
    with controlplane.start() as found:
        yield found


def _shown_commands(install: Path) -> list[list[str]]:
    """The commands in the first lines of ``install.yaml``."""
    comment = "".join(
        f"{line.removeprefix('#').strip()}\n" for line in install.read_text().splitlines() if line.startswith("#")
    )
    return [shlex.split(line) for line in comment.replace("\\\n", "").splitlines() if line.startswith("kubectl ")]


def test_an_operator_of_the_manifests_says_what_to_edit_and_then_reconciles_the_quickstart(
    dist: Path, installed: Path, plane: ControlPlane, registry: EmbeddedRegistry, tmp_path: Path
) -> None:
    apply, patch = _shown_commands(dist / "install.yaml")
    place = {"install.yaml": str(dist / "install.yaml")}
    apply = [place.get(word, word) for word in apply]
    plane.run_kubectl(*apply[1:])
    plane.run_kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
    pod = Pod(plane, NAME, NAME, tmp_path / "pod", python=installed)
    pod.process.start()
    try:
        pod.process.wait_for_log("Waiting for the registry's URL")
        assert pod.probe("livenessProbe") == 200
        assert pod.probe("readinessProbe") == 503
        assert "/configmap/model-registrar-registry/url does not exist" in pod.why_not_ready()
        assert "add this key to the ConfigMap" in pod.why_not_ready()

        assert any(DOCUMENTED_REGISTRY in word for word in patch)
        plane.run_kubectl(*(word.replace(DOCUMENTED_REGISTRY, registry.url) for word in patch[1:]))
        pod.mount()
        plane.run_kubectl("create", "namespace", "team")
        plane.run_kubectl("apply", "--namespace=team", "-f", str(QUICKSTART))
        pod.wait_until_ready()
        api = kubernetes.client.CustomObjectsApi(
            kubernetes.config.new_client_from_config(str(plane.kubeconfig))  # type: ignore[no-untyped-call]  # not annotated
        )
        team = Namespace(plane, "team", api)
        assert team.ready("RegisteredModel", "fraud-detector")["status"]["id"]
        assert team.ready("ModelArtifact", "fraud-detector-v1-int8")["status"]["id"]

        # An upgrade applies the file again.
        plane.run_kubectl(*apply[1:])
        kept = plane.run_kubectl("get", "configmap", "model-registrar-registry", f"--namespace={NAME}", "-o", "json")
        assert json.loads(kept.stdout)["data"] == {"url": registry.url}
        assert pod.process.stop() == 0
    finally:
        pod.process.stop()
        print(pod.process.log)  # noqa: T201 - pytest shows it where the test failed


def test_the_manifests_do_not_claim_to_be_helms(dist: Path) -> None:
    text = (dist / "install.yaml").read_text()
    assert "helm" not in text.lower().replace("people without helm", "")
    kinds = [each["kind"] for each in yaml.safe_load_all(text)]
    assert kinds[0] == "Namespace"
    assert kinds[-1] == "Deployment"
    assert {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "ServiceAccount"} <= set(kinds)


OVERLAY = f"""
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- model-registrar
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {{name: model-registrar-registry, namespace: model-registrar}}
    data: {{url: "http://registry.example"}}
images:
- name: {IMAGES}/model-registrar
  newName: mirror.example/model-registrar
"""


def test_the_base_for_kustomize_has_the_same_manifests_and_takes_patches(
    dist: Path, plane: ControlPlane, tmp_path: Path
) -> None:
    with tarfile.open(dist / f"model-registrar-{VERSION}-kustomize.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")

    def built(folder: Path) -> dict[tuple[str, str], dict[str, object]]:
        text = plane.run_kubectl("kustomize", str(folder)).stdout
        return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(text)}

    base = built(tmp_path / "model-registrar")
    whole = list(yaml.safe_load_all((dist / "install.yaml").read_text()))
    assert base == {(each["kind"], each["metadata"]["name"]): each for each in whole}
    (tmp_path / "kustomization.yaml").write_text(OVERLAY)
    patched = built(tmp_path)
    assert patched["ConfigMap", "model-registrar-registry"]["data"] == {"url": "http://registry.example"}
    assert f"mirror.example/model-registrar:{VERSION}" in yaml.safe_dump(patched["Deployment", NAME])
