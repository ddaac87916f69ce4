"""What proves to a registry who asks, and to the operator who answers, while both are replaced."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registrar.registries.token import account_name
from tests.client.certificates import CertificateAuthority
from tests.controller.registries.conftest import Site, because, connected, ref
from tests.support.accounts import Account, token_kubeconfig
from tests.support.fault_proxy import proxy_to
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, condition, manifest
from tests.support.waiting import wait_until
from tools.generate import rbac

MODEL = "RegisteredModel"
ISSUER = "https://kubernetes.default.svc"
IMPATIENT = Path(__file__).with_name("impatient.py")
OPERATOR = "operator"
"""The account of the operator."""


@pytest.fixture
def restricted(site: Site) -> Iterator[Site]:
    """An operator that logs in as a ServiceAccount, which may do what the chart grants it without a name."""
    space = site.spaces[0]
    rules = rbac.manifests((*rbac.WORK, *rbac.CONNECTIONS))
    role = f"{space.name}-operator"
    metadata = {"name": role}
    site.apply(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": rules}
    )
    site.kubectl("create", "serviceaccount", OPERATOR, f"--namespace={space.name}")
    subject = f"--serviceaccount={space.name}:{OPERATOR}"
    site.kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", subject)
    token = site.kubectl("create", "token", OPERATOR, f"--namespace={space.name}").strip()
    kubeconfig = token_kubeconfig(space.cluster, token, site.folder / "operator.kubeconfig")
    site.arguments[:] = [*(one for one in site.arguments if "kubeconfig" not in one), f"--kubeconfig={kubeconfig}"]
    yield site
    site.kubectl("delete", "clusterrolebinding,clusterrole", role)


def _hurry(site: Site, part: float, seconds: float) -> None:
    """Have tokens replaced after a part of their life, and after so many seconds where they are refused."""
    program = (IMPATIENT, str(part), str(seconds), "run")
    site.operator = OperatorProcess(site.arguments, site.folder / "operator.log", program=program)


def _issued(name: str = "for-registry", **more: Any) -> dict[str, Any]:
    return {"serviceAccountToken": {"serviceAccountName": name, "expirationSeconds": 600, **more}}


def _sent(received: Received) -> str:
    return received.headers.get("authorization", "").removeprefix("Bearer ")


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


def _message(found: Manifest) -> str:
    return str(condition(found, "Ready")["message"])


def _run_commands(site: Site, message: str) -> None:
    """Run the commands of a message as an administrator would who copies them."""
    environment = {**os.environ, "KUBECONFIG": str(site.spaces[0].cluster.kubeconfig)}
    environment["PATH"] = f"{site.spaces[0].cluster.kubectl.parent}:{environment['PATH']}"
    subprocess.run(["bash", "-ec", f"kubectl {message.partition('kubectl ')[2]}"], env=environment, check=True)


def test_a_token_of_an_account_arrives_and_is_replaced_before_its_end(restricted: Site) -> None:
    site, space = restricted, restricted.spaces[0]
    # Of ten minutes, three seconds.
    _hurry(site, 0.005, 30)
    name = site.connect("dev", 0, auth=_issued())
    site.start()
    # A right is missing, and the message has the commands that grant it.
    forbidden = site.wait(name, because("CredentialsForbidden"))
    role = f"kubectl create role registrar-token-for-registry --namespace={space.name} --verb=create"
    assert f"{role} --resource=serviceaccounts/token --resource-name=for-registry && kubectl" in _message(forbidden)
    _run_commands(site, _message(forbidden))
    missing = site.wait(name, because("CredentialsMissing"))
    assert _message(missing) == (
        f"There is no ServiceAccount 'for-registry' in the namespace {space.name!r}. Create it."
    )
    assert site.proxies[0].received == [], "nothing is sent without the token"
    site.kubectl("create", "serviceaccount", "for-registry", f"--namespace={space.name}")
    site.wait(name, connected)
    claims = _claims(_sent(site.proxies[0].received[0]))
    assert claims["aud"] == [f"model-registrar.dev/{name}"]
    assert claims["sub"] == account_name(space.name, "for-registry")
    assert claims["exp"] - claims["iat"] == 600
    # It is replaced again and again, and no resource notices.
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
    before = space.ready(MODEL, "fraud")["status"]
    tokens = {_sent(one) for one in site.proxies[0].received}
    wait_until(lambda: len({_sent(one) for one in site.proxies[0].received}) >= len(tokens) + 2, "it is not replaced")
    assert connected(site.get(name))
    # Without the right, the last one is used as long as it lasts.
    site.kubectl("delete", "rolebinding,role", "registrar-token-for-registry", f"--namespace={space.name}")
    forbidden = site.wait(name, because("CredentialsForbidden"))
    space.apply(manifest(MODEL, "churn", registryRef=ref(name)))
    space.ready(MODEL, "churn")
    _run_commands(site, _message(forbidden))
    site.wait(name, connected)
    assert space.get(MODEL, "fraud")["status"] == before
    sent = {_sent(one) for one in site.proxies[0].received}
    assert not any(token in site.operator.log for token in sent)


def test_a_token_that_is_revoked_is_replaced_after_one_refusal(site: Site) -> None:
    space, refused = site.spaces[0], list[Received]()
    revoked: set[str] = set()

    def check(received: Received) -> Reply | None:
        if _sent(received) not in revoked:
            return None
        refused.append(received)
        return Reply(401, b"{}")

    site.proxies[0].script = check
    _hurry(site, 0.8, 0)
    site.kubectl("create", "serviceaccount", "for-registry", f"--namespace={space.name}")
    name = site.connect("dev", 0, auth=_issued(audience="ml-registry"))
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
    before = space.ready(MODEL, "fraud")["status"]
    assert _claims(_sent(site.proxies[0].received[0]))["aud"] == ["ml-registry"]
    revoked |= {_sent(one) for one in site.proxies[0].received}
    wait_until(lambda: len(refused) > 0, "the former token is not used any more")
    space.apply(manifest(MODEL, "later", registryRef=ref(name)))
    space.ready(MODEL, "later")
    # One as a rule; a busy machine can have sent another before it has read the first answer.
    assert len(refused) in {1, 2}
    assert space.get(MODEL, "fraud")["status"] == before


def test_no_token_is_sent_with_which_the_registry_could_act_as_the_operator(restricted: Site) -> None:
    site, space = restricted, restricted.spaces[0]
    other = Account(space, "for-registry")
    other.allow()
    names = [OPERATOR, "for-registry"]
    rule = {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"], "resourceNames": names}
    Account(space, "tokens").allow(rule)
    site.kubectl(
        "create",
        "rolebinding",
        "of-operator",
        "--role=tokens",
        f"--serviceaccount={space.name}:{OPERATOR}",
        f"--namespace={space.name}",
    )
    own = site.connect("own", 0, auth=_issued(OPERATOR, apiServerAudience=True))
    shared = site.connect("shared", 0, auth=_issued(audience=ISSUER))
    site.start()
    refused = site.wait(own, because("CredentialsRefused"))
    assert f"The ServiceAccount '{OPERATOR}' is the operator's own" in _message(refused)
    refused = site.wait(shared, because("CredentialsRefused"))
    assert "set apiServerAudience: true instead" in _message(refused)
    assert site.proxies[0].received == []
    # A proxy that asks the API server needs such a token, of an account without rights.
    site.connect("shared", 0, auth=_issued(apiServerAudience=True))
    site.wait(shared, connected)
    token = _sent(site.proxies[0].received[-1])
    assert _claims(token)["aud"] == [ISSUER]
    assert _claims(token)["sub"] == account_name(space.name, "for-registry")


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_authorities_are_replaced_together_with_the_certificate(site: Site, tmp_path: Path, kind: str) -> None:
    former, latter, space = CertificateAuthority("former"), CertificateAuthority("latter"), site.spaces[0]
    context = former.server_context(tmp_path)
    # The system would trust the server, which must not matter.
    system = tmp_path / "system.pem"
    system.write_text(former.pem)
    site.operator = OperatorProcess(site.arguments, tmp_path / "operator.log", {"SSL_CERT_FILE": str(system)})
    field, data = ("configMapKeyRef", "data") if kind == "ConfigMap" else ("secretKeyRef", "stringData")

    def publish(text: str) -> None:
        metadata = {"name": "authorities", "namespace": space.name}
        site.apply({"apiVersion": "v1", "kind": kind, "metadata": metadata, data: {"ca.crt": text}})

    with proxy_to(site.proxies[0].url, context=context) as secured:
        name = site.connect("dev", 0, url=secured.url, ca={field: {"name": "authorities"}})
        site.start()
        missing = site.wait(name, because("CredentialsMissing"))
        assert _message(missing).startswith(f"There is no {kind} 'authorities' in the namespace")
        publish("text")
        site.wait(name, lambda found: "contains no certificate authorities" in _message(found))
        assert secured.received == []
        publish(former.pem)
        site.wait(name, connected)
        space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
        before = space.ready(MODEL, "fraud")["status"]
        latter.certify(context, tmp_path)
        secured.close_connections()
        publish(latter.pem)
        space.apply(manifest(MODEL, "churn", registryRef=ref(name)))
        space.ready(MODEL, "churn")
        site.wait(name, connected)
        assert space.get(MODEL, "fraud")["status"] == before
        # Those that are gone are not trusted any more.
        former.certify(context, tmp_path)
        secured.close_connections()
        site.wait(name, because("CertificateNotTrusted"))


def test_a_registry_is_reached_by_its_service(site: Site) -> None:
    # The name of a Service means nothing outside of a cluster: an HTTP proxy knows it.
    environment = {"HTTP_PROXY": site.proxies[0].url, "NO_PROXY": ""}
    site.operator = OperatorProcess(site.arguments, site.folder / "operator.log", environment)
    service = {"namespace": "ml", "name": "registry", "port": 8080}
    name, space = site.connect("dev", 0, serviceRef=service), site.spaces[0]
    site.start()
    space.apply(manifest(MODEL, "fraud", registryRef=ref(name)))
    address = "http://registry.ml.svc:8080"
    assert space.ready(MODEL, "fraud")["status"]["registryUrl"] == address
    assert {received.headers["host"] for received in site.proxies[0].received} == {"registry.ml.svc:8080"}
    found = site.wait(name, connected)
    assert found["status"]["url"] == address
    assert address in site.kubectl("get", "cmreg", name)
    # It is the same registry by another name.
    rival = site.connect("rival", 0, space.name, url="http://registry.ml:8080")
    message = _message(site.wait(name, because("InvalidSpec")))
    assert message.startswith(f"ClusterRegistry {rival} also has the root URL {address}, with other tenants")
    site.connect("rival", 0, url="http://registry.ml:8080")
    site.wait(name, connected)
    # And the address alone, without a change of the registry, changes no entry.
    writes = len(site.proxies[0].writes())
    site.connect("dev", 0, url="http://registry.ml:8080")
    site.wait(name, lambda found: connected(found) and found["status"]["url"] == "http://registry.ml:8080")
    space.ready(MODEL, "fraud")
    assert len(site.proxies[0].writes()) == writes
