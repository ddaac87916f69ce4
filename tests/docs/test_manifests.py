"""Each manifest of the docs, as the API server sees it."""

import pytest
import yaml

from devcluster.controlplane import ControlPlane
from registrar.api.meta import API_VERSION
from tests.docs.pages import ADD_A_KIND, Block, all_blocks, is_kustomization, is_status, is_tenants
from tests.env.control_plane import OTHERS_CRDS, install_crds

MANIFESTS = [
    block
    for block in all_blocks()
    if block.language == "yaml"
    and not (is_status(block) or is_kustomization(block) or is_tenants(block))
    and block.page != ADD_A_KIND
]
OF_KUBERNETES = ("admissionregistration.k8s.io/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "v1")
OF_OTHERS = "security.istio.io/v1"


def test_there_are_manifests() -> None:
    assert MANIFESTS


@pytest.mark.parametrize("block", MANIFESTS, ids=lambda block: block.place)
def test_the_api_server_accepts_it(block: Block, cluster: ControlPlane, namespace: str) -> None:
    documents = [one for one in yaml.safe_load_all(block.text) if one]
    versions = {one["apiVersion"] for one in documents}
    assert versions <= {API_VERSION, *OF_KUBERNETES, OF_OTHERS}
    if OF_OTHERS in versions:
        install_crds(cluster, OTHERS_CRDS)
    arguments = ("--namespace", namespace, "-f", "-")
    # Warnings too: an unknown field is one where validation is not strict.
    result = cluster.run_kubectl("apply", "--dry-run=server", "--validate=strict", *arguments, stdin=block.text)
    assert result.stdout.count("(server dry run)") == len(documents)
    assert result.stderr == ""
