"""ClusterRegistry: the connection to a registry, and who may use it. Administrators of the cluster write it."""

import re
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StrictBool, StrictInt, ValidationError

from registrar.api.conditions import Condition
from registrar.api.meta import Column, Frozen, Resource
from registrar.api.rules import ListMap, Rule
from registrar.api.tenants import Tenants
from registrar.api.v1alpha1.registry_marks import AcceptedReplacement
from registrar.api.v1alpha1.registry_trust import RegistryTrust
from registrar.api.v1alpha1.texts import DNSLabel, KeyName, SecretName, ServiceAccountName

MAX_URL_LENGTH = 2048
_URL = r"^https?://[^\s/?#@]+(/[^\s?#]*)?$"


class RegistryAPIVersion(StrEnum):
    """API versions of a registry."""

    V1ALPHA3 = "v1alpha3"
    V1 = "v1"


class ServiceScheme(StrEnum):
    """How a Service is spoken to."""

    HTTP = "http"
    HTTPS = "https"


class ServiceRef(Frozen):
    """A registry behind a Service of this cluster. The operator computes its address and does not read the Service."""

    namespace: DNSLabel
    """Namespace of the Service."""
    name: DNSLabel
    """Name of the Service."""
    port: Annotated[StrictInt, Field(ge=1, le=65535)]
    """Port of the Service."""
    scheme: ServiceScheme | None = None
    """http or https. If unset, http."""

    @property
    def url(self) -> str:
        """The root URL of the registry."""
        return f"{self.scheme or ServiceScheme.HTTP}://{self.name}.{self.namespace}.svc:{self.port}"


class SecretKeyRef(Frozen):
    """A key of a Secret in the operator's namespace."""

    name: SecretName
    """Name of the Secret, which is in the operator's namespace. The operator must be allowed to get it by this name."""
    key: KeyName = "token"
    """Key of the Secret. If unset, token."""


class ServiceAccountToken(Frozen):
    """A token that the API server issues for a ServiceAccount in the operator's namespace, but the operator's own."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="!has(self.audience) || !has(self.apiServerAudience) || !self.apiServerAudience",
            message="set audience or apiServerAudience, but not both: with apiServerAudience, the token has the API "
            "server's audiences and no other",
            holds=lambda token: token.audience is None or not token.api_server_audience,
        ),
    )

    service_account_name: ServiceAccountName
    """Name of the ServiceAccount, which is in the operator's namespace. The operator must be allowed to create tokens
    for it by this name. It cannot be the operator's own."""
    audience: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """Audience of the token: whom the registry, or the proxy in front of it, takes itself for. If unset,
    model-registrar.dev/ and the name of the ClusterRegistry."""
    expiration_seconds: Annotated[StrictInt, Field(ge=600, le=86_400)] | None = None
    """Lifetime of a token in seconds. If unset, 3600. The operator gets another one after 80 % of it."""
    api_server_audience: StrictBool | None = None
    """Whether the token is one that the API server accepts too, as kube-rbac-proxy in front of Open Data Hub's registry
    needs it. The registry can then use the cluster with the rights of the ServiceAccount, so give it no other rights.
    If unset, such a token is not sent."""


class RegistryAuth(Frozen):
    """What proves to the registry who asks."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.tokenSecretKeyRef) != has(self.serviceAccountToken)",
            message="set exactly one of tokenSecretKeyRef and serviceAccountToken",
            holds=lambda auth: (auth.token_secret_key_ref is None) != (auth.service_account_token is None),
        ),
    )

    token_secret_key_ref: SecretKeyRef | None = None
    """Where the bearer token is. The operator reads it again every minute, and when the registry refuses it."""
    service_account_token: ServiceAccountToken | None = None
    """The ServiceAccount whose token is sent. The API server issues it for this registry, and nobody stores it."""


class RegistryLimits(Frozen):
    """Limits for the requests to the registry."""

    requests_in_flight: Annotated[StrictInt, Field(ge=1, le=64)] | None = None
    """Maximum number of concurrent requests. If unset, 16."""
    requests_per_second: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    """Maximum number of requests per second. If unset, there is no limit."""


class ClusterRegistrySpec(Frozen):
    """How to reach the registry, and who may use it."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            cel="has(self.url) != has(self.serviceRef)",
            message="set exactly one of url and serviceRef",
            holds=lambda spec: (spec.url is None) != (spec.service_ref is None),
        ),
    )

    url: (
        Annotated[
            str,
            Field(min_length=1, max_length=MAX_URL_LENGTH),
            Rule(
                cel=f"self.matches(r'{_URL}')",
                message="must be the root URL of a registry, such as https://registry.example:8443, without a user "
                "name, query or fragment",
                holds=lambda url: re.fullmatch(_URL, url) is not None,
            ),
        ]
        | None
    ) = None
    """Root URL of the registry, such as https://registry.example:8443. A path prefix is kept."""
    service_ref: ServiceRef | None = None
    """The Service of the registry in this cluster, instead of url."""
    api_version: RegistryAPIVersion | None = None
    """API version of the registry. If unset, the operator detects it."""
    auth: RegistryAuth | None = None
    """What proves to the registry who asks. If unset, the operator sends no token."""
    ca: RegistryTrust | None = None
    """Which certificates of the registry are trusted. If unset, those of the authorities that the operator's system
    knows."""
    limits: RegistryLimits | None = None
    """Limits for the requests to the registry."""
    is_default: StrictBool | None = None
    """Whether the registry is meant where a resource of an admitted namespace names none. A resource that has an ID
    stays with its registry, whatever the default is."""
    serves_kserve: Annotated[StrictBool | None, Field(alias="servesKServe")] = None
    """Whether KServe's storage initializer asks this registry. It asks one, and only versions in that one have
    status.storageUri. Set it on ClusterRegistries of one root URL only."""
    tenants: Tenants
    """Which namespaces may use the registry, and for which models. The first item that names or selects a namespace
    applies to it. A namespace that none admits may not use the registry, so an empty list admits nobody."""

    @property
    def root_url(self) -> str:
        """The root URL of the registry, however it is given."""
        return self.url or (self.service_ref.url if self.service_ref else "")


class ClusterRegistryStatus(Frozen):
    """Observed state of the connection."""

    observed_generation: Annotated[int, Field(ge=-1)] = -1
    """The metadata.generation that the operator last processed; -1 if it has not processed any."""
    url: Annotated[str, Field(max_length=MAX_URL_LENGTH)] | None = None
    """Root URL of the registry, from spec.url or spec.serviceRef."""
    resources: Annotated[int | None, Field(ge=0)] = None
    """Number of resources that use the registry."""
    accepted_replacement: AcceptedReplacement | None = None
    """The annotation model-registrar.dev/accept-replaced as far as it was handled."""
    conditions: Annotated[tuple[Condition, ...], Field(max_length=16), ListMap("type")] | None = None
    """Conditions of the connection. Ready is always present; Reconciling and Stalled are present only while they are
    True, and so is InUse, which names the resources that a deletion waits for."""


def status_in(raw: object) -> ClusterRegistryStatus:
    """Return the status that the API server stores; an empty one if a version that this one does not know wrote it."""
    try:
        return ClusterRegistryStatus.model_validate(raw or {})
    except ValidationError:
        return ClusterRegistryStatus()


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
    REGISTRY_REPLACED = "RegistryReplaced"
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
        Column("URL", ".status.url", "Root URL of the registry."),
        Column("Ready", '.status.conditions[?(@.type=="Ready")].status', "Whether the operator reaches the registry."),
        Column("Resources", ".status.resources", "Number of resources that use the registry.", type="integer"),
        Column(
            "Default", ".spec.isDefault", "Whether resources that name no registry use it.", type="boolean", wide=True
        ),
        Column("KServe", ".spec.servesKServe", "Whether KServe asks it.", type="boolean", wide=True),
        Column("Reason", '.status.conditions[?(@.type=="Ready")].reason', "Why it is ready or not.", wide=True),
        Column("Message", '.status.conditions[?(@.type=="Ready")].message', "Explanation of the reason.", wide=True),
        Column("Age", ".metadata.creationTimestamp", "Time since the resource was created.", type="date"),
    )

    spec: ClusterRegistrySpec
    """How to reach the registry, and who may use it."""
    status: ClusterRegistryStatus = ClusterRegistryStatus()
    """Observed state of the connection."""
