"""The user's own cluster, played by a cluster that this session started."""

from pathlib import Path

import pytest

from devcluster import binaries, existing
from devcluster.controlplane import ControlPlane
from devcluster.existing import ExistingClusterError


@pytest.fixture(autouse=True)
def switched_on(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(existing.SWITCH, "true")
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.setenv(binaries.ASSETS, str(control_plane.kubectl.parent))


def test_named_cluster_is_used(control_plane: ControlPlane) -> None:
    found = existing.from_environment()

    assert found is not None
    assert (found.url, found.kubeconfig, found.kubectl) == (
        control_plane.url,
        control_plane.kubeconfig,
        control_plane.kubectl,
    )
    assert not found.disposable
    assert "Active" in found.run_kubectl("get", "namespace", "default").stdout


@pytest.mark.parametrize("value", ["", "false", "0", None])
def test_kubeconfig_alone_names_no_cluster_to_test_on(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """KUBECONFIG often names a cluster that people work with."""
    if value is None:
        monkeypatch.delenv(existing.SWITCH)
    else:
        monkeypatch.setenv(existing.SWITCH, value)

    assert existing.from_environment() is None


@pytest.mark.parametrize("value", ["", "/absent/config"])
def test_missing_kubeconfig_is_an_error(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", value)

    with pytest.raises(ExistingClusterError, match="set it to the one kubeconfig file of the cluster to use"):
        existing.from_environment()


def test_missing_kubectl_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(binaries.ASSETS, str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ExistingClusterError, match="no kubectl in KUBEBUILDER_ASSETS or PATH"):
        existing.from_environment()


def test_cluster_that_does_not_answer_is_an_error(
    control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "config"
    gone.write_text(control_plane.kubeconfig.read_text().replace(control_plane.url, "https://127.0.0.1:9"))
    monkeypatch.setenv("KUBECONFIG", str(gone))

    with pytest.raises(ExistingClusterError, match=r"KUBECONFIG=\S+ does not answer: .*refused"):
        existing.from_environment()
