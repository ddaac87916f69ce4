"""The step of ``make e2e-kind`` with a real KServe: servers get their labels, and a promotion moves them once."""

import json
import shutil
from pathlib import Path
from typing import Any

from devcluster import gobuild, gomodule
from devcluster.kind.cluster import KindCluster
from devcluster.stage import REPOSITORY

CERT_MANAGER = "https://github.com/cert-manager/cert-manager/releases/download/v1.17.0/cert-manager.yaml"
"""What makes the certificates of KServe's webhooks."""
CONTAINER = REPOSITORY / "examples" / "kserve" / "00-storage-container.yaml"
SERVING = REPOSITORY / "examples" / "serving" / "by-alias"
PROMOTION = ('champion: "2026-03"', 'champion: "2026-04"')
"""The line of the example that promotes a version."""
_GROUP = "modelregistry.kubeflow.org"
_LIMIT = "--timeout=300s"
# Without Knative and Istio, which only add parts here.
_STANDARD_MODE = """\
resources:
- by-alias
patches:
- target:
    kind: InferenceService
  patch: |
    - op: add
      path: /metadata/annotations/serving.kserve.io~1deploymentMode
      value: Standard
"""


def serve(on: KindCluster) -> None:
    """Install KServe, serve a version and promote the next one, and remove KServe again.

    Raises:
        CheckFailed: A claim is not true.
        BinariesError, CommandError, KubectlError: A part failed.
    """
    on.narrator.step("Install KServe, and serve what an alias names")
    source = gobuild.module_folder(gomodule.kserve(), gomodule.KSERVE_MODULE)
    kserve = source / "install" / gomodule.kserve_version() / "kserve.yaml"
    on.kubectl("apply", "-f", CERT_MANAGER)
    on.kubectl("wait", "--namespace=cert-manager", "--for=condition=Available", _LIMIT, "deployment", "--all")
    on.kubectl("apply", "--server-side", "--force-conflicts", "-f", kserve)
    on.kubectl("rollout", "status", "--namespace=kserve", "deployment/kserve-controller-manager", _LIMIT)
    on.kubectl("apply", "--server-side", "-f", kserve.with_name("kserve-cluster-resources.yaml"))
    on.kubectl("apply", "-f", CONTAINER)

    folder = write_servers(on.folder / "serving")
    on.kubectl("apply", "--namespace=default", "-f", folder / "by-alias" / "models.yaml")
    on.kubectl("wait", "--namespace=default", "--for=condition=Ready", _LIMIT, "mversion", "--all")
    _apply_and_check(on, folder, "2026-03")
    promote(folder)
    _apply_and_check(on, folder, "2026-04")
    _check_the_initializer(on)

    # The shared tests bring smaller definitions of the same kinds.
    on.kubectl("delete", "--namespace=default", "-k", folder)
    on.kubectl("delete", "-f", kserve)


def write_servers(folder: Path) -> Path:
    """Copy the example into a folder, with servers that need nothing but Deployments; returns the folder."""
    shutil.copytree(SERVING, folder / SERVING.name)
    (folder / "kustomization.yaml").write_text(_STANDARD_MODE)
    return folder


def promote(folder: Path) -> None:
    """Change the line that promotes the next version."""
    models = folder / SERVING.name / "models.yaml"
    models.write_text(models.read_text().replace(*PROMOTION))


def _apply_and_check(on: KindCluster, folder: Path, version: str) -> None:
    on.kubectl("apply", "--namespace=default", "-k", folder)
    status = _read(on, "mversion", f"churn-{version}")["status"]
    expected = {f"{_GROUP}/registered-model-id": status["parentId"], f"{_GROUP}/model-version-id": status["id"]}
    server = _read(on, "inferenceservice", "churn")
    on.narrator.check(
        expected.items() <= server["metadata"]["labels"].items(), f"the server has the IDs of {version} in its labels"
    )
    on.kubectl("wait", "--namespace=default", "--for=create", _LIMIT, "deployment/churn-predictor")
    jsonpath = "jsonpath={.spec.template.metadata.labels.modelregistry\\.kubeflow\\.org/model-version-id}"
    on.kubectl("wait", "--namespace=default", f"--for={jsonpath}={status['id']}", _LIMIT, "deployment/churn-predictor")
    again = _read(on, "inferenceservice", "churn")
    on.narrator.check(
        again["metadata"]["generation"] == server["metadata"]["generation"], "nothing changed the server afterwards"
    )


def _check_the_initializer(on: KindCluster) -> None:
    expected = on.kubectl("get", "-f", CONTAINER, "--output=jsonpath={.spec.container.image}")
    pods = ("pods", "--namespace=default", "--selector=serving.kserve.io/inferenceservice=churn")
    on.kubectl("wait", *pods, "--for=create", _LIMIT)
    images = on.kubectl("get", *pods, "--output=jsonpath={.items[*].spec.initContainers[*].image}")
    on.narrator.check(expected in images, "the example's initializer loads the model")


def _read(on: KindCluster, kind: str, name: str) -> Any:
    return json.loads(on.plane.run_kubectl("get", kind, name, "--namespace=default", "--output=json").stdout)
