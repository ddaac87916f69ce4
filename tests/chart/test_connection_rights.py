"""With connections, the operator uses each right to ClusterRegistries and to what these name, and no other."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from registrar.api.meta import API_VERSION
from tests.chart.audit import ALL, AuditLog, Right, granted
from tests.chart.installed import NAME, RELEASE, Site, site
from tests.chart.pod import Pod
from tests.client.certificates import CertificateAuthority
from tests.support.resources import Manifest, Namespace, has_reason, manifest
from tests.support.waiting import wait_until

SECRET, CONFIG_MAP, ACCOUNT = "production-registry", "authorities", "for-registry"
CREDENTIALS = {
    Right(RELEASE, "", "secrets", "get"),
    Right(RELEASE, "", "configmaps", "get"),
    Right(RELEASE, "", "serviceaccounts/token", "create"),
}

EVENTS = {Right("default", "", "events", verb) for verb in ("create", "patch")}
"""Where the API server takes Events about objects without a namespace."""

NAMESPACES = {Right(ALL, "", "namespaces", verb) for verb in ("list", "watch")}


def _secret(name: str) -> dict[str, Any]:
    return {"tokenSecretKeyRef": {"name": name}}


def _account(name: str) -> dict[str, Any]:
    return {"serviceAccountToken": {"serviceAccountName": name}}


UNNAMED = {
    "unnamed-secret": ({"auth": _secret("other")}, "--verb=get --resource=secrets"),
    "unnamed-configmap": ({"ca": {"configMapKeyRef": {"name": "other"}}}, "--verb=get --resource=configmaps"),
    "unnamed-account": ({"auth": _account("other")}, "--verb=create --resource=serviceaccounts/token"),
}
"""ClusterRegistries that name what the values do not, and the right that each needs."""


@dataclass(frozen=True)
class Installation:
    """A chart with connections that watches one namespace, a pod of it, and what the operator's account asks."""

    site: Site
    log: AuditLog
    space: Namespace
    pod: Pod

    def apply(self, resource: Manifest) -> None:
        self.site.plane.run_kubectl("apply", "-f", "-", stdin=json.dumps(resource))

    def connect(self, name: str, **more: Any) -> None:
        spec = {"url": self.site.registry_url, "tenants": [{"namespaces": ["*"]}], **more}
        metadata = {"name": name}
        self.apply({"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": metadata, "spec": spec})

    def make(self, name: str) -> None:
        """Make a Secret with a token, a ConfigMap and a Secret with authorities, and a ServiceAccount of this name."""
        metadata = {"name": name, "namespace": RELEASE}
        data = {"token": "opaque", "ca.crt": CertificateAuthority(name).pem}
        self.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})
        self.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        self.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})

    def wait(self, name: str, reason: str) -> Manifest:
        """Wait until a ClusterRegistry is ready or not for that reason; returns its condition."""
        wait_until(lambda: self.ready(name).get("reason") == reason, f"{name} is not {reason}")
        return self.ready(name)

    def ready(self, name: str) -> Manifest:
        text = self.site.plane.run_kubectl("get", "clusterregistry", name, "--output=json").stdout
        conditions = json.loads(text)["status"].get("conditions", [{}])
        return dict(conditions[0])


@pytest.fixture
def installation(tools: dict[str, Path], tmp_path: Path) -> Iterator[Installation]:
    audit_log = tmp_path / "audit.log"
    with site(tools, tmp_path, audit_log=audit_log) as found:
        space = found.space("team-a")
        named = {"secrets": [SECRET], "configMaps": [CONFIG_MAP], "serviceAccounts": [ACCOUNT]}
        connections = {"enabled": True, "namespaceSelectors": True, **named}
        values = found.values(registry={}, connections=connections, watchNamespaces=[space.name])
        found.install(values)
        pod = found.pod("connected")
        yield Installation(found, AuditLog(audit_log, f"{RELEASE}:{NAME}"), space, pod)
        pod.process.stop()
        print(pod.process.log)  # noqa: T201 - pytest shows it where the test failed


def test_it_uses_every_right_to_connections_and_no_other(installation: Installation) -> None:
    kubectl = installation.site.plane.run_kubectl
    for name in (SECRET, CONFIG_MAP, ACCOUNT, "other"):
        installation.make(name)
    installation.connect("production", auth=_secret(SECRET))
    installation.connect("issued", auth=_account(ACCOUNT), ca={"configMapKeyRef": {"name": CONFIG_MAP}})
    installation.pod.start()
    installation.space.apply(
        manifest("RegisteredModel", "fraud", registryRef={"kind": "ClusterRegistry", "name": "production"})
    )
    installation.space.ready("RegisteredModel", "fraud")
    for name in ("production", "issued"):
        installation.wait(name, "Connected")
    # It has the same Event twice, which is counted.
    for bundle, reason in (({"bundle": "-----BEGIN CERTIFICATE-----"}, "InvalidSpec"), (None, "Connected")):
        installation.connect("issued", auth=_account(ACCOUNT), ca=bundle or {"configMapKeyRef": {"name": CONFIG_MAP}})
        installation.wait("issued", reason)
    held = ("get", "clusterregistry", "production", "--output=jsonpath={.metadata.finalizers}")
    wait_until(lambda: "in-use" in kubectl(*held).stdout, "its users do not hold it")
    kubectl("delete", "clusterregistry", "production", "--wait=false")
    installation.space.delete("RegisteredModel", "fraud")
    installation.space.wait_gone("RegisteredModel", "fraud")
    kubectl("wait", "--for=delete", "clusterregistry/production", "--timeout=60s")
    expected = {
        *(Right(ALL, "model-registrar.dev", "clusterregistries", verb) for verb in ("list", "watch", "patch")),
        Right(ALL, "model-registrar.dev", "clusterregistries/status", "patch"),
        *NAMESPACES,
        *EVENTS,
        *CREDENTIALS,
    }
    assert installation.log.refused() == set()
    assert {right for right in granted(installation.site.plane, f"{RELEASE}:{NAME}") if _is_new(right)} == expected
    assert {right for right in installation.log.used() if _is_new(right)} == expected
    # What the values do not name is refused, and the condition has the commands that grant it.
    for name, (more, right) in UNNAMED.items():
        installation.connect(name, **more)
        message = installation.wait(name, "CredentialsForbidden")["message"]
        commands = message.partition("run: ")[2].split(" && ")
        assert f"{right} --resource-name=other" in commands[0]
        for command in commands:
            kubectl(*command.split()[1:])
        installation.wait(name, "Connected")
    installation.space.apply(manifest("RegisteredModel", "churn"))
    installation.space.wait("RegisteredModel", "churn", has_reason("WaitingForRegistry"))


def _is_new(right: Right) -> bool:
    return right in CREDENTIALS or right in EVENTS | NAMESPACES or right.resource.split("/")[0] == "clusterregistries"
