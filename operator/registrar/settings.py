"""The settings of one operator process: each written once, with its description, default and group.

The command line's options, the environment variables and the reference page are made from these fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)

from registrar.api.registry_url import valid_registry_url
from registrar.api.tenants import Tenant, read_tenants
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""What a namespace may be called."""
_OBJECT_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_OWNER_ID = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9./]{0,98}[A-Za-z0-9])?")


FROM_FLAGS = "flags"
"""Name of the registry that the operator's flags configure."""


class StartError(Exception):
    """The operator cannot start; the message says what to change."""


def _group(name: str) -> Any:
    return Field(json_schema_extra={"group": name})


REGISTRY = _group("Registry")
CLUSTER = _group("Cluster")
POLICIES = _group("Policies")
RECONCILING = _group("Reconciling")
ELECTION = _group("Leader election")
OBSERVING = _group("Probes, metrics and log")


class OrphanedEntries(StrEnum):
    """What to do with entries that carry our stamp and whose resource does not exist."""

    REPORT = "Report"
    ARCHIVE = "Archive"


def _existing(value: Path) -> Path:
    if not value.is_file():
        raise ValueError(f"the file {value} does not exist")
    return value


ExistingFile = Annotated[Path, AfterValidator(_existing)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RegistrySettings(_Group):
    """How to reach a registry."""

    registry_url: Annotated[str, AfterValidator(valid_registry_url), REGISTRY]
    """Root URL of the model registry, such as https://registry.example:8443. A path prefix is kept."""
    registry_token: Annotated[SecretStr | None, REGISTRY] = None
    """Bearer token for the registry. Prefer a file, which can be rotated."""
    registry_token_file: Annotated[ExistingFile | None, REGISTRY] = None
    """File with the bearer token. The operator reads it again when it changes."""
    registry_ca_file: Annotated[ExistingFile | None, REGISTRY] = None
    """PEM file with the registry's certificate authorities. Default: those of the system."""
    registry_api_version: Annotated[Literal["v1alpha3", "v1"] | None, REGISTRY] = None
    """API version of the registry. Detected by default."""
    registry_requests_in_flight: Annotated[int, Field(ge=1, le=64), REGISTRY] = 16
    """Maximum number of concurrent requests to the registry."""
    registry_requests_per_second: Annotated[Annotated[float, Field(gt=0)] | None, REGISTRY] = None
    """Maximum number of requests to the registry per second. 0, the default, means no limit."""

    @field_validator("registry_requests_per_second", mode="before")
    @classmethod
    def _no_limit(cls, value: object) -> object:
        return None if value in {0, "0"} else value

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if self.registry_token is not None and self.registry_token_file is not None:
            raise ValueError("give the registry token or the registry token file, not both")
        return self

    @property
    def token(self) -> str | Path | None:
        """The bearer token, or the file that holds it."""
        return self.registry_token_file if self.registry_token is None else self.registry_token.get_secret_value()


class TenancySettings(_Group):
    """Who may use a registry."""

    registry_tenants: Annotated[ExistingFile | None, REGISTRY] = None
    """YAML file with the tenants of the registry: which namespaces may use it, and for which models. By default, every
    namespace may use it for all models."""
    _tenants: Sequence[Tenant] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _read_tenants(self) -> Self:
        if self.registry_tenants is not None:
            try:
                self._tenants = read_tenants(self.registry_tenants.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise ValueError(f"--registry-tenants: {self.registry_tenants}: {error}") from error
        return self

    @property
    def tenants(self) -> Sequence[Tenant] | None:
        """The tenants as the file had them at the start; None lets every namespace use the registry."""
        return self._tenants


class ServedRegistrySettings(TenancySettings, RegistrySettings):
    """How an operator reaches a registry."""

    registry_token_api_audience: Annotated[bool, REGISTRY] = False
    """Accept a registry token that is valid at the API server too. The registry can then use the cluster with its
    rights."""


class OwnerSettings(_Group):
    """Whose entries are ours."""

    owner_id: Annotated[str, REGISTRY] = "model-registrar/model-registrar"
    """This installation's name in the owner stamp of each entry. Clusters that share a registry must each use a
    different one. Do not change it later: the operator would no longer recognise its entries."""

    @field_validator("owner_id")
    @classmethod
    def _check_owner_id(cls, value: str) -> str:
        if not _OWNER_ID.fullmatch(value):
            raise ValueError(
                f"{value!r} is not a valid owner ID; use letters, digits, '-', '.' and '/', at most 100 characters"
            )
        return value


class PolicySettings(_Group):
    """What resources get that state no policy."""

    deletion_policy: Annotated[DeletionPolicy | None, POLICIES] = None
    """Deletion policy for resources that do not set one. By default, the operator archives an entry that it created and
    leaves an adopted entry unchanged."""
    adoption_policy: Annotated[AdoptionPolicy, POLICIES] = AdoptionPolicy.ADOPT
    """Adoption policy for resources that do not set one."""
    drift_policy: Annotated[DriftPolicy, POLICIES] = DriftPolicy.CORRECT
    """Drift policy for resources that do not set one."""


class Settings(PolicySettings, OwnerSettings, ServedRegistrySettings):
    """What flags and environment set for one operator process."""

    registry_url: Annotated[str, AfterValidator(valid_registry_url), REGISTRY] = ""
    """Root URL of the model registry, such as https://registry.example:8443. A path prefix is kept. Required, unless
    --registry-url-file or --connections is given."""
    registry_url_file: Annotated[Path | None, REGISTRY] = None
    """File with the root URL of the model registry, such as a key of a mounted ConfigMap. While the file is missing,
    empty or wrong, the operator waits, and is not ready. After that, it does not read the file again."""
    connections: Annotated[bool, REGISTRY] = False
    """Serve the registries that ClusterRegistries connect, besides the one of --registry-url, which is optional then.
    With both, --registry-tenants is required."""
    connections_namespace: Annotated[str | None, REGISTRY] = None
    """Namespace of the Secrets, ConfigMaps and ServiceAccounts that ClusterRegistries name. Defaults to the pod's
    namespace."""
    connections_namespace_selectors: Annotated[bool, REGISTRY] = False
    """Let ClusterRegistries select namespaces by their labels (namespaceSelector). The operator then lists and watches
    the namespaces of the cluster. Requires --connections."""
    accept_new_registry: Annotated[bool, REGISTRY] = False
    """Recreate missing entries even if more than ten, and more than a fifth of all, are missing in the registry of
    --registry-url. For that of a ClusterRegistry, the annotation model-registrar.dev/accept-replaced does this."""
    namespaces: Annotated[tuple[str, ...], CLUSTER] = ()
    """Namespace to watch. Repeat the option for several, or separate their names with spaces in the variable. Default:
    all namespaces."""
    kubeconfig: Annotated[ExistingFile | None, CLUSTER] = None
    """Kubeconfig file to log in with. Defaults to KUBECONFIG, then ~/.kube/config, then the pod's service account."""
    handover_grace: Annotated[float, Field(ge=0, le=3600), POLICIES] = 5.0
    """Seconds to wait, after a resource is deleted, for another resource that declares the same entry, before the entry
    is archived. Moves and renames need this time."""
    orphaned_entries: Annotated[OrphanedEntries, POLICIES] = OrphanedEntries.REPORT
    """What to do with entries whose resource does not exist: report them, or archive those that the operator created.
    Archive requires an owner ID of your own."""
    workers: Annotated[int, Field(ge=1, le=64), RECONCILING] = 16
    """Number of resources that are reconciled concurrently."""
    feed_interval: Annotated[float, Field(gt=0, le=3600), RECONCILING] = 15.0
    """Seconds between polls of the registry's change feed."""
    resync_interval: Annotated[float, Field(gt=0, le=86400), RECONCILING] = 1800.0
    """Seconds between full resyncs (±10 %)."""
    leader_election: Annotated[bool, ELECTION] = False
    """Elect one of several replicas as the leader. Only the leader writes; the others are on standby."""
    lease_name: Annotated[str, ELECTION] = "model-registrar"
    """Name of the Lease that the replicas compete for."""
    lease_namespace: Annotated[str | None, ELECTION] = None
    """Namespace of the Lease. Defaults to the pod's namespace."""
    lease_duration: Annotated[int, Field(ge=2, le=3600), ELECTION] = 15
    """Seconds after which an unrenewed lease expires. A whole number, because the Lease object stores whole seconds."""
    renew_deadline: Annotated[float, Field(gt=0), ELECTION] = 10.0
    """Seconds after which a leader that could not renew the lease stops writing. Must be shorter than the lease
    duration."""
    retry_period: Annotated[float, Field(gt=0), ELECTION] = 2.0
    """Seconds between attempts to acquire or renew the lease. Must be shorter than the renew deadline."""
    probe_address: Annotated[str, OBSERVING] = "127.0.0.1"
    """Address on which the operator serves /livez, /readyz and /metrics."""
    probe_port: Annotated[Annotated[int, Field(ge=0, le=65535)] | None, OBSERVING] = None
    """Port for the probes and metrics; 0 picks a free port. By default, they are not served."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], OBSERVING] = "info"
    """Minimum log level."""
    log_format: Annotated[Literal["text", "json"], OBSERVING] = "text"
    """Format of the log."""

    @field_validator("namespaces")
    @classmethod
    def _check_namespaces(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for namespace in value:
            if not LABEL.fullmatch(namespace):
                raise ValueError(
                    f"{namespace!r} is not a valid namespace; give full names, without patterns or commas. Repeat "
                    "--namespace, or separate the names with spaces in REGISTRAR_NAMESPACES"
                )
        return tuple(dict.fromkeys(value))

    @field_validator("lease_name")
    @classmethod
    def _check_lease_name(cls, value: str) -> str:
        if not _OBJECT_NAME.fullmatch(value):
            raise ValueError(f"{value!r} is not a valid Lease name; use lower-case letters, digits, '-' and '.'")
        return value

    @field_validator("lease_namespace", "connections_namespace")
    @classmethod
    def _check_lease_namespace(cls, value: str | None) -> str | None:
        if value is not None and not LABEL.fullmatch(value):
            raise ValueError(f"{value!r} is not a valid namespace")
        return value

    @model_validator(mode="after")
    def _check_url(self) -> Settings:
        has_url, has_file = bool(self.registry_url), self.registry_url_file is not None
        if (has_url and has_file) or not (has_url or has_file or self.connections):
            raise ValueError("give one of --registry-url and --registry-url-file, or --connections")
        if self.connections and (has_url or has_file) and self.registry_tenants is None:
            raise ValueError("with --connections, --registry-url needs --registry-tenants")
        if self.connections_namespace_selectors and not self.connections:
            raise ValueError("--connections-namespace-selectors needs --connections")
        return self

    @model_validator(mode="after")
    def _check_orphans(self) -> Settings:
        if self.orphaned_entries is OrphanedEntries.ARCHIVE and "owner_id" not in self.model_fields_set:
            raise ValueError(
                "--orphaned-entries=Archive needs --owner-id: under the default ID, the entries of another "
                "installation that never set one would look orphaned"
            )
        return self

    @model_validator(mode="after")
    def _check_durations(self) -> Settings:
        if not self.retry_period < self.renew_deadline < self.lease_duration:
            raise ValueError(
                f"the lease duration ({self.lease_duration:g} s) must be longer than the renew deadline "
                f"({self.renew_deadline:g} s), and that longer than the retry period ({self.retry_period:g} s)"
            )
        return self

    @property
    def write_timeout(self) -> float | None:
        """Seconds that a write to the registry or the API server may take; None leaves it to the client.

        A write that begins at the renew deadline ends before another replica can lead.
        """
        return self.lease_duration - self.renew_deadline if self.leader_election else None

    def redacted(self) -> str:
        """Return one line with the settings that differ from their defaults, secrets masked: safe to log."""
        changed = self.model_dump(mode="json", exclude_defaults=True)
        return " ".join(f"{name}={value}" for name, value in changed.items())
