"""The Application of ``make e2e-kind`` is valid for the version of Argo CD that it installs."""

import pytest

from devcluster.controlplane import ControlPlane
from devcluster.kind.__main__ import MANIFESTS


@pytest.mark.usefixtures("argo_cd")
def test_the_api_server_accepts_the_application(cluster: ControlPlane) -> None:
    options = ("--dry-run=server", "--validate=strict")
    applied = cluster.run_kubectl("apply", *options, "-f", MANIFESTS / "application.yaml")

    assert "(server dry run)" in applied.stdout
    assert applied.stderr == ""
