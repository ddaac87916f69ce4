"""A reader who does what a page says: one terminal for commands, others for what keeps running, and Python.

The reader has the repository's files, kubectl, Python with the project installed, and a cluster of their own. Nothing
of it is shared: the names in the docs are fixed. Addresses of the docs become those of the machine, and back in what
is printed.
"""

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devcluster.controlplane import ControlPlane
from devcluster.ports import free_port
from devcluster.processes import Child, Children
from tests.docs import older
from tests.docs.pages import REPOSITORY, Block, blocks_of, is_status
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.env.registry import wait_until_ready
from tests.support.resources import manifest

DOCUMENTED_PORT = 8080
"""Where the docs have the registry."""
DOCUMENTED_SECOND_PORT = 8081
"""Where they have another one."""
DOCUMENTED_SERVICE = "model-registry-service.kubeflow:8080"
"""Where they have it inside a cluster."""
DOCUMENTED_LOG = "kubectl logs --namespace model-registrar deployment/model-registrar"
"""How they read the operator's log; the reader has no nodes, so it is a file."""
COMMAND_LIMIT = 120.0
"""Seconds that a command may take; each that waits has its own limit."""
START_LIMIT = 60.0
"""Seconds until what keeps running says that it runs."""
FOLLOWS_LIMIT = 10.0
"""Seconds until an Event follows the status that a page has waited for."""

PATCH_ARGOCD = (
    "kubectl patch configmap argocd-cm --namespace argocd --type merge --patch-file integrations/argocd/argocd-cm.yaml"
)
LINK_FROM_ARGOCD = PATCH_ARGOCD.replace("argocd-cm.yaml", "links-kubeflow.yaml")
NOT_RUN = {
    PATCH_ARGOCD: "needs Argo CD: tests/argocd/conftest.py runs it",
    LINK_FROM_ARGOCD: "needs Argo CD: tests/argocd/test_links.py runs it",
    "make setup": "would make another .venv; every target is checked to exist",
    "make demo": "tests/devcluster/test_demo.py runs it",
    "make check": "runs beside the tests in .ci/run",
    "make test": "is what runs now",
    "make bench-client": "tests/benchmarks run it with smaller numbers",
    'make bench-client ARGS="--rounds 2 --calls 20"': "the same",
    "make bench-operator": "the same",
    'make bench-operator ARGS="--size 300 --rival-seconds 30"': "the same",
    "make bench-registries": "the same",
    'make bench-registries ARGS="--registries 4 --silent 1 --size 51"': "the same",
    ".venv/bin/python -m benchmarks.operator.curves benchmarks/results/operator-*.json": "the same",
    "make release VERSION=0.1.0 DRY_RUN=1": "tests/release run it on a clone",
    "make release VERSION=0.1.0": "the same",
    "git push origin v0.1.0": "publishes the release",
    "make image TAG=registry.example.com/model-registrar:0.1.0": "needs a container engine; tests/chart runs it there",
    'make image TAG=registry.example.com/model-registrar-cli:0.1.0 ARGS="-- --build-arg=EXTRA=cluster"': "the same",
    "docker push registry.example.com/model-registrar:0.1.0": "needs a registry for images",
    "kubectl rollout status --namespace model-registrar deployment/model-registrar": "needs nodes",
    "python3 -m venv build/quickstart": "the reader has an environment with the project installed",
    ". build/quickstart/bin/activate": "the same",
    "pip install '.[operator,local]'": "needs a package registry; the extras are checked to exist",
    "pip install '.[local]'": "the same",
    "pip install '.[cluster]'": "the same",
    "pip install .": "the same",
    "helm uninstall model-registrar --namespace model-registrar": "tests/chart uninstalls the chart",
    (
        "helm install model-registrar charts/model-registrar --namespace model-registrar --create-namespace "
        "--set registry.url=http://model-registry-service.kubeflow:8080"
    ): "tests/chart installs the chart",
    (
        "kubeconform -schema-location default "
        "-schema-location 'schemas/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json' models/"
    ): "needs kubeconform, and a network for its default schemas: tests/chart/test_editor_schema.py runs it",
    (
        "helm upgrade model-registrar charts/model-registrar --namespace model-registrar --reset-then-reuse-values "
        "    --set connections.enabled=true --set 'connections.serviceAccounts={registry-main}' "
        "    --set 'connections.configMaps={openshift-service-ca.crt}'"
    ): "tests/chart/test_connection_rights.py installs the chart with such values",
    (
        "helm upgrade model-registrar charts/model-registrar --namespace model-registrar --reset-then-reuse-values "
        "    --set connections.enabled=true --set-string 'podLabels.sidecar\\.istio\\.io/inject=true' "
        "    --set-string 'podAnnotations.traffic\\.sidecar\\.istio\\.io/excludeOutboundPorts=443\\,6443'"
    ): "needs a mesh; tests/chart/test_chart.py renders labels and annotations of the pod",
    "kubectl wait --for=condition=Ready --timeout=60s clusterregistry/main": "needs Open Data Hub",
    "kubectl wait --for=condition=Ready --timeout=60s clusterregistry/ml-research": "needs Kubeflow and its mesh",
    "kubectl port-forward --namespace kubeflow service/model-registry-service 8080:8080": "needs Kubeflow",
}
"""Commands that are shown and cannot be run, each with the reason. Every other one is run."""

NEVER_RUN = ("docker ", "git clone ", "git fetch ", "git pull ", "git push ", "helm ", "make ", "pip ")
"""Commands of these programs reach beyond the machine, start the tests or need Helm: they have to be listed."""

_KEPT_RUNNING = {
    "registrar run ": "entries of this installation",
    "python -m local_registry ": "local_registry listening on",
    "python -u -m http.server ": "Serving HTTP on",
    "kubectl registrar status --all-namespaces --not-ready --watch ": "resources are not ready",
}
"""Commands that do not end, with what they say when they run."""


_FOLLOWS = "kubectl events "
_FILE_NAME = re.compile(r"(?:#|<!--) ([-\w]+\.[a-z]+)(?: -->)?$", re.MULTILINE)
"""The first line of a block that is a file."""


class UntrueError(AssertionError):
    """A page says something else than what happens."""


@dataclass
class Session:
    """One reader of one page.

    Attributes:
        plane: the reader's cluster.
        children: what keeps running.
        folder: the working folder, which looks like the repository.
        port: where the reader's registry listens.
        second_port: where another one would listen.
        names: what Python knows.
        programs: folders of Helm, where the reader has it.
    """

    plane: ControlPlane
    children: Children
    folder: Path
    port: int = field(default_factory=free_port)
    second_port: int = field(default_factory=free_port)
    names: dict[str, Any] = field(default_factory=dict)
    programs: tuple[Path, ...] = ()
    _running: dict[str, Child] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("crds", "examples", "charts"):
            shutil.copytree(REPOSITORY / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))

    @property
    def registry_url(self) -> str:
        """Root address of the reader's registry."""
        return f"http://localhost:{self.port}"

    def start_everything(self, models: Iterable[str]) -> None:
        """What a page takes for granted that begins with a running operator, and with models of these names."""
        install_crds(self.plane, OTHERS_CRDS)
        self.start_registry()
        for command in (
            "kubectl apply --server-side -f crds/",
            "kubectl wait --for=condition=Established --timeout=60s -f crds/",
            "registrar run --registry-url http://localhost:8080",
        ):
            self._run(command)
        for name in models:
            text = json.dumps(manifest("RegisteredModel", name))
            self.plane.run_kubectl("apply", "-f", "-", stdin=text)
            self.plane.run_kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"rmodel/{name}")

    def start_registry(self) -> None:
        """The registry that a page takes for granted."""
        self._run("python -m local_registry --port 8080 --database registry.db")

    async def follow(self, page: Path) -> list[Block]:
        """Do what a page says, from top to bottom, and return the statuses that it shows.

        Raises:
            UntrueError: Something else happens than the page shows.
        """
        statuses: list[Block] = []
        for block in blocks_of(page):
            match block.language:
                case "console" | "sh":
                    self.run_commands(block)
                case "python" if _FILE_NAME.match(block.text) is None:
                    await self.run_python(block)
                case "yaml" if is_status(block):
                    statuses.append(block)
                case "yaml" | "bash" | "markdown" | "python":
                    self.write(block)
        return statuses

    def write(self, block: Block) -> None:
        """Keep a block whose first line is a comment with a file's name.

        Raises:
            UntrueError: A script or a text has no file's name; without one, nothing would check it.
        """
        named = _FILE_NAME.match(block.text)
        if named is not None:
            (self.folder / named[1]).write_text(self._to_machine(block.text))
        elif block.language != "yaml":
            raise UntrueError(f"{block.place}: begin the block with a comment that names a file")

    async def run_python(self, block: Block) -> None:
        """Run a Python block after those before it."""
        source = "\n" * (block.line - 1) + self._to_machine(block.text)
        code = compile(source, str(block.page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, self.names)  # noqa: S307 - our own page
        if inspect.isawaitable(result):
            await result

    def run_commands(self, block: Block, after_each: Callable[[], None] | None = None) -> None:
        """Run each command of a ``console`` block and compare what it prints with what is shown.

        Args:
            block: The block.
            after_each: What the world does after a command.

        Raises:
            UntrueError: a command failed, or printed something else.
        """
        for command, shown in commands_of(block):
            may_run = bool(self.programs) and command.startswith("helm ")
            if command in NOT_RUN and not may_run:
                self._stop_what_it_ends(command)
                continue
            if command.startswith(NEVER_RUN) and not may_run:
                raise UntrueError(
                    f"{block.place}: {command!r} must not run in a test; list it in NOT_RUN, with a reason"
                )
            if older.lacks(self.plane, command):
                continue
            expected = older.comparable(self.plane, shown)
            try:
                printed = self._run(command)
                if command.startswith(_FOLLOWS):
                    printed = self._run_until_it_fits(command, expected, printed)
            except (subprocess.SubprocessError, TimeoutError) as error:
                detail = getattr(error, "stdout", None) or error
                raise UntrueError(f"{block.place}: {command!r} failed: {detail}") from error
            if expected and not fits(expected, printed):
                raise UntrueError(f"{block.place}: {command!r} printed\n{printed}\ninstead of\n{expected}")
            if after_each is not None:
                after_each()

    def _run_until_it_fits(self, command: str, shown: str, printed: str) -> str:
        deadline = time.monotonic() + FOLLOWS_LIMIT
        while not fits(shown, printed) and time.monotonic() < deadline:
            time.sleep(0.2)
            printed = self._run(command)
        return printed

    def _run(self, command: str) -> str:
        words = self._to_machine(command)
        for start, sign in _KEPT_RUNNING.items():
            if command.startswith(start):
                self._keep_running(words, sign)
                return ""
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", words],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_LIMIT,
            check=True,
        )
        return older.comparable(self.plane, self._to_page(result.stdout))

    def _keep_running(self, command: str, sign: str) -> None:
        words = ["bash", "-c", f"exec {command}"]
        name = command.split(maxsplit=1)[0]
        if command.startswith("registrar run ") and name in self._running:  # with other settings
            self.children.end(self._running.pop(name))
        if name in self._running:  # a second server
            name = f"{name}-{len(self._running)}"
        child = self.children.start(name, words, environment=self._environment(), directory=self.folder)
        self._running[name] = child
        child.wait_until(lambda: sign in child.output(), timeout=START_LIMIT)
        if port := re.search(r"local_registry .*--port (\d+)", command):
            wait_until_ready(f"http://localhost:{port[1]}")

    def _stop_what_it_ends(self, command: str) -> None:
        """The chart is not installed here, but uninstalling it also ends the operator."""
        if command.startswith("helm uninstall ") and "registrar" in self._running:
            self.children.end(self._running.pop("registrar"))

    def _environment(self) -> dict[str, str]:
        """Nothing of this machine's user, and a prompt where ``python``, ``registrar`` and ``kubectl`` work."""
        folders = [Path(sys.executable).parent, self.plane.kubectl.parent, *self.programs, os.environ["PATH"]]
        return {
            "HOME": str(self.folder),
            "KUBECACHEDIR": str(self.folder / ".kube"),
            "KUBECONFIG": str(self.plane.kubeconfig),
            "PATH": os.pathsep.join(map(str, folders)),
            "PYTHONPATH": str(REPOSITORY / "operator"),
            "NO_PROXY": "*",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{
                f"GIT_{who}_{what}": "reader@example.com"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
            "LC_ALL": "C.UTF-8",
        }

    def _to_machine(self, text: str) -> str:
        text = text.replace(DOCUMENTED_LOG, f"cat {self.children.folder / 'registrar.log'}")
        text = text.replace(DOCUMENTED_SERVICE, f"localhost:{self.port}")
        for documented, port in self._ports():
            text = re.sub(rf"(localhost:|--port |http\.server ){documented}\b", rf"\g<1>{port}", text)
        return text

    def _to_page(self, text: str) -> str:
        for documented, port in self._ports():
            text = text.replace(f"localhost:{port}", f"localhost:{documented}")
        return text

    def _ports(self) -> tuple[tuple[int, int], ...]:
        return (DOCUMENTED_PORT, self.port), (DOCUMENTED_SECOND_PORT, self.second_port)


def commands_of(block: Block) -> list[tuple[str, str]]:
    """The commands of a ``console`` block (behind ``$ ``) or ``sh`` block (every line), and what is shown after each.

    Raises:
        ValueError: a ``console`` block begins with something else than a command.
    """
    found: list[tuple[str, str]] = []
    for line in block.text.replace("\\\n", "").splitlines():
        if block.language == "sh" or line.startswith("$ "):
            found.append((line.removeprefix("$ ").strip(), ""))
        elif not found:
            raise ValueError(f"{block.place}: output without a command; write '$ ' before the command")
        else:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
    return [(command, shown) for command, shown in found if command and not command.startswith("#")]


def fits(shown: str, printed: str) -> bool:
    """Whether a text fits what is shown: numbers, times and widths of columns may differ, a line ``…`` is any lines."""
    parts = [re.escape(_without_numbers(line)) for line in shown.strip().splitlines()]
    pattern = "\n".join(".*" if part == "…" else part for part in parts)
    return re.fullmatch(pattern, _without_numbers(printed.strip()), re.DOTALL) is not None


def _without_numbers(text: str) -> str:
    text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
    text = re.sub(r"\b\d+(\.\d+)?(ms|s|m)?(?=\s|$)", "<number>", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]+", " ", text)
