"""What ``make e2e-kind`` gives to Argo CD is valid for the version that it installs."""

import pytest

from devcluster.controlplane import ControlPlane
from devcluster.kind.__main__ import MANIFESTS


@pytest.mark.usefixtures("argo_cd")
def test_the_api_server_accepts_the_application(cluster: ControlPlane) -> None:
    told = cluster.run_kubectl("apply", "--dry-run=server", "--validate=strict", "-f", MANIFESTS / "application.yaml")

    assert "(server dry run)" in told.stdout
    assert told.stderr == ""
