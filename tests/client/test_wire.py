"""Entries as JSON."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry import _wire
from model_registry.types import (
    Artifact,
    DataSet,
    DocArtifact,
    Metric,
    ModelArtifact,
    ModelVersion,
    Parameter,
    RegisteredModel,
    RegistryEntry,
)

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


@pytest.mark.parametrize(
    ("tagged", "text"),
    [
        ({"metadataType": "MetadataStructValue", "struct_value": '{"a": 1}'}, '{"a": 1}'),
        ({"metadataType": "MetadataOfTomorrow", "x": 1}, '{"metadataType": "MetadataOfTomorrow", "x": 1}'),
        ({"metadataType": "MetadataIntValue"}, '{"metadataType": "MetadataIntValue"}'),
    ],
)
def test_custom_properties_of_other_types_are_read_as_text(tagged: dict[str, Any], text: str) -> None:
    body = {"id": "1", "name": "n", "customProperties": {"p": tagged}}
    assert _wire.read_entry(RegisteredModel, body).custom_properties == {"p": text}


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


@pytest.mark.parametrize("body", [{}, {"items": None}, {"items": {}}, {"items": ["x"]}])
def test_a_page_that_does_not_contain_entries_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a page without items"):
        _wire.read_list(RegistryEntry, body)
