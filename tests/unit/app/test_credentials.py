"""What is read for ClusterRegistries, and what is said where the API server does not let the operator read it."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from registrar.api.v1alpha1.cluster_registry import RegistryReason, ServiceAccountToken
from registrar.app.credentials import CredentialsReader
from registrar.cluster.api import KubernetesError, ResourceGoneError
from registrar.fencing import NotLeadingError
from registrar.registries.account_token import Issued
from registrar.registries.credentials import CredentialsProblem

OWN = base64.urlsafe_b64encode(json.dumps({"sub": "system:serviceaccount:registrar:operator"}).encode()).decode()
REFUSED = KubernetesError(403, "Forbidden", "words of the API server")


class APIServer:
    """Answers every request alike."""

    def __init__(self, answer: Any, own: str | None = f"e30.{OWN}.c2ln") -> None:
        self.answer = answer
        self.own = own
        self.asked: list[tuple[object, ...]] = []

    def own_token(self) -> str | None:
        if self.own == "":
            raise OSError(13, "Permission denied")
        return self.own

    async def get_values(self, *where: str) -> Any:
        return self._answer(*where)

    async def create_token(self, *wanted: object) -> Any:
        return self._answer(*wanted)

    def _answer(self, *asked: object) -> Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def reader(self) -> CredentialsReader:
        return CredentialsReader(self, "registrar")  # type: ignore[arg-type]  # the calls that it makes


async def _ask(kind: str, server: APIServer) -> object:
    reader = server.reader()
    match kind:
        case "Secret":
            return await reader.secret("main")
        case "ConfigMap":
            return await reader.config_map("main")
    return await reader.token("prod", ServiceAccountToken(service_account_name="main"))


each_kind = pytest.mark.parametrize("kind", ["Secret", "ConfigMap", "ServiceAccount"])


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({}, ("registrar", "main", "model-registrar.dev/prod", 3600)),
        ({"audience": "ml", "expirationSeconds": 600}, ("registrar", "main", "ml", 600)),
        ({"apiServerAudience": False}, ("registrar", "main", "model-registrar.dev/prod", 3600)),
        ({"apiServerAudience": True}, ("registrar", "main", None, 3600)),
    ],
    ids=str,
)
async def test_a_token_is_for_the_audience_that_is_meant(wanted: dict[str, Any], asked: tuple[object, ...]) -> None:
    server = APIServer(("token", 600.0))
    reference = ServiceAccountToken.model_validate({"serviceAccountName": "main", **wanted})
    assert await server.reader().token("prod", reference) == Issued("token", 600.0)
    assert server.asked == [asked]


@each_kind
async def test_what_does_not_exist_has_to_be_created(kind: str) -> None:
    found = await _ask(kind, APIServer(ResourceGoneError(404, "NotFound", "words of the API server")))
    message = f"There is no {kind} 'main' in the namespace 'registrar'. Create it."
    assert found == CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, message)


@pytest.mark.parametrize(
    ("kind", "value", "role"),
    [
        ("Secret", "connections.secrets", "registrar-secret-main --namespace=registrar --verb=get --resource=secrets"),
        (
            "ConfigMap",
            "connections.configMaps",
            "registrar-configmap-main --namespace=registrar --verb=get --resource=configmaps",
        ),
        (
            "ServiceAccount",
            "connections.serviceAccounts",
            "registrar-token-main --namespace=registrar --verb=create --resource=serviceaccounts/token",
        ),
    ],
)
async def test_a_missing_right_is_named_with_the_commands_that_grant_it(kind: str, value: str, role: str) -> None:
    found = await _ask(kind, APIServer(REFUSED))
    assert isinstance(found, CredentialsProblem)
    assert found.reason is RegistryReason.CREDENTIALS_FORBIDDEN
    commands = f"kubectl create role {role} --resource-name=main && kubectl create rolebinding "
    assert f"Add its name to {value} of the chart, or run: {commands}" in found.message
    assert found.message.endswith(" --serviceaccount=registrar:operator")
    assert "words" not in found.message


@each_kind
@pytest.mark.parametrize("own", [None, "opaque", ""], ids=["certificate", "opaque", "unreadable"])
async def test_a_right_is_for_a_user_where_the_operator_logs_in_as_no_account(kind: str, own: str | None) -> None:
    found = await _ask(kind, APIServer(REFUSED, own))
    assert isinstance(found, CredentialsProblem)
    assert found.message.endswith(" --user=USER")


@each_kind
@pytest.mark.parametrize(
    "failure",
    [
        KubernetesError(0, "Unreachable", ""),
        KubernetesError(500, "", ""),
        KubernetesError(401, "", ""),
        NotLeadingError(),
    ],
    ids=repr,
)
async def test_an_api_server_that_fails_says_nothing_about_them(kind: str, failure: Exception) -> None:
    assert await _ask(kind, APIServer(failure)) is None
