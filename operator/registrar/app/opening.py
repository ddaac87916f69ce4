"""Opens the clients of the registries that an operator serves."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus

from model_registry.exceptions import ConnectionFailed
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryLimits, RegistryReason
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.app.connection import Served
from registrar.cluster.api import KubernetesError, ResourceGoneError
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.cluster_registries import certificates_in
from registrar.fencing import Leadership, WriteFence
from registrar.planning.resolution import name_of
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.connection import Token, connect
from registrar.registries.registry import Registry
from registrar.registries.secret_token import CredentialsProblem, SecretToken, SecretValues
from registrar.registries.token import token_of
from registrar.settings import RegistrySettings, ServedRegistrySettings, Settings, StartError
from registrar.telemetry.metrics import Metrics
from registrar.telemetry.registries import RegistryMetrics


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens clients, which open no connection before their first call.

    Attributes:
        settings: the process settings.
        kube: the API server, whose own token no registry must get.
        leadership: lets writes begin.
        metrics: measures each registry.
        namespace: where the Secrets of ClusterRegistries are; empty without any.
    """

    settings: Settings
    kube: KubernetesAPI
    leadership: Leadership
    metrics: Metrics
    namespace: str = ""

    async def by_settings(self, name: str, reached: ServedRegistrySettings, stack: AsyncExitStack) -> Served:
        """Return a registry of the settings, whose client the stack closes.

        Args:
            name: the registry's name in the operator.
            reached: how to reach it.
            stack: what closes the client.

        Raises:
            StartError: the token must not be sent.
        """
        try:
            token = token_of(reached, self.kube.own_token)
        except ConnectionFailed as error:
            raise StartError(f"{error}.") from error
        monitor = self.metrics.of_registry(name)
        backend = await self._connect(reached, token, monitor, stack)
        registry = Registry(backend, reached.registry_url, self.settings.owner_id, name, reached.tenants)
        return Served(registry, monitor)

    async def by_spec(
        self, cluster_registry: str, spec: ClusterRegistrySpec, stack: AsyncExitStack
    ) -> tuple[Served, SecretToken | None]:
        """Return the registry of a ClusterRegistry, whose client the stack closes, and its token.

        Args:
            cluster_registry: the name of the ClusterRegistry.
            spec: its spec.
            stack: what closes the client.
        """
        name, auth, limits = name_of(cluster_registry), spec.auth, spec.limits or RegistryLimits()
        token = None
        if auth is not None:
            token = SecretToken(auth.token_secret_key_ref, self._read_secret, self.kube.own_token)
        reached = RegistrySettings(
            registry_url=spec.url,
            registry_api_version=None if spec.api_version is None else spec.api_version.value,
            registry_requests_in_flight=limits.requests_in_flight or DEFAULT_IN_FLIGHT,
            registry_requests_per_second=limits.requests_per_second,
        )
        monitor = self.metrics.of_registry(name)
        authorities = None if spec.ca is None else certificates_in(spec.ca.bundle)
        backend = await self._connect(reached, token, monitor, stack, authorities)
        ref = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name=cluster_registry)
        registry = Registry(backend, reached.registry_url, self.settings.owner_id, name, spec.tenants, ref)
        return Served(registry, monitor, None if token is None else token.renew, is_required=False), token

    async def _connect(
        self,
        reached: RegistrySettings,
        token: Token | None,
        monitor: RegistryMetrics,
        stack: AsyncExitStack,
        authorities: str | None = None,
    ) -> KubeflowBackend:
        fence = WriteFence(self.leadership, monitor.requests)
        # The queue retries, with back-off and by the stamps; an outage is reported at once.
        client = connect(
            reached,
            fence,
            token=token,
            retries=0,
            write_timeout=self.settings.write_timeout,
            authorities=authorities,
        )
        return KubeflowBackend(await stack.enter_async_context(client))

    async def _read_secret(self, name: str) -> SecretValues:
        where = f"the Secret {name!r} in the namespace {self.namespace!r}"
        try:
            return await self.kube.get_secret(self.namespace, name)
        except ResourceGoneError:
            return CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, f"There is no {where[4:]}. Create it.")
        except KubernetesError as error:
            if error.status != HTTPStatus.FORBIDDEN:
                return None
            message = (
                f"The operator may not read {where}. Add its name to connections.secrets of the chart, or bind the "
                f"operator's account to a Role: kubectl create role registrar-{name} --namespace={self.namespace} "
                f"--verb=get --resource=secrets --resource-name={name}"
            )
            return CredentialsProblem(RegistryReason.CREDENTIALS_FORBIDDEN, message)


DEFAULT_IN_FLIGHT: int = RegistrySettings.model_fields["registry_requests_in_flight"].default
