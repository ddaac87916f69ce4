"""Short ways to the values that the pipeline passes on."""

from typing import Any

from model_registry.types import ModelArtifact, RegisteredModel, RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION, OWNER_PROPERTY, ObjectMeta
from registrar.api.properties import Observed, Scalar
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.kinds.base import Claim, Desired, EntryKind, Identity
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import Policies
from registrar.planning.claims import Claimant
from registrar.planning.ownership import Origin, Stamp
from registrar.registries.registry import FROM_FLAGS

OWNER_ID = "platform/registrar"
REGISTRY = FROM_FLAGS
REFERENCE = "team/fraud"
SPECS: dict[str, dict[str, Any]] = {
    "RegisteredModel": {},
    "ModelVersion": {"registeredModelRef": {"name": "fraud"}},
    "ModelArtifact": {"modelVersionRef": {"name": "v1"}, "uri": "s3://bucket/model"},
}


def model_key(name: str = "fraud", namespace: str = "team") -> ResourceKey:
    return ResourceKey("RegisteredModel", namespace, name)


def body(
    kind: str = "RegisteredModel",
    name: str = "fraud",
    *,
    version: int = 1,
    uid: str = "uid-1",
    generation: int = 1,
    annotations: dict[str, str] | None = None,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A resource as the API server sends it."""
    metadata = {
        "name": name,
        "namespace": "team",
        "uid": uid,
        "generation": generation,
        "resourceVersion": str(version),
        "creationTimestamp": "2026-11-23T12:00:00Z",
        "annotations": annotations or {},
    }
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": metadata,
        "spec": {**SPECS[kind], **spec},
        "status": status or {"observedGeneration": -1},
    }


class RecordingQueue:
    """The part of the work queue that a resource's memory needs; records what is added, and how."""

    def __init__(self) -> None:
        self.added: list[tuple[str, bool]] = []
        """Names, and whether they are urgent."""
        self.front: list[str] = []
        self.forgotten: list[str] = []

    def add(self, key: ResourceKey, *, urgent: bool = False, front: bool = False) -> None:
        self.added.append((key.name, urgent))
        if front:
            self.front.append(key.name)

    def forget(self, key: ResourceKey) -> None:
        self.forgotten.append(key.name)


def metadata_of(resource: dict[str, Any]) -> ObjectMeta:
    return ObjectMeta.model_validate(resource["metadata"])


def claimant(
    name: str = "fraud", *, created: str = "2026-11-23T12:00:00Z", uid: str = "1", terminating: bool = False
) -> Claimant:
    return Claimant(model_key(name), None, created, uid, terminating)


def claim(name: str = "fraud", kind: str = "RegisteredModel", parent_id: str = "") -> Claim:
    """The place of an entry in the registry that the flags configure."""
    return Claim(REGISTRY, kind, parent_id, name)


def identity(entry_id: str, name: str | None = "fraud") -> Identity:
    """What children know of an entry in that registry."""
    return Identity(REGISTRY, entry_id, name)


def stamp(origin: Origin = Origin.CREATED, reference: str = REFERENCE) -> dict[str, Scalar]:
    """The owner property of an entry of this installation."""
    return {OWNER_PROPERTY: Stamp(origin, reference).text(OWNER_ID)}


def model(entry_id: str = "7", name: str = "fraud", /, state: str = "LIVE", **fields: Any) -> RegisteredModel:
    """A model as the registry answers it."""
    return RegisteredModel(name, id=entry_id, state=state, **fields)


def artifact(entry_id: str = "7", name: str = "fraud", /, state: str | None = "LIVE", **fields: Any) -> ModelArtifact:
    """An artifact as the registry answers it."""
    return ModelArtifact(name, id=entry_id, state=state, **{"uri": "s3://bucket/model", **fields})


def desired(
    kind: EntryKind = REGISTERED_MODEL.entry,
    *,
    name: str = "fraud",
    reference: str = REFERENCE,
    parent_id: str = "",
    fields: dict[str, str | list[str]] | None = None,
    properties: dict[str, Any] | None = None,
    state: str | None = None,
) -> Desired:
    return Desired(
        registry=REGISTRY,
        kind=kind,
        reference=reference,
        name=name,
        parent_id=parent_id,
        fields=fields or {},
        properties=properties or {},
        state=state,
    )


def policies(
    *,
    adoption: AdoptionPolicy = AdoptionPolicy.ADOPT,
    drift: DriftPolicy = DriftPolicy.CORRECT,
    deletion: DeletionPolicy | None = None,
    take_over: bool = False,
) -> Policies:
    return Policies(adoption, drift, deletion, take_over)


def properties_of(entry: RegistryEntry) -> dict[str, Observed]:
    return dict(entry.custom_properties or {})
