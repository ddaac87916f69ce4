"""With connections, the operator uses each right to ClusterRegistries and to the Secrets of these, and no other."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from registrar.api.meta import API_VERSION
from tests.chart.audit import ALL, AuditLog, Right, granted
from tests.chart.installed import NAME, RELEASE, Site, site
from tests.chart.pod import Pod
from tests.support.resources import Manifest, Namespace, has_reason, manifest
from tests.support.waiting import wait_until

SECRET = "production-registry"


@dataclass(frozen=True)
class Installation:
    """A chart with connections that watches one namespace, a pod of it, and what the operator's account asks."""

    site: Site
    log: AuditLog
    space: Namespace
    pod: Pod

    def apply(self, resource: Manifest) -> None:
        self.site.plane.run_kubectl("apply", "-f", "-", stdin=json.dumps(resource))

    def connect(self, name: str, secret: str) -> None:
        spec = {
            "url": self.site.registry_url,
            "auth": {"tokenSecretKeyRef": {"name": secret}},
            "tenants": [{"namespaces": ["*"]}],
        }
        metadata = {"name": name}
        self.apply({"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": metadata, "spec": spec})

    def ready(self, name: str) -> Manifest:
        text = self.site.plane.run_kubectl("get", "clusterregistry", name, "--output=json").stdout
        conditions = json.loads(text)["status"].get("conditions", [{}])
        return dict(conditions[0])


@pytest.fixture
def installation(tools: dict[str, Path], tmp_path: Path) -> Iterator[Installation]:
    audit_log = tmp_path / "audit.log"
    with site(tools, tmp_path, audit_log=audit_log) as found:
        space = found.space("team-a")
        connections = {"enabled": True, "secrets": [SECRET]}
        values = found.values(registry={}, connections=connections, watchNamespaces=[space.name])
        found.install(values)
        pod = found.pod("connected")
        yield Installation(found, AuditLog(audit_log, f"{RELEASE}:{NAME}"), space, pod)
        pod.process.stop()
        print(pod.process.log)  # noqa: T201 - pytest shows it where the test failed


def test_it_uses_every_right_to_connections_and_no_other(installation: Installation) -> None:
    kubectl = installation.site.plane.run_kubectl
    for name in (SECRET, "other"):
        data = {"token": base64.b64encode(b"opaque").decode()}
        metadata = {"name": name, "namespace": RELEASE}
        installation.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    installation.connect("production", SECRET)
    installation.pod.start()
    installation.space.apply(
        manifest("RegisteredModel", "fraud", registryRef={"kind": "ClusterRegistry", "name": "production"})
    )
    installation.space.ready("RegisteredModel", "fraud")
    wait_until(lambda: installation.ready("production").get("reason") == "Connected", "it is not connected")
    held = ("get", "clusterregistry", "production", "--output=jsonpath={.metadata.finalizers}")
    wait_until(lambda: "in-use" in kubectl(*held).stdout, "its users do not hold it")
    kubectl("delete", "clusterregistry", "production", "--wait=false")
    installation.space.delete("RegisteredModel", "fraud")
    installation.space.wait_gone("RegisteredModel", "fraud")
    kubectl("wait", "--for=delete", "clusterregistry/production", "--timeout=60s")
    expected = {
        *(Right(ALL, "model-registrar.dev", "clusterregistries", verb) for verb in ("list", "watch", "patch")),
        Right(ALL, "model-registrar.dev", "clusterregistries/status", "patch"),
        Right(RELEASE, "", "secrets", "get"),
    }
    assert installation.log.refused() == set()
    assert {right for right in granted(installation.site.plane, f"{RELEASE}:{NAME}") if _is_new(right)} == expected
    assert {right for right in installation.log.used() if _is_new(right)} == expected
    # A Secret that the values do not name is refused, and the condition says what to do.
    installation.connect("forbidden", "other")
    wait_until(lambda: installation.ready("forbidden").get("reason") == "CredentialsForbidden", "it is not refused")
    role = f"kubectl create role registrar-other --namespace={RELEASE} --verb=get --resource=secrets"
    message = installation.ready("forbidden")["message"]
    assert f"{role} --resource-name=other" in message
    kubectl(*message.partition("kubectl ")[2].split())
    account = f"--serviceaccount={RELEASE}:{NAME}"
    kubectl("create", "rolebinding", "other", "--role=registrar-other", account, f"--namespace={RELEASE}")
    wait_until(lambda: installation.ready("forbidden").get("reason") == "Connected", "the right does not help")
    installation.space.apply(manifest("RegisteredModel", "churn"))
    installation.space.wait("RegisteredModel", "churn", has_reason("WaitingForRegistry"))


def _is_new(right: Right) -> bool:
    return right.resource.split("/")[0] in {"clusterregistries", "secrets"}
