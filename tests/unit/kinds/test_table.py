"""The table of kinds: each row is complete, and each look-up finds the row that it names."""

import pytest

from model_registry.types import Artifact, DocArtifact, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.api import v1alpha1
from registrar.api.bodies import ResourceKey
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import EntryKind, ResourceKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import (
    ENTRY_KINDS,
    FAMILIES,
    KINDS,
    RESOURCES,
    entry_kind,
    family_of,
    kind_of,
    lineage,
    resource_of,
)
from registrar.registries.kubeflow.entries import OPERATIONS

MODEL, VERSION = REGISTERED_MODEL.entry, MODEL_VERSION.entry


class UnknownArtifact(Artifact):
    """An artifact of a type that this client does not know."""


class ServingEnvironment(RegistryEntry):
    """An entry of a family that this operator does not manage."""


def test_every_kind_of_the_api_has_a_row() -> None:
    kinds = (v1alpha1.RegisteredModel, v1alpha1.ModelVersion, v1alpha1.ModelArtifact)
    assert kinds == RESOURCES
    assert [kind.name for kind in KINDS] == [kind.KIND for kind in kinds]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_row_fits_its_resource(kind: ResourceKind) -> None:
    assert kind_of(kind.name) is kind
    assert kind.resource.model_fields["status"].annotation is kind.status
    spec = kind.resource.model_fields["spec"].annotation
    assert spec is not None
    attributes = spec.model_fields
    if kind.parent is not None:
        assert kind.parent.attribute in attributes
        names = [row.name for row in KINDS]
        assert names.index(kind.parent.kind) < names.index(kind.name), "parents come before children"
    for inline in kind.inline:
        assert attributes[inline.attribute].alias == inline.field


@pytest.mark.parametrize("kind", ENTRY_KINDS.values(), ids=list(ENTRY_KINDS))
def test_an_entry_kind_is_known_by_its_name_and_can_be_read_and_written(kind: EntryKind) -> None:
    assert ENTRY_KINDS[kind.name] is kind
    assert kind.name in OPERATIONS
    assert issubclass(kind.entry, kind.family)
    assert kind.parent_attribute is None or kind.parent_attribute in kind.entry.model_fields
    assert (kind.waiting is None) == (kind is MODEL), "only the root waits for nothing"


def test_an_entry_kind_is_known_by_its_entries() -> None:
    assert [entry_kind(kind.entry) for kind in ENTRY_KINDS.values()] == list(ENTRY_KINDS.values())
    assert entry_kind(UnknownArtifact) is None
    assert entry_kind(ServingEnvironment) is None


def test_an_unknown_kind_has_no_row() -> None:
    with pytest.raises(KeyError):
        kind_of("ServingEnvironment")


def test_artifacts_of_every_type_are_one_family() -> None:
    assert (RegisteredModel, ModelVersion, Artifact) == FAMILIES
    for artifact in (Artifact, ModelArtifact, DocArtifact, UnknownArtifact):
        assert family_of(artifact) is Artifact
    assert (family_of(RegisteredModel), family_of(ModelVersion)) == (RegisteredModel, ModelVersion)
    with pytest.raises(LookupError, match="ServingEnvironment is of no kind that this operator knows"):
        family_of(ServingEnvironment)


def test_the_lineage_leads_from_the_root_to_the_kind() -> None:
    assert lineage(kind_of("RegisteredModel")) == (MODEL,)
    assert lineage(kind_of("ModelVersion")) == (MODEL, VERSION)
    assert lineage(kind_of("ModelArtifact")) == (MODEL, VERSION, MODEL_ARTIFACT)


@pytest.mark.parametrize(
    ("entry_type", "reference", "expected"),
    [
        (RegisteredModel, "team/fraud", ResourceKey("RegisteredModel", "team", "fraud")),
        (ModelVersion, "team/v1", ResourceKey("ModelVersion", "team", "v1")),
        (ModelArtifact, "team/weights", ResourceKey("ModelArtifact", "team", "weights")),
        (ModelArtifact, "team/v1#weights", ResourceKey("ModelVersion", "team", "v1")),
        (DocArtifact, "team/v1#card", ResourceKey("ModelVersion", "team", "v1")),
        (UnknownArtifact, "team/v1#card", ResourceKey("ModelVersion", "team", "v1")),
        (ModelArtifact, "team/v1#dir/weights #2", ResourceKey("ModelVersion", "team", "v1")),
        (DocArtifact, "team/card", None),
        (Artifact, "team/card", None),
        (ServingEnvironment, "team/env", None),
        (RegisteredModel, "team/fraud#card", None),
        (ModelVersion, "team/v1#card", None),
    ],
)
def test_a_stamp_names_a_resource(
    entry_type: type[RegistryEntry], reference: str, expected: ResourceKey | None
) -> None:
    assert resource_of(entry_type, reference) == expected


@pytest.mark.parametrize(
    ("kind", "entry", "matches"),
    [
        (MODEL, RegisteredModel("fraud", id="1"), True),
        (MODEL, RegisteredModel("Fraud", id="1"), False),
        (MODEL, ModelVersion("fraud", id="1"), False),
        (VERSION, ModelVersion("fraud", id="1", registered_model_id="3"), True),
        (VERSION, ModelVersion("fraud", id="1", registered_model_id="4"), False),
        (VERSION, ModelVersion("fraud", id="1"), False),
        (MODEL_ARTIFACT, ModelArtifact("fraud", id="1"), True),
        (MODEL_ARTIFACT, DocArtifact("fraud", id="1"), False),
        (DOC_ARTIFACT, DocArtifact("fraud", id="1"), True),
    ],
)
def test_an_entry_matches_by_type_name_and_the_parent_that_it_reports(
    kind: EntryKind, entry: RegistryEntry, *, matches: bool
) -> None:
    assert kind.matches(entry, "fraud", "3") == matches


def test_fields_on_an_entry_are_those_with_a_value() -> None:
    entry = ModelVersion(
        "v1",
        id="4",
        registered_model_id="3",
        state="LIVE",
        author="me",
        description="",
        custom_properties={"team": "x"},
        create_time_since_epoch="5",
        last_update_time_since_epoch="5",
    )
    assert VERSION.fields_on(entry) == {"author"}
    model = RegisteredModel("fraud", id="3", tasks=[], language=["en"], external_id="x")
    assert MODEL.fields_on(model) == {"language", "external_id"}
    assert DOC_ARTIFACT.fields_on(DocArtifact("card", id="9", uri="https://card", state="LIVE")) == {"uri"}
