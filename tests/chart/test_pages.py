"""The pages that need Helm are true: a reader does what they say, and the kubelet's part is played by the tests."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from devcluster import controlplane, gomodule
from devcluster.controlplane import ControlPlane
from devcluster.processes import Children
from tests.chart.helm import Helm, of_kind, the
from tests.chart.installed import site
from tests.chart.pod import Pod
from tests.docs.pages import REPOSITORY, WITH_HELM, Block, blocks_of
from tests.docs.session import Session
from tests.support.resources import manifest

PRODUCTION = REPOSITORY / "examples" / "production" / "values.yaml"
NAME = "model-registrar"


class Kubelet:
    """Runs what the Deployment of the pages says: after each change a new pod, and then the old one's end."""

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self._plane = plane
        self._folder = folder
        self._generation = ""
        self._running: Pod | None = None

    def look(self) -> None:
        """Do what has to be done now."""
        found = self._plane.run_kubectl(
            *(
                "get",
                "deployment",
                NAME,
                "--namespace",
                NAME,
                "--ignore-not-found",
                "-o",
                "jsonpath={.metadata.generation}",
            )
        ).stdout
        if found == self._generation:
            return
        old, self._running = self._running, None
        if found:
            self._running = Pod(self._plane, NAME, NAME, self._folder / f"pod-{found}")
            self._running.start()
        if old is not None:
            old.process.stop()
        self._generation = found

    def end(self) -> None:
        """End the pod that runs."""
        if self._running is not None:
            self._running.process.stop()
            print(self._running.process.log)  # noqa: T201 - pytest shows it where the test failed


@pytest.fixture
def reader(tools: dict[str, Path], tmp_path: Path) -> Iterator[Session]:
    folder = tmp_path / "reader"
    folder.mkdir()
    with controlplane.start() as plane, Children() as children:
        yield Session(plane, children, folder, programs=(tools["helm"].parent,))


@pytest.mark.parametrize("page", [page for page in WITH_HELM if "production" not in str(page)], ids=str)
def test_a_reader_sees_what_the_page_shows(page: Path, reader: Session, tmp_path: Path) -> None:
    reader.start_registry()
    kubelet = Kubelet(reader.plane, tmp_path)
    try:
        for block in blocks_of(page):
            assert block.language in {"console", "sh"}, block.place
            reader.run_commands(_with_this_helm(block), after_each=kubelet.look)
    finally:
        kubelet.end()


def _with_this_helm(block: Block) -> Block:
    """What a reader does with it: docs/install.md says that Helm 3 does not know one flag."""
    text = block.text.replace(" --force-conflicts", "") if gomodule.chosen_helm() == "3" else block.text
    return replace(block, text=text)


def _prometheus_kinds() -> str:
    """Stand-ins for the two definitions of the Prometheus operator; the API server keeps whatever stands in them."""
    return yaml.safe_dump_all(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.lower()}s.monitoring.coreos.com"},
            "spec": {
                "group": "monitoring.coreos.com",
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                ],
            },
        }
        for kind in ("ServiceMonitor", "PrometheusRule")
    )


def test_the_values_for_production_install_and_work(tools: dict[str, Path], tmp_path: Path) -> None:
    with site(tools, tmp_path) as found:
        space = found.space("registrar")
        found.plane.run_kubectl("apply", "-f", "-", stdin=_prometheus_kinds())
        found.plane.run_kubectl("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all")
        authority = yaml.safe_load(found.plane.kubeconfig.read_text())["clusters"][0]["cluster"]
        (tmp_path / "ca-bundle.pem").write_bytes(base64.b64decode(authority["certificate-authority-data"]))
        bundle = ("--from-file", tmp_path / "ca-bundle.pem")
        space.cluster.run_kubectl("create", "configmap", "company-ca", *bundle, "--namespace", space.name)
        notes = found.install(PRODUCTION, "--set", f"registry.url={found.registry_url},fullnameOverride={NAME}")
        assert "NOTE:" not in notes
        pods = [found.pod("one"), found.pod("two")]
        for pod in pods:
            pod.start()
        space.apply(manifest("RegisteredModel", "churn", description="In production."))
        assert space.ready("RegisteredModel", "churn")["status"]["id"]
        leaders = [pod for pod in pods if "registrar_leader_election_master_status 1.0" in pod.metrics()]
        assert len(leaders) == 1
        for pod in pods:
            assert pod.process.stop() == 0


def test_the_values_for_production_switch_on_what_they_speak_of(helm: Helm) -> None:
    manifests = helm.manifests(PRODUCTION)
    for kind in ("PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "PrometheusRule"):
        assert len(of_kind(manifests, kind)) == 1
    assert the(manifests, "Deployment")["spec"]["replicas"] == 2
    (token,) = the(manifests, "Deployment")["spec"]["template"]["spec"]["volumes"][0]["projected"]["sources"]
    assert token["serviceAccountToken"]["audience"] == "model-registry"
