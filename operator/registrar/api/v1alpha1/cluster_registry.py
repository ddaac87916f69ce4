"""ClusterRegistry: the connection to a registry, and who may use it. Administrators of the cluster write it."""

import re
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from registrar.api.conditions import Condition
from registrar.api.meta import RESERVED_PREFIX, Column, Frozen, Resource
from registrar.api.rules import ListMap, Rule
from registrar.api.tenants import Tenants
from registrar.api.v1alpha1.texts import SecretName

ABANDON_ANNOTATION = f"{RESERVED_PREFIX}abandon"
"""On a ClusterRegistry that is being deleted: with the value true, its deletion does not wait for its resources."""
IN_USE_FINALIZER = f"{RESERVED_PREFIX}in-use"
"""Holds a ClusterRegistry while resources use it."""

_URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"
_KEY_NAME = r"^[-._a-zA-Z0-9]+$"


class RegistryAPIVersion(StrEnum):
    """API versions of a registry."""

    V1ALPHA3 = "v1alpha3"
    V1 = "v1"


class SecretKeyRef(Frozen):
    """A key of a Secret in the operator's namespace."""

    name: SecretName
    """Name of the Secret, which is in the operator's namespace. The operator must be allowed to get it by this name."""
    key: Annotated[
        str,
        Field(min_length=1, max_length=253),
        Rule(
            cel=f"self.matches('{_KEY_NAME}')",
            message="must be a key of a Secret: letters, digits, '-', '_' and '.'",
            holds=lambda key: re.fullmatch(_KEY_NAME, key) is not None,
        ),
    ] = "token"
    """Key of the Secret. If unset, token."""


class RegistryAuth(Frozen):
    """What proves to the registry who asks."""

    token_secret_key_ref: SecretKeyRef
    """Where the bearer token is. The operator reads it again every minute, and when the registry refuses it."""


class RegistryTrust(Frozen):
    """Which certificates of the registry are trusted."""

    bundle: Annotated[
        str,
        Field(min_length=1, max_length=262_144),
        Rule(
            cel=f"self.contains('{_CERTIFICATE}')",
            message="must be certificates in PEM format",
            holds=lambda text: _CERTIFICATE in text,
        ),
    ]
    """Certificate authorities in PEM format. No others are trusted."""


class RegistryLimits(Frozen):
    """Limits for the requests to the registry."""

    requests_in_flight: Annotated[int, Field(ge=1, le=64)] | None = None
    """Maximum number of concurrent requests. If unset, 16."""
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Maximum number of requests per second. If unset, there is no limit."""


class ClusterRegistrySpec(Frozen):
    """How to reach the registry, and who may use it."""

    url: Annotated[
        str,
        Field(min_length=1, max_length=2048),
        Rule(
            cel=f"self.matches(r'{_URL}')",
            message="must be the root URL of a registry, such as https://registry.example:8443, without a user name, "
            "query or fragment",
            holds=lambda url: re.fullmatch(_URL, url) is not None,
        ),
    ]
    """Root URL of the registry, such as https://registry.example:8443. A path prefix is kept."""
    api_version: RegistryAPIVersion | None = None
    """API version of the registry. If unset, the operator detects it."""
    auth: RegistryAuth | None = None
    """What proves to the registry who asks. If unset, the operator sends no token."""
    ca: RegistryTrust | None = None
    """Which certificates of the registry are trusted. If unset, those of the authorities that the operator's system
    knows."""
    limits: RegistryLimits | None = None
    """Limits for the requests to the registry."""
    is_default: bool | None = None
    """Whether the registry is meant where a resource of an admitted namespace names none. A resource that has an ID
    stays with its registry, whatever the default is."""
    tenants: Tenants
    """Which namespaces may use the registry, and for which models. The first item that names a namespace applies to it.
    A namespace that none names may not use the registry, so an empty list admits nobody."""


class ClusterRegistryStatus(Frozen):
    """Observed state of the connection."""

    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that the operator last processed; -1 if it has not processed any."""
    resources: Annotated[int | None, Field(ge=0)] = None
    """Number of resources that use the registry."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), ListMap("type")] | None = None
    """Conditions of the connection. Ready is always present; Reconciling and Stalled are present only while they are
    True, and so is InUse, which names the resources that a deletion waits for."""


class RegistryReason(StrEnum):
    """Why a condition of a ClusterRegistry is what it is."""

    CONNECTED = "Connected"
    NOT_TRIED = "NotTried"
    UNREACHABLE = "Unreachable"
    UNAUTHORIZED = "Unauthorized"
    NOT_A_REGISTRY = "NotARegistry"
    CERTIFICATE_NOT_TRUSTED = "CertificateNotTrusted"
    CREDENTIALS_MISSING = "CredentialsMissing"
    CREDENTIALS_FORBIDDEN = "CredentialsForbidden"
    CREDENTIALS_REFUSED = "CredentialsRefused"
    INVALID_SPEC = "InvalidSpec"
    IN_USE = "InUse"


class RegistryConditionType(StrEnum):
    """The conditions of a ClusterRegistry."""

    READY = "Ready"
    RECONCILING = "Reconciling"
    STALLED = "Stalled"
    IN_USE = "InUse"


class ClusterRegistry(Resource[ClusterRegistrySpec, ClusterRegistryStatus]):
    """ClusterRegistry connects a model registry for the namespaces of its tenants. It needs --connections."""

    KIND: ClassVar[str] = "ClusterRegistry"
    PLURAL: ClassVar[str] = "clusterregistries"
    SINGULAR: ClassVar[str] = "clusterregistry"
    SHORT_NAME: ClassVar[str] = "cmreg"
    SCOPE: ClassVar[str] = "Cluster"
    # kubectl get model-registry would fail for everybody who may only read in a namespace.
    CATEGORIES: ClassVar[tuple[str, ...]] = ()
    SELECTABLE_FIELDS: ClassVar[tuple[str, ...]] = ()
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("URL", ".spec.url", "Root URL of the registry."),
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether the operator reaches the registry."),
        Column("Resources", ".status.resources", "Number of resources that use the registry.", type="integer"),
        Column(
            "Default", ".spec.isDefault", "Whether resources that name no registry use it.", type="boolean", wide=True
        ),
        Column("Reason", '.status.conditions[?(@.type=="Ready")].reason', "Why it is ready or not.", wide=True),
        Column("Message", '.status.conditions[?(@.type=="Ready")].message', "Explanation of the reason.", wide=True),
        Column("Age", ".metadata.creationTimestamp", "Time since the resource was created.", type="date"),
    )

    spec: ClusterRegistrySpec
    """How to reach the registry, and who may use it."""
    status: ClusterRegistryStatus = ClusterRegistryStatus()
    """Observed state of the connection."""
