"""An operator that serves what ClusterRegistries connect, with two registries behind proxies."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx
import kubernetes
import pytest

from local_registry.store import Store
from registrar.api.meta import API_VERSION, GROUP, VERSION
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from tests.env.registry import serve
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.operator_process import OperatorProcess
from tests.support.probes import Probes, probes_of
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, condition
from tests.support.rest import Rest

Check = Callable[[Manifest], bool]


def connected(found: Manifest) -> bool:
    ready = condition(found, "Ready")
    return ready.get("reason") == "Connected" and ready["observedGeneration"] == found["metadata"]["generation"]


def because(reason: str) -> Check:
    """Check that a ClusterRegistry with its present spec is not Ready for that reason."""

    def check(found: Manifest) -> bool:
        ready = condition(found, "Ready")
        is_current = ready.get("observedGeneration") == found["metadata"]["generation"]
        return is_current and (ready["status"], ready["reason"]) == ("False", reason)

    return check


def ref(name: str) -> dict[str, str]:
    return {"kind": "ClusterRegistry", "name": name}


@dataclass
class Site:
    """Two registries, two namespaces, and an operator that no flag connects to a registry.

    Attributes:
        spaces: the namespaces that the operator watches; Secrets are in the first.
        rests: what the registries have.
        proxies: in front of the registries.
        operator: the operator, not started yet.
        arguments: what it is started with.
        folder: for files.
    """

    spaces: tuple[Namespace, Namespace]
    rests: tuple[Rest, Rest]
    proxies: tuple[FaultProxy, FaultProxy]
    operator: OperatorProcess
    arguments: list[str]
    folder: Path
    names: set[str] = field(default_factory=set)

    @property
    def probes(self) -> Probes:
        return probes_of(self.operator)

    def name(self, name: str) -> str:
        """The name of a ClusterRegistry: no test shares one with another."""
        return f"{self.spaces[0].name}-{name}"

    def start(self) -> None:
        """Start the operator, and wait until it watches."""
        # One that takes part in an election may say so before it is elected.
        text = ": watching"
        times = self.operator.log.count(text) if self.operator.has_started else 0
        self.operator.start()
        self.operator.wait_for_log(text, times=times + 1)

    def connect(self, name: str, number: int, *namespaces: str, **more: Any) -> str:
        """Apply a ClusterRegistry for a registry that admits namespaces, both by default; returns its name."""
        admitted = list(namespaces or (space.name for space in self.spaces))
        spec = {"url": self.proxies[number].url, "tenants": [{"namespaces": admitted}], **more}
        if "serviceRef" in spec:
            del spec["url"]
        full = self.name(name)
        self.names.add(full)
        self.apply({"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": {"name": full}, "spec": spec})
        return full

    def apply(self, manifest: Manifest) -> None:
        self.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.spaces[0].cluster.run_kubectl(*arguments, stdin=stdin).stdout

    def secret(self, name: str, token: str) -> None:
        """Apply a Secret with a token, in the namespace of the operator."""
        metadata = {"name": name, "namespace": self.spaces[0].name}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"token": token}})

    def get(self, name: str) -> Manifest:
        """Return a ClusterRegistry; empty if it does not exist."""
        try:
            found = self.spaces[0].api.get_cluster_custom_object(GROUP, VERSION, ClusterRegistry.PLURAL, name)
        except kubernetes.client.ApiException as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return {}
            raise
        return cast("Manifest", found)

    def wait(self, name: str, until: Check) -> Manifest:
        """Wait until a ClusterRegistry passes the check; returns it, empty once it is gone."""
        deadline = time.monotonic() + WAIT_LIMIT
        while not until(found := self.get(name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} did not reach the awaited state: {json.dumps(found, indent=1)}")
            time.sleep(0.1)
        return found

    def events(self, name: str, reason: str) -> list[Manifest]:
        """Wait until a ClusterRegistry has an Event with this reason; returns all about it, oldest first."""
        space = self.spaces[0]
        return Namespace(space.cluster, "default", space.api).events_until(name, reason)

    def clean_up(self) -> None:
        """Leave no ClusterRegistry to the operators of other tests."""
        for name in sorted(self.names):
            if self.get(name):
                self.kubectl(
                    "patch", "clusterregistry", name, "--type=merge", '--patch={"metadata":{"finalizers":null}}'
                )
                self.kubectl("delete", "clusterregistry", name)


@pytest.fixture
def site(own_space: Namespace, other_space: Namespace, tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        http = stack.enter_context(httpx.Client(trust_env=False))
        urls = [stack.enter_context(serve(Store(":memory:"))) for _ in range(2)]
        first, second = (Rest(url, http) for url in urls)
        proxies = stack.enter_context(proxy_to(urls[0])), stack.enter_context(proxy_to(urls[1]))
        arguments = [
            "--connections",
            f"--connections-namespace={own_space.name}",
            f"--kubeconfig={own_space.cluster.kubeconfig}",
            f"--owner-id=tests/{own_space.name}",
            "--handover-grace=0",
            "--feed-interval=0.3",
            "--probe-port=0",
            *(f"--namespace={space.name}" for space in (own_space, other_space)),
        ]
        operator = OperatorProcess(arguments, tmp_path / "operator.log")
        made = Site((own_space, other_space), (first, second), proxies, operator, arguments, tmp_path)
        yield made
        made.operator.stop()
        made.clean_up()
        if made.operator.has_started:
            print(made.operator.log)  # noqa: T201 - pytest shows it where the test failed
