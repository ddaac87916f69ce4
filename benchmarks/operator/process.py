"""The processes of the operators, seen from the benchmark."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import psutil

from benchmarks.operator import rival
from benchmarks.operator.result import Operator
from devcluster.processes import Child, ChildError, Children


@dataclass
class Process:
    """An operator that can be started and ended again and again.

    Attributes:
        children: Whose child it is.
        command: Program and arguments.
        environment: Variables that it gets besides.
    """

    children: Children
    command: Sequence[str | PathLike[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    _child: Child | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        self._child = self.children.start("operator", self.command, environment=self.environment)

    def end(self) -> None:
        """End it as Kubernetes does."""
        self.children.end(self._started())

    def cpu_seconds(self) -> float:
        """CPU time that it has used since its start.

        Raises as `require`.
        """
        times = self._seen().cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Bytes of memory that it holds. Raises as `require`."""
        return int(self._seen().memory_info().rss)

    def require(self) -> Child:
        """Return it, if it runs.

        Raises:
            ChildError: It has ended; with the end of its log.
        """
        child = self._started()
        if child.returncode is not None:
            raise ChildError(f"The operator ended with status {child.returncode}. {child.tail()}")
        return child

    def _seen(self) -> psutil.Process:
        return psutil.Process(self.require().pid)

    def _started(self) -> Child:
        if self._child is None:
            raise RuntimeError("it was never started: call start() first")
        return self._child


def prepare(operator: Operator, children: Children, kubeconfig: Path, registry_url: str, owner: str) -> Process:
    """An operator that is not running yet.

    Args:
        operator: Which one; the textbook's environment is made if need be.
        children: Whose child it will be.
        kubeconfig: Of the cluster.
        registry_url: Root address of the registry.
        owner: Name of the installation in the registry.

    Raises:
        InstallError: The textbook's environment could not be made.
    """
    if operator is Operator.OURS:
        flags = [f"--kubeconfig={kubeconfig}", f"--registry-url={registry_url}", f"--owner-id={owner}"]
        return Process(children, [sys.executable, "-m", "registrar", "run", *flags])
    # One more folder on the path, and PyPI's environment would find our package of the same name.
    environment = {"PYTHONPATH": "", "KUBECONFIG": str(kubeconfig), "MODEL_REGISTRY_URL": registry_url}
    kopf = ["-m", "kopf", "run", "--quiet", "--standalone", "--all-namespaces"]
    return Process(children, [rival.ENVIRONMENT.ensure(), *kopf, rival.PROGRAM], environment)
