"""Opens the clients of the registries that an operator serves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed
from registrar.api.certificates import certificates_in
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec, RegistryAuth, RegistryLimits
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.api.v1alpha1.registry_trust import RegistryTrust
from registrar.app.connection import Served
from registrar.app.credentials import CredentialsReader
from registrar.cluster.client import KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.planning.resolution import name_of
from registrar.registries.account_token import AccountToken
from registrar.registries.authorities import Authorities
from registrar.registries.credentials import Credentials
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.kubeflow.connection import Token, connect
from registrar.registries.registry import Registry
from registrar.registries.secret_token import SecretToken
from registrar.registries.token import token_of
from registrar.settings import RegistrySettings, ServedRegistrySettings, Settings, StartError
from registrar.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens clients, which open no connection before their first call.

    Attributes:
        settings: the process settings.
        kube: the API server, whose own token no registry must get.
        leadership: lets writes begin.
        metrics: measures each registry.
        namespace: where the Secrets, ConfigMaps and ServiceAccounts of ClusterRegistries are; empty without any.
    """

    settings: Settings
    kube: KubernetesAPI
    leadership: Leadership
    metrics: Metrics
    namespace: str = ""

    def by_settings(self, name: str, reached: ServedRegistrySettings, stack: AsyncExitStack) -> Served:
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
        fence = WriteFence(self.leadership, monitor.requests)
        backend = KubeflowBackend(self._client(reached, token, fence))
        stack.push_async_callback(backend.aclose)
        registry = Registry(backend, reached.registry_url, self.settings.owner_id, name, reached.tenants)
        return Served(registry, monitor, fence)

    def by_spec(
        self, cluster_registry: str, spec: ClusterRegistrySpec, stack: AsyncExitStack
    ) -> tuple[Served, Credentials]:
        """Return the registry of a ClusterRegistry, whose client the stack closes, and what is read to reach it.

        Args:
            cluster_registry: the name of the ClusterRegistry.
            spec: its spec.
            stack: what closes the client.
        """
        name, limits, trust = name_of(cluster_registry), spec.limits or RegistryLimits(), spec.ca
        token = None if spec.auth is None else self._token_of(cluster_registry, spec.auth)
        reached = RegistrySettings(
            registry_url=spec.root_url,
            registry_api_version=None if spec.api_version is None else spec.api_version.value,
            registry_requests_in_flight=limits.requests_in_flight or DEFAULT_IN_FLIGHT,
            registry_requests_per_second=limits.requests_per_second,
        )
        monitor = self.metrics.of_registry(name)
        fence = WriteFence(self.leadership, monitor.requests)
        connected = partial(self._client, reached, token, fence)
        # Without the authorities that it names there is no client, because that would trust the system's.
        is_known = trust is None or trust.bundle is not None
        backend = KubeflowBackend(connected(_bundle_of(trust)) if is_known else None)
        stack.push_async_callback(backend.aclose)
        authorities = None if trust is None or is_known else self._authorities_of(trust, connected, backend)
        ref = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name=cluster_registry)
        registry = Registry(backend, reached.registry_url, self.settings.owner_id, name, spec.tenants, ref)
        parts = tuple(part for part in (token, authorities) if part is not None)
        credentials = Credentials(parts, partial(_refuses_token, registry))
        return Served(registry, monitor, fence, credentials.renew, is_required=False), credentials

    def _token_of(self, cluster_registry: str, auth: RegistryAuth) -> SecretToken | AccountToken | None:
        reader, account = self._reader, auth.service_account_token
        if account is not None:
            issue = partial(reader.token, cluster_registry, account)
            return AccountToken(account, self.namespace, issue, self.kube.own_token)
        reference = auth.token_secret_key_ref
        return None if reference is None else SecretToken(reference, reader.secret, self.kube.own_token)

    def _authorities_of(
        self, trust: RegistryTrust, connected: Callable[[str], ModelRegistryAPIClient], backend: KubeflowBackend
    ) -> Authorities | None:
        async def use(bundle: str) -> None:
            await backend.replace(connected(bundle))

        if trust.config_map_key_ref is not None:
            return Authorities(trust.config_map_key_ref, self._reader.config_map, use)
        reference = trust.secret_key_ref
        return None if reference is None else Authorities(reference, self._reader.secret, use)

    @property
    def _reader(self) -> CredentialsReader:
        return CredentialsReader(self.kube, self.namespace)

    def _client(
        self,
        reached: RegistrySettings,
        token: Token | None,
        fence: WriteFence,
        authorities: str | None = None,
    ) -> ModelRegistryAPIClient:
        # The queue retries, with back-off and by the stamps; an outage is reported at once.
        return connect(
            reached,
            fence,
            token=token,
            retries=0,
            write_timeout=self.settings.write_timeout,
            authorities=authorities,
        )


def _bundle_of(trust: RegistryTrust | None) -> str | None:
    return None if trust is None or trust.bundle is None else certificates_in(trust.bundle)


def _refuses_token(registry: Registry) -> bool:
    problem = registry.breaker.problem
    return problem is not None and problem.reason is Reason.UNAUTHORIZED


DEFAULT_IN_FLIGHT: int = RegistrySettings.model_fields["registry_requests_in_flight"].default
