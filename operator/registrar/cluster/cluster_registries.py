"""The ClusterRegistries of the cluster: reads them, and writes their status and finalizers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from registrar.api.bodies import Body
from registrar.api.certificates import are_certificates
from registrar.api.meta import ObjectMeta
from registrar.api.registry_url import valid_registry_url
from registrar.api.tenants import Tenant, Tenants
from registrar.api.v1alpha1.cluster_registry import (
    ClusterRegistry,
    ClusterRegistrySpec,
    ClusterRegistryStatus,
    ServiceRef,
    status_in,
)
from registrar.api.validation import describe
from registrar.cluster.client import KubernetesAPI, list_pages, list_path

PATH = list_path(ClusterRegistry.PLURAL, None)
_TENANTS: TypeAdapter[tuple[Tenant, ...]] = TypeAdapter(Tenants)


@dataclass(frozen=True, slots=True)
class Declared:
    """A ClusterRegistry, parsed once.

    Attributes:
        metadata: its metadata.
        spec: its spec, or a sentence that says why it is invalid.
        url: its root URL, also where its spec is invalid; empty for none.
        tenants: who may use it, also where its spec is invalid; None if that is not known.
        may_be_default: whether it is a default, also where its spec is invalid.
        serves_kserve: whether KServe is said to ask it, also where its spec is invalid.
        status: its status.
        raw_status: the status as the API server stores it, which a merge patch is computed from.
    """

    metadata: ObjectMeta
    spec: ClusterRegistrySpec | str
    url: str
    tenants: Sequence[Tenant] | None
    may_be_default: bool
    serves_kserve: bool
    status: ClusterRegistryStatus
    raw_status: Mapping[str, Any]


def read(body: Body) -> Declared:
    """Parse a ClusterRegistry.

    What others need to know of it is read of an invalid one too: it must open no way round its tenants.
    """
    raw_spec, raw_status = body.get("spec") or {}, body.get("status") or {}
    return Declared(
        metadata=ObjectMeta.model_validate(body["metadata"]),
        spec=_spec(body),
        url=_root_url(raw_spec),
        tenants=_tenants(raw_spec.get("tenants")),
        may_be_default=bool(raw_spec.get("isDefault")),
        serves_kserve=bool(raw_spec.get("servesKServe")),
        status=status_in(raw_status),
        raw_status=raw_status,
    )


def _spec(body: Body) -> ClusterRegistrySpec | str:
    try:
        spec = ClusterRegistry.model_validate({**body, "kind": ClusterRegistry.KIND}).spec
        valid_registry_url(spec.root_url)
    except ValidationError as error:
        wrong = describe(error, ClusterRegistry)
        return f"{wrong}{'' if wrong.endswith('?') else '.'} Change the spec."
    except ValueError as error:
        # The schema takes an address such as http://registry:99999.
        return f"spec.url: {error}. Change the spec."
    if spec.ca is not None and spec.ca.bundle is not None and not are_certificates(spec.ca.bundle):
        return "spec.ca.bundle contains something that is no certificate in PEM format. Change the spec."
    return spec


def _root_url(raw: Mapping[str, Any]) -> str:
    """Return the address that a spec gives, though it may be invalid; empty where it gives none or two."""
    url, service = raw.get("url"), raw.get("serviceRef")
    if service is None:
        return str(url or "")
    try:
        return ServiceRef.model_validate(service).url if url is None else ""
    except ValidationError:
        return ""


def _tenants(raw: object) -> Sequence[Tenant] | None:
    try:
        return _TENANTS.validate_python(raw)
    except ValidationError:
        return None


async def read_all(kube: KubernetesAPI) -> dict[str, Declared]:
    """Return all ClusterRegistries by name.

    Raises:
        KubernetesError: the API server did not answer.
    """
    bodies = [body async for page in list_pages(kube, PATH) for body in page["items"]]
    return {declared.metadata.name: declared for declared in map(read, bodies)}


async def patch_status(kube: KubernetesAPI, declared: Declared, status: Mapping[str, Any]) -> Declared:
    """Merge a patch into the status of exactly this version of a ClusterRegistry; returns it after that.

    Raises:
        StaleResourceError: it has changed in between.
        ResourceGoneError: it no longer exists.
        KubernetesError: the API server did not accept it.
    """
    metadata = declared.metadata
    patch = {"metadata": {"resourceVersion": metadata.resource_version}, "status": status}
    return read(await kube.patch_unwatched(f"{PATH}/{metadata.name}/status", patch))


async def patch_finalizers(kube: KubernetesAPI, declared: Declared, finalizers: Sequence[str]) -> Declared:
    """Replace the finalizers of exactly this version of a ClusterRegistry. Returns and raises as `patch_status`."""
    metadata = declared.metadata
    patch = {"metadata": {"resourceVersion": metadata.resource_version, "finalizers": list(finalizers)}}
    return read(await kube.patch_unwatched(f"{PATH}/{metadata.name}", patch))
