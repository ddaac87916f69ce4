"""What ``make e2e-kind`` serves, and the examples, against KServe's published definitions. No KServe runs here."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from devcluster import controlplane, gobuild, gomodule
from devcluster.controlplane import ControlPlane
from devcluster.kind import serving
from tests.env.control_plane import install_crds

EXAMPLES = Path(__file__).parents[2] / "examples"
DEFINITIONS = (
    "full/clusterstoragecontainer/serving.kserve.io_clusterstoragecontainers.yaml",
    "full/serving.kserve.io_inferenceservices.yaml",
    # Without descriptions, which are half of it.
    "minimal/llmisvc/serving.kserve.io_llminferenceservices.yaml",
)


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    """A cluster of its own: other tests bring smaller definitions of the same kinds."""
    if shutil.which("go") is None:
        pytest.skip("this needs Go in PATH")
    module = gobuild.module_folder(gomodule.kserve(), gomodule.KSERVE_MODULE)
    files = {path.name for path in (module / "install" / gomodule.kserve_version()).iterdir()}
    assert files >= {"kserve.yaml", "kserve-cluster-resources.yaml"}
    with controlplane.start() as started:
        install_crds(started)
        for file in DEFINITIONS:
            install_crds(started, module / "config" / "crd" / file)
        yield started


@pytest.mark.parametrize(
    "source",
    [("-f", "kserve"), ("-k", "serving/by-address"), ("-k", "serving/by-alias")],
    ids=lambda source: source[1],
)
def test_an_example_fits(plane: ControlPlane, source: tuple[str, str]) -> None:
    option, name = source
    applied = plane.run_kubectl("apply", "--dry-run=server", "--validate=strict", option, EXAMPLES / name)
    assert "(server dry run)" in applied.stdout
    assert applied.stderr == ""


def test_the_servers_of_the_kind_cluster_fit_and_one_line_promotes_them(plane: ControlPlane, tmp_path: Path) -> None:
    folder = serving.write_servers(tmp_path / "serving")
    assert plane.run_kubectl("apply", "--dry-run=server", "--validate=strict", "-k", folder).stderr == ""
    assert _server(plane, folder) == ("Standard", "model-registry://churn/2026-03?namespace=kubeflow")
    serving.promote(folder)
    assert _server(plane, folder) == ("Standard", "model-registry://churn/2026-04?namespace=kubeflow")


def _server(plane: ControlPlane, folder: Path) -> tuple[str, str]:
    built = list(yaml.safe_load_all(plane.run_kubectl("kustomize", str(folder)).stdout))
    (server,) = [one for one in built if one["kind"] == "InferenceService"]
    mode = server["metadata"]["annotations"]["serving.kserve.io/deploymentMode"]
    return mode, server["spec"]["predictor"]["model"]["storageUri"]
