"""Short ways to the values that the pipeline passes on."""

import asyncio
import dataclasses
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from hypothesis import strategies as st

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, RegisteredModel, RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION, OWNER_PROPERTY, ObjectMeta
from registrar.api.properties import Observed, Scalar, TypedProperty
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.api.v1alpha1.cluster_registry import ClusterRegistrySpec
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Claim, Desired, EntryKind, Identity
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import FieldSet, Policies, RecordedState
from registrar.planning.claims import Claimant
from registrar.planning.ownership import Origin, Stamp
from registrar.reconcile.context import Context
from registrar.reconcile.memory import Memory
from registrar.reconcile.sync_gate import Queue, SyncGate
from registrar.registries.census import Census
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.registries.replacement import MassDeletionGuard
from registrar.settings import FROM_FLAGS, Settings
from registrar.telemetry.metrics import Metrics

OWNER_ID = "platform/registrar"
REGISTRY = FROM_FLAGS
NOBODY = "http://127.0.0.1:9"
"""A server that does not answer, for what must not be asked."""
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
    /,
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


def open_gate(queue: Queue | None = None) -> SyncGate:
    """A gate that holds nothing, as once the cache has synced."""
    gate = SyncGate(RecordingQueue() if queue is None else queue)
    gate.open()
    return gate


@asynccontextmanager
async def context_of(*, registry_url: str = NOBODY, kubernetes_url: str = NOBODY) -> AsyncIterator[Context]:
    """The parts of an operator that leads, without queue and watch; the view of its registry is empty."""
    metrics = Metrics()
    login = ClusterLogin(kubernetes_url, ssl.create_default_context(), {})
    kube = KubernetesAPI(login, WriteFence(Leadership.without_rivals(), metrics.to_kubernetes))
    memory = Memory(ResourceCache(), open_gate(), lambda _: None)
    async with ModelRegistryAPIClient.connect(registry_url) as client:
        registry = Registry(KubeflowBackend(client), registry_url, OWNER_ID)
        guard = MassDeletionGuard(partial(memory.cache.recorded_ids, OWNER_ID), registry)
        try:
            census = Census(registry, memory.cache.count_new)
            yield Context(
                Settings(registry_url=registry_url), kube, registry, memory, guard, census, metrics.reconciles
            )
        finally:
            await kube.aclose()
            # A socket is closed one turn of the loop after its connection.
            await asyncio.sleep(0)


def registry_spec(**fields: Any) -> ClusterRegistrySpec:
    """How a ClusterRegistry connects its registry."""
    return ClusterRegistrySpec.model_validate({"url": "http://registry", "tenants": [], **fields})


def metadata_of(resource: dict[str, Any]) -> ObjectMeta:
    return ObjectMeta.model_validate(resource["metadata"])


def claimant(
    name: str = "fraud", *, created: str = "2026-11-23T12:00:00Z", uid: str = "1", terminating: bool = False
) -> Claimant:
    return Claimant(model_key(name), None, created, uid, terminating)


def claim(name: str = "fraud", kind: str = "RegisteredModel", parent_id: str = "") -> Claim:
    """The place of an entry in the registry that the flags configure."""
    return Claim(REGISTRY, kind, parent_id, name)


def identity(
    entry_id: str, name: str | None = "fraud", kind: EntryKind = REGISTERED_MODEL.entry, created: str | None = None
) -> Identity:
    """What children know of an entry in that registry."""
    return Identity(REGISTRY, 1, kind, entry_id, name, created)


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


TEXTS = st.sampled_from(["", "a", "b", "ä"])
WORDS = st.lists(st.sampled_from(["en", "de"]), max_size=2)
SCALARS: st.SearchStrategy[Scalar] = st.sampled_from([True, False, 0, 1, 7, 0.0, 1.0, 2.5, "", "1", "true"])
DECLARED = st.one_of(SCALARS, SCALARS.map(TypedProperty))
NAMES = st.sampled_from(["team", "size", "stage", "score"])
MODEL_FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"description": TEXTS, "owner": TEXTS, "external_id": st.sampled_from(["x", "y"]), "tasks": WORDS}
)
ARTIFACT_FIELDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "uri": st.sampled_from(["s3://a", "s3://b"]),
        "description": TEXTS,
        "storage_key": TEXTS,
        "external_id": st.sampled_from(["x", "y"]),
    },
)
STAMPS: st.SearchStrategy[dict[str, Scalar]] = st.sampled_from(
    [{}, stamp(), stamp(Origin.ADOPTED), stamp(reference="team/before"), {OWNER_PROPERTY: "created:others/x/y"}]
)
PROPERTIES = st.dictionaries(NAMES, SCALARS)
FIELD_NAMES = ("description", "external_id", "owner", "tasks", "uri", "storage_key")
"""The plain fields of the entries that `cases` draws."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One entry, its desired state, and what the status of its resource records.

    Attributes:
        owned: what the resource has set on the entry, by a plain reading of the rules.
    """

    wanted: Desired
    observed: RegistryEntry
    recorded: RecordedState

    @property
    def owned(self) -> FieldSet:
        entry, properties = self.observed, properties_of(self.observed)
        recorded = self.recorded if self.recorded.proves(entry) else RecordedState()
        is_untouched = entry.create_time_since_epoch == entry.last_update_time_since_epoch
        if recorded.entry_id is not None or not is_untouched or not stamp().items() <= properties.items():
            return recorded.owned
        return FieldSet(
            frozenset(name for name in FIELD_NAMES if getattr(entry, name, None)),
            frozenset(properties) - {OWNER_PROPERTY},
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any entry of a model or an artifact, with any desired and recorded state."""
    is_model = draw(st.booleans())
    strategy = MODEL_FIELDS if is_model else ARTIFACT_FIELDS
    states = ["LIVE", "ARCHIVED"] if is_model else ["LIVE", "PENDING", "MARKED_FOR_DELETION", "DELETED", "ABANDONED"]
    kind = REGISTERED_MODEL.entry if is_model else MODEL_ARTIFACT
    wanted = desired(
        kind,
        fields=draw(strategy),
        properties=draw(st.dictionaries(NAMES, DECLARED)),
        state=draw(st.sampled_from([None, *states])),
    )
    observed = kind.entry(
        "fraud",
        id="7",
        state=draw(st.sampled_from(states)),
        **draw(strategy),
        custom_properties=draw(PROPERTIES) | draw(STAMPS),
        create_time_since_epoch="5",
        last_update_time_since_epoch=draw(st.sampled_from(["5", "6"])),
    )
    fields = ["description", "external_id", "state", *(["owner", "tasks"] if is_model else ["storage_key", "uri"])]
    owned = FieldSet(draw(st.frozensets(st.sampled_from(fields))), draw(st.frozensets(NAMES)))
    recorded = RecordedState(
        entry_id=draw(st.sampled_from(["7", None])),
        created=draw(st.sampled_from([None, "5", "4"])),
        origin=draw(st.sampled_from([None, Origin.CREATED, Origin.ADOPTED])),
        owned=owned,
        settled=draw(st.booleans()),
        had_entry=draw(st.booleans()),
    )
    return Case(wanted, observed, recorded)
