"""Entries as JSON."""

import base64
import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel

from model_registry import _wire
from model_registry.exceptions import UnwritableProperty
from model_registry.types import (
    Artifact,
    DataSet,
    DocArtifact,
    Metric,
    ModelArtifact,
    ModelVersion,
    OpaqueProperty,
    Parameter,
    ProtoProperty,
    RegisteredModel,
    RegistryEntry,
    StructProperty,
)
from model_registry.types.properties import opaque_property

scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
)


def test_a_create_sends_set_fields_but_nothing_that_the_registry_assigns() -> None:
    model = RegisteredModel(
        "n", id="1", owner="me", license_link="l", create_time_since_epoch="1", last_update_time_since_epoch="2"
    )
    assert _wire.create_body(model) == {"name": "n", "owner": "me", "licenseLink": "l"}


def test_an_update_sends_no_immutable_or_unset_fields_but_always_the_state() -> None:
    version = ModelVersion("n", id="1", registered_model_id="2", author="me")
    assert _wire.update_body(version) == {"author": "me", "state": None}
    version.state = "ARCHIVED"
    assert _wire.update_body(version) == {"author": "me", "state": "ARCHIVED"}


def test_an_update_of_a_kind_without_a_state_sends_none() -> None:
    assert _wire.update_body(RegistryEntry("n", id="1", description="d")) == {"description": "d"}


@pytest.mark.parametrize("body_of", [_wire.update_body, _wire.create_body])
def test_a_renamed_entry_is_refused(body_of: Callable[[RegistryEntry], dict[str, Any]]) -> None:
    read = _wire.read_entry(RegisteredModel, {"id": "1", "name": "n"})
    read.name = "new"
    with pytest.raises(ValueError, match="RegisteredModel 1 is named 'n', and the name of an entry cannot be"):
        body_of(read)
    for twin in (copy.copy(read), copy.deepcopy(read), pickle.loads(pickle.dumps(read))):  # noqa: S301 - our own bytes
        assert twin.changed_identity() == {"name": "n"}
    read.name = "n"
    assert body_of(read) == body_of(RegisteredModel("n", id="1"))


@pytest.mark.parametrize("field", ["name", "registered_model_id"])
def test_a_copy_with_another_identity_is_refused(field: str) -> None:
    read = _wire.read_entry(ModelVersion, {"id": "1", "name": "n", "registeredModelId": "2"})
    changed = read.model_copy(update={field: "3"})
    with pytest.raises(ValueError, match="Nothing has been sent"):
        _wire.update_body(changed)
    assert not read.changed_identity()
    assert _wire.create_body(read.model_copy(update={field: "3", "id": None}))[to_camel(field)] == "3"


def test_a_version_that_is_assigned_to_another_model_is_refused() -> None:
    read = _wire.read_entry(ModelVersion, {"id": "1", "name": "n", "registeredModelId": "2"})
    read.registered_model_id = "3"
    with pytest.raises(ValueError, match="ModelVersion 1 belongs to the model with ID 2, and the registry cannot move"):
        _wire.update_body(read)


def test_an_entry_without_an_id_may_be_renamed() -> None:
    template = RegisteredModel("n")
    template.name = "new"
    assert _wire.create_body(template) == {"name": "new"}
    read = _wire.read_entry(RegisteredModel, {"id": "1", "name": "n"})
    read.name, read.id = "copy", None
    assert _wire.create_body(read) == {"name": "copy"}


def test_a_name_that_was_assigned_is_no_field() -> None:
    read = RegisteredModel("n", id="1")
    read.name = "new"
    assert read == RegisteredModel("new", id="1")
    assert read.model_dump() == RegisteredModel("new", id="1").model_dump()
    assert repr(read) == "RegisteredModel(name='new', id='1')"


def test_empty_values_are_sent_because_they_clear() -> None:
    model = RegisteredModel("n", id="1", description="", tasks=[], custom_properties={})
    assert _wire.update_body(model) == {"state": None, "description": "", "tasks": [], "customProperties": {}}


def test_an_update_of_an_artifact_sends_its_type() -> None:
    assert _wire.update_body(DocArtifact("n", id="1", uri="u")) == {
        "artifactType": "doc-artifact",
        "uri": "u",
        "state": None,
    }


def test_custom_properties_are_tagged_with_their_type() -> None:
    model = RegisteredModel("n", custom_properties={"b": True, "i": 1, "d": 1.0, "s": "1"})
    assert _wire.create_body(model)["customProperties"] == {
        "b": {"metadataType": "MetadataBoolValue", "bool_value": True},
        "i": {"metadataType": "MetadataIntValue", "int_value": "1"},
        "d": {"metadataType": "MetadataDoubleValue", "double_value": 1.0},
        "s": {"metadataType": "MetadataStringValue", "string_value": "1"},
    }


def test_custom_properties_changed_in_place_are_checked_before_they_are_sent() -> None:
    model = RegisteredModel("n", custom_properties={})
    assert model.custom_properties is not None
    model.custom_properties["p"] = math.nan
    with pytest.raises(ValueError, match="custom property 'p': nan"):
        _wire.create_body(model)


@given(properties=st.dictionaries(st.text(min_size=1), scalars))
def test_custom_properties_come_back_with_value_and_type(properties: dict[str, Any]) -> None:
    sent = _wire.create_body(RegisteredModel("n", custom_properties=properties))
    back = _wire.read_entry(RegisteredModel, {**sent, "id": "1"}).custom_properties
    assert back == properties
    assert {name: type(value) for name, value in (back or {}).items()} == {
        name: type(value) for name, value in properties.items()
    }


def test_a_whole_number_of_type_double_is_read_as_a_float() -> None:
    body = {"customProperties": {"d": {"metadataType": "MetadataDoubleValue", "double_value": 1}}}
    properties = _wire.read_entry(RegisteredModel, {"id": "1", "name": "n", **body}).custom_properties
    assert properties == {"d": 1.0}
    assert type(properties["d"]) is float


STRUCT = {"metadataType": "MetadataStructValue", "struct_value": '{"a":1,"b":"\\u003cä"}'}
PROTO = {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "AQ=="}


@pytest.mark.parametrize(
    ("tagged", "kind"),
    [
        (STRUCT, StructProperty),
        ({"metadataType": "MetadataStructValue", "struct_value": "no JSON"}, StructProperty),
        (PROTO, ProtoProperty),
        ({"metadataType": "MetadataOfTomorrow", "x": 1}, OpaqueProperty),
        ({"metadataType": "MetadataIntValue"}, OpaqueProperty),
        ({"metadataType": "MetadataIntValue", "int_value": "9999999999"}, OpaqueProperty),
        ({"metadataType": "MetadataIntValue", "int_value": "--1"}, OpaqueProperty),
        ({"metadataType": "MetadataIntValue", "int_value": "1_000"}, OpaqueProperty),
        ({"metadataType": "MetadataDoubleValue", "double_value": 10**400}, OpaqueProperty),
        ({"metadataType": "MetadataBoolValue", "bool_value": None}, OpaqueProperty),
        ({"metadataType": "MetadataStringValue", "string_value": 5}, OpaqueProperty),
        ({"metadataType": "MetadataStructValue", "struct_value": None}, OpaqueProperty),
        ({}, OpaqueProperty),
        (None, OpaqueProperty),
        ("text", OpaqueProperty),
    ],
)
def test_custom_properties_of_other_types_are_read_as_they_are(tagged: Any, kind: type[OpaqueProperty]) -> None:
    body = {"id": "1", "name": "n", "customProperties": {"p": tagged}}
    entry = _wire.read_entry(RegisteredModel, body)
    assert entry.custom_properties is not None
    value = entry.custom_properties["p"]
    assert type(value) is kind
    assert isinstance(value, OpaqueProperty)
    assert value.tagged == tagged
    assert entry == _wire.read_entry(RegisteredModel, body)
    assert entry == copy.deepcopy(entry) == pickle.loads(pickle.dumps(entry))  # noqa: S301 - our own bytes
    assert entry.model_dump(mode="json")["custom_properties"] == {"p": tagged}


def test_opaque_values_differ_as_their_json_does() -> None:
    struct = opaque_property(STRUCT)
    assert struct == opaque_property(dict(reversed(STRUCT.items())))
    assert hash(struct) == hash(opaque_property(STRUCT))
    for other in (
        opaque_property({**STRUCT, "struct_value": "{}"}),
        opaque_property(PROTO),
        OpaqueProperty(STRUCT),
        "",
    ):
        assert struct != other
    assert OpaqueProperty({"a": 1}) != OpaqueProperty({"a": True})


def test_a_struct_shows_its_json() -> None:
    struct = opaque_property(STRUCT)
    assert isinstance(struct, StructProperty)
    assert struct.value == {"a": 1, "b": "<ä"}
    assert repr(struct) == f"StructProperty({STRUCT!r})"
    broken = opaque_property({**STRUCT, "struct_value": "no JSON"})
    assert isinstance(broken, StructProperty)
    assert broken.value == "no JSON"


def test_a_struct_is_sent_as_base64_of_its_text() -> None:
    model = RegisteredModel("n", id="1", custom_properties={"s": opaque_property(STRUCT), "t": "x"})
    for body in (_wire.create_body(model), _wire.update_body(model)):
        sent = body["customProperties"]["s"]
        assert sent["metadataType"] == "MetadataStructValue"
        assert base64.b64decode(sent["struct_value"]).decode() == STRUCT["struct_value"]
        assert body["customProperties"]["t"] == {"metadataType": "MetadataStringValue", "string_value": "x"}


@pytest.mark.parametrize("tagged", [PROTO, {"metadataType": "MetadataOfTomorrow"}, None])
def test_what_the_registry_cannot_take_back_is_refused(tagged: Any) -> None:
    properties = {"p": opaque_property(tagged), "s": opaque_property(STRUCT)}
    model = RegisteredModel("n", id="7", custom_properties=properties)
    for body_of in (_wire.create_body, _wire.update_body):
        with pytest.raises(
            UnwritableProperty, match=r"RegisteredModel 'n' \(id 7\) has .*: 'p' \(\w+\)\. Nothing"
        ) as refused:
            body_of(model)
        assert refused.value.names == ["p"]


@pytest.mark.parametrize(
    ("asked", "artifact_type", "got"),
    [
        (Artifact, "model-artifact", ModelArtifact),
        (Artifact, "doc-artifact", DocArtifact),
        (Artifact, "dataset-artifact", DataSet),
        (Artifact, "metric", Metric),
        (Artifact, "parameter", Parameter),
        (Artifact, "unheard-of", Artifact),
        (Artifact, None, Artifact),
        (ModelArtifact, "model-artifact", ModelArtifact),
        (ModelArtifact, "doc-artifact", DocArtifact),
    ],
)
def test_the_type_of_an_artifact_decides_its_class(
    asked: type[Artifact], artifact_type: str | None, got: type[Artifact]
) -> None:
    artifact = _wire.read_entry(asked, {"id": "1", "name": "n", "artifactType": artifact_type, "value": "0.5"})
    assert type(artifact) is got
    assert artifact.artifact_type == artifact_type


def test_a_users_own_subclass_is_preserved() -> None:
    class Weights(ModelArtifact):
        pass

    assert type(_wire.read_entry(Weights, {"id": "1", "name": "n", "artifactType": "model-artifact"})) is Weights


def test_fields_that_a_later_registry_adds_are_ignored() -> None:
    assert _wire.read_entry(RegisteredModel, {"id": "1", "name": "n", "inAYearsTime": 1}) == RegisteredModel(
        "n", id="1"
    )


def test_an_empty_external_id_in_the_registry_is_none() -> None:
    assert _wire.read_entry(RegisteredModel, {"id": "1", "name": "n", "externalId": ""}).external_id is None


@pytest.mark.parametrize(
    "body", [{}, {"id": "1"}, {"name": "n"}, {"id": "", "name": "n"}, {"id": "1", "name": "n", "customProperties": 5}]
)
def test_an_object_that_is_not_an_entry_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - either pydantic's message or the client's: only the refusal matters here
        _wire.read_entry(RegisteredModel, body)


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}}, {"items": ["x"]}, {"items": [{"kind": "Pod"}]}])
def test_a_page_that_does_not_contain_entries_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a page without (items|entries)"):
        _wire.read_list(RegistryEntry, body)


@pytest.mark.parametrize(
    ("item", "entry_id", "reason"),
    [
        ({"id": "7"}, "7", "name: Field required"),
        ({"id": "7", "name": None}, "7", "name: Input should be a valid string"),
        ({"id": "7", "name": "n", "language": [None]}, "7", "language.0: Input should be a valid string"),
        ({"name": "n"}, "without an ID", "an entry without an ID"),
        ({"name": "n", "id": 7}, "without an ID", "id: Input should be a valid string"),
        (None, "without an ID", "name: Field required"),
        ("text", "without an ID", "name: Field required"),
    ],
)
def test_an_entry_that_cannot_be_read_is_passed_over(item: Any, entry_id: str, reason: str) -> None:
    good = {"id": "1", "name": "n"}
    page = _wire.read_list(RegisteredModel, {"items": [item, good, item]})
    assert page.entries == [RegisteredModel("n", id="1")]
    assert page.unreadable == [(entry_id, reason)] * 2
