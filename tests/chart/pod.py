"""The kubelet's part: runs the operator of a Deployment as a process, with what its pod would be given.

Arguments, environment, Secrets, ConfigMaps and projected tokens come from the API server, as the chart has them there.
In place of the pod's own token directory the process gets a kubeconfig with a token of the same ServiceAccount; in
place of a network of its own, a free port on loopback.
"""

import base64
import json
import time
from pathlib import Path
from typing import Any

import httpx

from devcluster.controlplane import ControlPlane
from devcluster.ports import free_port
from tests.support.accounts import token_kubeconfig
from tests.support.operator_process import OperatorProcess

READY_LIMIT = 120.0
"""Seconds; two on an idle machine."""


class Pod:
    """One pod of a Deployment.

    Args:
        plane: The cluster.
        namespace: The Deployment's.
        deployment: Its name.
        folder: For the pod's volumes, kubeconfig and log; made if absent.
        python: As for `OperatorProcess`.

    Attributes:
        account: Name of its ServiceAccount.
        address: Host and port of its probes and metrics.
        arguments: What the operator is started with, after ``registrar run``.
        process: The operator.
    """

    def __init__(
        self, plane: ControlPlane, namespace: str, deployment: str, folder: Path, python: Path | None = None
    ) -> None:
        self._plane = plane
        self._namespace = namespace
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._template = self._read("deployment", deployment)["spec"]["template"]["spec"]
        (self._container,) = self._template["containers"]
        self.account: str = self._template["serviceAccountName"]
        mounts = self.mount()
        arguments = self._container["args"]
        if arguments[0] != "run":
            raise ValueError(f"the operator is started with {arguments[0]!r}")
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        environment = {one["name"]: one["value"] for one in self._container.get("env", ())}
        own_network = ("--probe-address=127.0.0.1", f"--probe-port={port}")
        self.arguments = [*(_moved(one, mounts) for one in arguments[1:]), *own_network]
        self.process = OperatorProcess(
            self.arguments,
            folder / "operator.log",
            {**environment, "KUBECONFIG": str(self._kubeconfig())},
            python,
        )

    def start(self) -> None:
        """Start it and wait until its readiness probe succeeds."""
        self.process.start()
        self.wait_until_ready()

    def probe(self, kind: str) -> int:
        """The answer to ``livenessProbe`` or ``readinessProbe``, as the kubelet would ask; 0 for none."""
        path = self._container[kind]["httpGet"]["path"]
        return self._ask(path)[0]

    def why_not_ready(self) -> str:
        """What the readiness probe says."""
        return self._ask(self._container["readinessProbe"]["httpGet"]["path"])[1]

    def metrics(self) -> str:
        """What Prometheus would read."""
        return self._ask("/metrics")[1]

    def _ask(self, path: str) -> tuple[int, str]:
        try:
            answer = httpx.get(f"http://{self.address}{path}", trust_env=False, timeout=5)
        except httpx.TransportError:
            return 0, ""
        return answer.status_code, answer.text

    def wait_until_ready(self) -> None:
        """Wait for the readiness probe.

        Raises:
            TimeoutError: It does not succeed; with what the operator said.
        """
        deadline = time.monotonic() + READY_LIMIT
        while self.probe("readinessProbe") != 200:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the pod did not become ready:\n{self.process.log[-3000:]}")
            time.sleep(0.05)

    def _read(self, kind: str, name: str) -> dict[str, Any]:
        text = self._plane.run_kubectl("get", kind, name, "--namespace", self._namespace, "-o", "json").stdout
        found: dict[str, Any] = json.loads(text)
        return found

    def mount(self) -> dict[str, Path]:
        """Write the files of the volumes, again after a change; gives the folder that represents each mount path."""
        volumes = {one["name"]: one for one in self._template.get("volumes", ())}
        folders = {}
        for mount in self._container.get("volumeMounts", ()):
            # As deep as the path in the pod, which messages may show.
            folder = self._folder / mount["name"] / mount["mountPath"].removeprefix("/")
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in self._files(volumes[mount["name"]]).items():
                (folder / name).write_text(content)
            folders[mount["mountPath"]] = folder
        return folders

    def _files(self, volume: dict[str, Any]) -> dict[str, str]:
        if "secret" in volume:
            data = self._read("secret", volume["secret"]["secretName"])["data"]
            texts = {name: base64.b64decode(content).decode() for name, content in data.items()}
            return _selected(texts, volume["secret"].get("items"))
        if "configMap" in volume:
            source = volume["configMap"]
            data = self._read("configmap", source["name"]).get("data", {})
            items = source.get("items")
            if source.get("optional") and items is not None:
                items = [one for one in items if one["key"] in data]
            return _selected(data, items)
        (source,) = (one["serviceAccountToken"] for one in volume["projected"]["sources"])
        return {source["path"]: self._token(f"--audience={source['audience']}")}

    def _token(self, *options: str) -> str:
        place = ("--namespace", self._namespace)
        return self._plane.run_kubectl("create", "token", self.account, *place, *options).stdout.strip()

    def _kubeconfig(self) -> Path:
        return token_kubeconfig(self._plane, self._token(), self._folder / "kubeconfig")


def _selected(texts: dict[str, str], items: list[dict[str, str]] | None) -> dict[str, str]:
    return texts if items is None else {one["path"]: texts[one["key"]] for one in items}


def _moved(argument: str, mounts: dict[str, Path]) -> str:
    for path, folder in mounts.items():
        argument = argument.replace(f"={path}/", f"={folder}/")
    return argument
