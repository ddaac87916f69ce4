"""The user's own cluster, named by the same variable as in controller-runtime's envtest."""

import os
import shutil
import subprocess
from pathlib import Path

from devcluster.controlplane import ControlPlane

SWITCH = "USE_EXISTING_CLUSTER"


class ExistingClusterError(RuntimeError):
    """The environment names a cluster that cannot be used. The message says what to change."""


def from_environment() -> ControlPlane | None:
    """Return the cluster that ``USE_EXISTING_CLUSTER=true`` and ``KUBECONFIG`` name, or None without that switch.

    Raises:
        ExistingClusterError: ``KUBECONFIG`` or kubectl is missing, or the cluster does not answer.
    """
    if os.environ.get(SWITCH, "").lower() not in {"true", "1"}:
        return None
    named = os.environ.get("KUBECONFIG", "")
    if not named or not Path(named).is_file():
        raise ExistingClusterError(
            f"{SWITCH} is set, but KUBECONFIG is {named!r}: set it to the one kubeconfig file of the cluster to use."
        )
    kubectl = shutil.which("kubectl", path=os.pathsep.join(_search_path()))
    if kubectl is None:
        raise ExistingClusterError(f"{SWITCH} is set, but there is no kubectl in KUBEBUILDER_ASSETS or PATH.")
    return ControlPlane(url=_address(kubectl, named), kubeconfig=Path(named), kubectl=Path(kubectl), disposable=False)


def _search_path() -> list[str]:
    return [folder for folder in (os.environ.get("KUBEBUILDER_ASSETS"), os.environ.get("PATH")) if folder]


def _address(kubectl: str, kubeconfig: str) -> str:
    """Return the API server's address of the current context, once it has answered."""
    base = [kubectl, f"--kubeconfig={kubeconfig}", "--request-timeout=10s"]
    for arguments in (["get", "--raw=/readyz"], ["config", "view", "--minify", "-o", "jsonpath={..server}"]):
        result = subprocess.run([*base, *arguments], capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ExistingClusterError(
                f"The cluster of KUBECONFIG={kubeconfig} does not answer: {result.stderr.strip()}"
            )
    return result.stdout
