"""Reads what ClusterRegistries need of the operator's namespace: by name, and with a right for each name."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from registrar.api.meta import RESERVED_PREFIX
from registrar.api.v1alpha1.cluster_registry import RegistryReason, ServiceAccountToken
from registrar.cluster.api import KubernetesError, ResourceGoneError
from registrar.cluster.client import KubernetesAPI
from registrar.fencing import NotLeadingError
from registrar.registries.account_token import Issued
from registrar.registries.credentials import CredentialsProblem, Values
from registrar.registries.token import account_of

logger = logging.getLogger(__name__)

DEFAULT_SECONDS = 3600
"""The life of a token, if the spec names none."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of object that the operator uses by its name.

    Attributes:
        name: its name.
        verb: what the operator does with it, as messages say it.
        value: where the chart lists the names that it may use.
        right: verb and resource of the right, as ``kubectl create role`` takes them.
        short: what a Role for it is named after.
    """

    name: str
    verb: str
    value: str
    right: str
    short: str


SECRET = _Kind("Secret", "read", "connections.secrets", "--verb=get --resource=secrets", "secret")
CONFIG_MAP = _Kind("ConfigMap", "read", "connections.configMaps", "--verb=get --resource=configmaps", "configmap")
ACCOUNT = _Kind(
    "ServiceAccount",
    "create tokens for",
    "connections.serviceAccounts",
    "--verb=create --resource=serviceaccounts/token",
    "token",
)


@dataclass(frozen=True, slots=True)
class CredentialsReader:
    """Reads Secrets and ConfigMaps, and has tokens issued.

    Attributes:
        kube: the API server.
        namespace: where it all is.
    """

    kube: KubernetesAPI
    namespace: str

    async def secret(self, name: str) -> Values:
        """Return the values of a Secret, in Base64."""
        return await self._found(SECRET, name, self.kube.get_values(self.namespace, "secrets", name))

    async def config_map(self, name: str) -> Values:
        """Return the values of a ConfigMap."""
        return await self._found(CONFIG_MAP, name, self.kube.get_values(self.namespace, "configmaps", name))

    async def token(self, cluster_registry: str, wanted: ServiceAccountToken) -> Issued | CredentialsProblem | None:
        """Return a new token for the registry of a ClusterRegistry; None if the API server failed."""
        name, audience = wanted.service_account_name, wanted.audience or f"{RESERVED_PREFIX}{cluster_registry}"
        issued = await self._found(
            ACCOUNT,
            name,
            self.kube.create_token(
                self.namespace,
                name,
                None if wanted.api_server_audience else audience,
                wanted.expiration_seconds or DEFAULT_SECONDS,
            ),
        )
        if not isinstance(issued, tuple):
            return issued
        token, seconds = issued
        logger.info("Got a token of the ServiceAccount %s for ClusterRegistry %s", name, cluster_registry)
        return Issued(token, seconds)

    async def _found(self, kind: _Kind, name: str, asked: Awaitable[Found]) -> Found | CredentialsProblem | None:
        where = f"{kind.name} {name!r} in the namespace {self.namespace!r}"
        try:
            return await asked
        except ResourceGoneError:
            return CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, f"There is no {where}. Create it.")
        except NotLeadingError:
            return None
        except KubernetesError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                logger.warning("The API server could not %s the %s; retrying: %s", kind.verb, where, error)
                return None
            message = (
                f"The operator may not {kind.verb} the {where}. Add its name to {kind.value} of the chart, or run: "
                f"{self._grant(kind, name)}"
            )
            return CredentialsProblem(RegistryReason.CREDENTIALS_FORBIDDEN, message)

    def _grant(self, kind: _Kind, name: str) -> str:
        """Return the commands that give the operator the right to one object."""
        role, where = f"registrar-{kind.short}-{name}", f"--namespace={self.namespace}"
        return (
            f"kubectl create role {role} {where} {kind.right} --resource-name={name} && "
            f"kubectl create rolebinding {role} {where} --role={role} {self._subject()}"
        )

    def _subject(self) -> str:
        try:
            own = self.kube.own_token()
        except OSError:
            own = None
        account = None if own is None else account_of(own)
        if account is None:
            # It logs in without a ServiceAccount's token, as people do on their machines.
            return "--user=USER"
        return f"--serviceaccount={account.partition('serviceaccount:')[2]}"
