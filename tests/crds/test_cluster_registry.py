"""What the API server accepts and refuses of ClusterRegistries, and of references to them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, cluster_registry, model_artifact, model_version, registered_model, without

Create = Callable[[Manifest], dict[str, Any]]

URL = (
    "must be the root URL of a registry, such as https://registry.example:8443, without a user name, query or fragment"
)
SECRET = "must be the name of a Secret in the operator's namespace"
ONE_ADDRESS = "set exactly one of url and serviceRef"
ONE_TOKEN = "set exactly one of tokenSecretKeyRef and serviceAccountToken"
ONE_CA = "set exactly one of bundle, configMapKeyRef and secretKeyRef"
LABEL = "must be a name of lower-case letters, digits and '-' (RFC 1123)"
ACCOUNT = "must be the name of a ServiceAccount in the operator's namespace"
ONE_TENANT = "set exactly one of namespaces and namespaceSelector"
PEM = "-----BEGIN CERTIFICATE-----\n"
SERVICE = {"namespace": "ml", "name": "registry", "port": 8080}
NAME_PATTERN = (
    "must be the name of a model, in which '*' matches any text. {namespace} may stand in it once, at the start"
)


def _with_token(**reference: Any) -> Manifest:
    return cluster_registry(auth={"tokenSecretKeyRef": {"name": "registry", **reference}})


def _with_account(**token: Any) -> Manifest:
    return cluster_registry(auth={"serviceAccountToken": {"serviceAccountName": "registry", **token}})


def _with_service(**reference: Any) -> Manifest:
    """Return one with the reference to a Service; None leaves a field of it out."""
    service = {name: value for name, value in {**SERVICE, **reference}.items() if value is not None}
    return without(cluster_registry(serviceRef=service), "spec", "url")


def _with_tenant(**tenant: Any) -> Manifest:
    return cluster_registry(tenants=[{"namespaces": ["team"], **tenant}])


def _with_selector(**selector: Any) -> Manifest:
    return cluster_registry(tenants=[{"namespaceSelector": selector}])


REFUSED = {
    "a tenant without namespaces": (cluster_registry(tenants=[{}]), ONE_TENANT),
    "a tenant by name and labels": (_with_tenant(namespaceSelector={"matchLabels": {"a": "b"}}), ONE_TENANT),
    "a selector of everybody": (_with_selector(matchLabels={}), "should have at least 1 properties"),
    "a selector without labels": (_with_selector(), "namespaceSelector.matchLabels: Required value"),
    "a label that no namespace has": (
        _with_selector(matchLabels={"a": "b c"}),
        "must be the value of a label: letters,",
    ),
    "a port in quotes": (_with_service(port="8080"), 'port in body must be of type integer: "string"'),
    "a boolean in quotes": (cluster_registry(isDefault="true"), 'isDefault in body must be of type boolean: "string"'),
    "a limit of a tenant in quotes": (_with_tenant(takeOver="false"), "takeOver in body must be of type boolean"),
    "a namespace in capitals": (
        _with_tenant(namespaces=["Team"]),
        "must be the name of a namespace, in which '*' matches any text: lower-case letters, digits, '-' and '*'",
    ),
    "an owner with braces": (_with_tenant(owner="{team}"), "must be {namespace}, or the name of a person or team"),
    "no tenants": (without(cluster_registry(), "spec", "tenants"), "spec.tenants: Required value"),
    "no address": (without(cluster_registry(), "spec", "url"), ONE_ADDRESS),
    "two addresses": (cluster_registry(serviceRef=SERVICE), ONE_ADDRESS),
    "a Service without a port": (_with_service(port=None), "spec.serviceRef.port: Required value"),
    "a port that is none": (_with_service(port=65536), "should be less than or equal to 65535"),
    "a Service in a path": (_with_service(name="registry/../other"), LABEL),
    "a namespace that is a host": (_with_service(namespace="ml.example.com"), LABEL),
    "a Service by another scheme": (_with_service(scheme="tcp"), 'supported values: "http", "https"'),
    "no spec": (without(cluster_registry(), "spec"), "spec: Required value"),
    "no scheme": (cluster_registry(url="registry:8080"), URL),
    "another scheme": (cluster_registry(url="ftp://registry"), URL),
    "a password": (cluster_registry(url="http://user:password@registry"), URL),
    "a query": (cluster_registry(url="http://registry/?a=b"), URL),
    "a fragment": (cluster_registry(url="http://registry/#a"), URL),
    "a space": (cluster_registry(url="http://registry/a b"), URL),
    "a long URL": (cluster_registry(url=f"http://{'r' * 2048}"), "spec.url: Too long"),
    "an unknown API version": (cluster_registry(apiVersion="v2"), 'supported values: "v1alpha3", "v1"'),
    "auth without a token": (cluster_registry(auth={}), ONE_TOKEN),
    "two tokens": (
        cluster_registry(auth={"tokenSecretKeyRef": {"name": "a"}, "serviceAccountToken": {"serviceAccountName": "a"}}),
        ONE_TOKEN,
    ),
    "a token of no account": (cluster_registry(auth={"serviceAccountToken": {}}), "serviceAccountName: Required"),
    "an account elsewhere": (_with_account(serviceAccountName="team:account"), ACCOUNT),
    "a token for both": (_with_account(audience="ml", apiServerAudience=True), "set audience or apiServerAudience"),
    "a token for nobody": (_with_account(audience=""), "should be at least 1 chars long"),
    "a token of a moment": (_with_account(expirationSeconds=599), "should be greater than or equal to 600"),
    "a token for a week": (_with_account(expirationSeconds=604_800), "should be less than or equal to 86400"),
    "a Secret elsewhere": (_with_token(name="team/registry"), SECRET),
    "a Secret without a name": (cluster_registry(auth={"tokenSecretKeyRef": {}}), "tokenSecretKeyRef.name: Required"),
    "an impossible key": (_with_token(key="a/b"), "must be a key of a Secret or ConfigMap: letters"),
    "authorities that are no PEM": (cluster_registry(ca={"bundle": "text"}), "must be certificates in PEM format"),
    "no authorities": (cluster_registry(ca={}), ONE_CA),
    "two sources of authorities": (
        cluster_registry(ca={"configMapKeyRef": {"name": "ca"}, "secretKeyRef": {"name": "ca"}}),
        ONE_CA,
    ),
    "three sources of authorities": (
        cluster_registry(ca={"bundle": PEM, "configMapKeyRef": {"name": "ca"}, "secretKeyRef": {"name": "ca"}}),
        ONE_CA,
    ),
    "a ConfigMap elsewhere": (cluster_registry(ca={"configMapKeyRef": {"name": "team/ca"}}), "name of a ConfigMap in"),
    "no request at all": (cluster_registry(limits={"requestsInFlight": 0}), "should be greater than or equal to 1"),
    "too many at once": (cluster_registry(limits={"requestsInFlight": 65}), "should be less than or equal to 64"),
    "less than one a second": (
        cluster_registry(limits={"requestsPerSecond": 0}),
        "should be greater than or equal to 1",
    ),
    "a tenant of no namespace": (_with_tenant(namespaces=[]), "should have at least 1 items"),
    "a prefix that another namespace has too": (_with_tenant(modelNames=["{namespace}-*"]), NAME_PATTERN),
    "a namespace after any text": (_with_tenant(modelNames=["*{namespace}.*"]), NAME_PATTERN),
    "an unknown policy": (_with_tenant(adoptionPolicy="Never"), 'supported values: "Adopt", "Fail"'),
    "a reference to another kind": (
        registered_model(registryRef={"kind": "Registry", "name": "r"}),
        'spec.registryRef.kind: Unsupported value: "Registry": supported values: "ClusterRegistry"',
    ),
    "a reference without a kind": (
        registered_model(registryRef={"name": "r"}),
        "spec.registryRef.kind: Required value",
    ),
    "a reference to no name": (
        registered_model(registryRef={"kind": "ClusterRegistry", "name": "A/B"}),
        "must be the metadata.name of a ClusterRegistry",
    ),
}


@pytest.mark.parametrize(("manifest", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_says_what_to_change(refusal: Callable[[Manifest], str], manifest: Manifest, message: str) -> None:
    assert message in refusal(manifest)
    if manifest["kind"] == ClusterRegistry.KIND:
        with pytest.raises(ValidationError):
            ClusterRegistry.model_validate(manifest)


WHOLE = cluster_registry(
    url="https://registry.example:8443/path/",
    apiVersion="v1",
    auth={"tokenSecretKeyRef": {"name": "registry", "key": "a.B_c-1"}},
    ca={"bundle": PEM},
    limits={"requestsInFlight": 64, "requestsPerSecond": 10_000},
    isDefault=True,
    servesKServe=True,
    tenants=[
        {"namespaces": ["team-*"], "modelNames": ["{namespace}.*"], "adoptionPolicy": "Fail", "takeOver": True},
        {"namespaceSelector": {"matchLabels": {"example.com/ml": "true"}}},
    ],
)


ISSUED = without(
    cluster_registry(
        serviceRef={**SERVICE, "scheme": "https"},
        auth={
            "serviceAccountToken": {"serviceAccountName": "a.b-c", "audience": "ml registry", "expirationSeconds": 600}
        },
        ca={"configMapKeyRef": {"name": "openshift-service-ca.crt", "key": "service-ca.crt"}},
    ),
    "spec",
    "url",
)
FOR_THE_API_SERVER = cluster_registry(
    auth={"serviceAccountToken": {"serviceAccountName": "registry", "apiServerAudience": True}},
    ca={"secretKeyRef": {"name": "registry"}},
)
WITH_AUDIENCE = _with_account(audience="ml", apiServerAudience=False)


@pytest.mark.parametrize(
    "manifest",
    [
        cluster_registry(),
        WHOLE,
        cluster_registry(url="http://[::1]:8080"),
        ISSUED,
        FOR_THE_API_SERVER,
        WITH_AUDIENCE,
        _with_service(),
    ],
)
def test_what_the_api_server_accepts_the_operator_reads(kubectl: Kubectl, manifest: Manifest) -> None:
    answer = kubectl("create", "--dry-run=server", "--output=json", "--filename=-", manifest=manifest)
    created = json.loads(answer.stdout)
    assert created["spec"] == manifest["spec"], "no default may be filled in, and nothing be pruned"
    assert created["status"] == {"observedGeneration": -1}
    assert "namespace" not in created["metadata"]
    ClusterRegistry.model_validate(created)


REF = {"registryRef": {"kind": "ClusterRegistry", "name": "first"}}
OTHER = {"registryRef": {"kind": "ClusterRegistry", "name": "second"}}
MESSAGE = "spec.registryRef cannot name another registry once the entry has an ID (status.id)"
each_kind = pytest.mark.parametrize("build", [registered_model, model_version, model_artifact])


def _patch(kubectl: Kubectl, kind: str, patch: dict[str, Any], *more: str) -> tuple[int, str]:
    answer = kubectl("patch", kind, "this", "--type=merge", f"--patch={json.dumps(patch)}", *more, check=False)
    return answer.returncode, answer.stderr


@each_kind
def test_the_registry_cannot_change_once_there_is_an_id(
    kubectl: Kubectl, create: Create, build: Callable[..., Manifest]
) -> None:
    kind = create(build("this", **OTHER))["kind"]
    assert _patch(kubectl, kind, {"spec": REF})[0] == 0
    assert _patch(kubectl, kind, {"status": {"id": "7", **REF}}, "--subresource=status")[0] == 0
    code, message = _patch(kubectl, kind, {"spec": OTHER})
    assert (code, MESSAGE in message) == (1, True)
    # What is pinned may be left out, and be named again.
    assert _patch(kubectl, kind, {"spec": {"registryRef": None}})[0] == 0
    code, message = _patch(kubectl, kind, {"spec": OTHER})
    assert (code, MESSAGE in message) == (1, True)
    assert _patch(kubectl, kind, {"spec": {**REF, "description": "still editable"}})[0] == 0


@each_kind
def test_an_entry_of_the_flags_registry_gets_no_other_one(
    kubectl: Kubectl, create: Create, build: Callable[..., Manifest]
) -> None:
    kind = create(build("this"))["kind"]
    assert _patch(kubectl, kind, {"status": {"id": "7"}}, "--subresource=status")[0] == 0
    code, message = _patch(kubectl, kind, {"spec": REF})
    assert (code, MESSAGE in message) == (1, True)
