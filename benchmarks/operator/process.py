"""Starts and stops the operators' processes."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

import psutil

from benchmarks.operator import rival
from benchmarks.operator.result import Operator
from devcluster.processes import Child, ChildError, Children

COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Has Python keep compiled modules, which an image has too: a start would compile all of them otherwise."""


@dataclass
class Process:
    """An operator that can start and stop repeatedly.

    Attributes:
        children: The set that starts it.
        command: Program and arguments.
        environment: Additional variables.
    """

    children: Children
    command: Sequence[str | PathLike[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    _child: Child | None = None

    def start(self) -> None:
        """Start it and return at once."""
        self._child = self.children.start("operator", self.command, environment=self.environment)

    def end(self) -> None:
        """End it as Kubernetes does: SIGTERM, then SIGKILL."""
        self.children.end(self._started())

    def cpu_seconds(self) -> float:
        """Return the CPU time that it has used since its start.

        Raises:
            ChildError: It has ended.
        """
        times = self._seen().cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Return its resident memory, in bytes.

        Raises:
            ChildError: It has ended.
        """
        return int(self._seen().memory_info().rss)

    def require(self) -> Child:
        """Return it, if it runs.

        Raises:
            ChildError: It has ended. The message has the end of its log.
        """
        child = self._started()
        if child.returncode is not None:
            raise ChildError(f"The operator ended with status {child.returncode}. {child.tail()}")
        return child

    def _seen(self) -> psutil.Process:
        return psutil.Process(self.require().pid)

    def _started(self) -> Child:
        if self._child is None:
            raise RuntimeError("The operator was never started: call start() first.")
        return self._child


def prepare(operator: Operator, children: Children, kubeconfig: Path, registry_url: str, owner: str) -> Process:
    """Return an operator that does not run yet.

    Args:
        operator: Which one; the textbook operator's environment is created if it is missing.
        children: The set that will start it.
        kubeconfig: Kubeconfig of the cluster.
        registry_url: Root address of the registry.
        owner: The installation's owner ID in the registry.

    Raises:
        InstallError: The textbook operator's environment could not be created.
    """
    if operator is Operator.OURS:
        flags = [f"--kubeconfig={kubeconfig}", f"--registry-url={registry_url}", f"--owner-id={owner}"]
        return Process(children, [sys.executable, "-m", "registrar", "run", *flags], COMPILED)
    # With another folder on the path, PyPI's environment would find our package of the same name.
    environment = {**COMPILED, "PYTHONPATH": "", "KUBECONFIG": str(kubeconfig), "MODEL_REGISTRY_URL": registry_url}
    kopf = ["-m", "kopf", "run", "--quiet", "--standalone", "--all-namespaces"]
    return Process(children, [rival.ENVIRONMENT.ensure(), *kopf, rival.PROGRAM], environment)
