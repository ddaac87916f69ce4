"""From a resource to the entries it stands for. Pure."""

from __future__ import annotations

from model_registry.types import RegistryEntry
from registrar.api import v1alpha1
from registrar.api.bodies import ResourceKey
from registrar.api.v1alpha1.common import ArtifactFields
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.contexts import MODEL_VERSION, REGISTERED_MODEL

AnyResource = v1alpha1.RegisteredModel | v1alpha1.ModelVersion | v1alpha1.ModelArtifact

ENTRY_KINDS: dict[str, EntryKind] = {
    v1alpha1.RegisteredModel.KIND: REGISTERED_MODEL,
    v1alpha1.ModelVersion.KIND: MODEL_VERSION,
    v1alpha1.ModelArtifact.KIND: MODEL_ARTIFACT,
}
"""The entry that each kind of resource stands for."""

ARTIFACT_KINDS: dict[str, EntryKind] = {kind.NAME: kind for kind in (DOC_ARTIFACT, MODEL_ARTIFACT)}
"""By the type that the registry and ``status.artifacts[].type`` give them."""


_RESOURCE_KINDS = {kind.ENTRY: name for name, kind in ENTRY_KINDS.items()}


def desired_entry(resource: AnyResource, parent_id: str) -> Desired:
    """The entry that the resource itself stands for, under the parent that its reference resolved to."""
    kind = ENTRY_KINDS[resource.kind]
    return Desired(
        kind=kind,
        reference=reference_of(resource),
        name=resource.entry_name,
        parent_id=parent_id,
        fields=kind.fields_of(resource.spec),
        properties=resource.spec.custom_properties or {},
        state=resource.spec.state,
    )


def desired_artifacts(resource: AnyResource, version_id: str) -> tuple[Desired, ...]:
    """The inline artifacts of a version, documents first: KServe serves the newest artifact of a version."""
    if not isinstance(resource, v1alpha1.ModelVersion):
        return ()
    documents = [
        _inline(resource, DOC_ARTIFACT, one, one.name, version_id) for one in resource.spec.doc_artifacts or ()
    ]
    models = [_inline(resource, MODEL_ARTIFACT, one, one.name, version_id) for one in resource.spec.artifacts or ()]
    return (*documents, *models)


def reference_of(resource: AnyResource) -> str:
    """The resource as the owner stamp writes it."""
    return f"{resource.metadata.namespace}/{resource.metadata.name}"


def resource_of(entry_type: type[RegistryEntry], reference: str) -> ResourceKey:
    """The resource that an owner stamp on an entry of this type names."""
    path, _, artifact = reference.partition("#")
    namespace, _, name = path.partition("/")
    if artifact:
        return ResourceKey(v1alpha1.ModelVersion.KIND, namespace, name)
    return ResourceKey(_RESOURCE_KINDS.get(entry_type, v1alpha1.ModelArtifact.KIND), namespace, name)


def _inline(
    resource: v1alpha1.ModelVersion, kind: EntryKind, part: ArtifactFields, name: str, version_id: str
) -> Desired:
    return Desired(
        kind=kind,
        reference=f"{reference_of(resource)}#{name}",
        name=name,
        parent_id=version_id,
        fields=kind.fields_of(part),
        properties=part.custom_properties or {},
        state=part.state,
    )
