"""Every entry that the API's schema allows can be read: any optional field absent or null, any unknown enum value.

`api_schema.json` was recorded from the OpenAPI document of the Kubeflow Model Registry (April 2026): the fields of each
entry and of each type of custom property, with their types, and which of them are required.
"""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_snake

from model_registry import _wire, types
from model_registry.types import Artifact, RegistryEntry
from model_registry.types.properties import OpaqueProperty

SCHEMA: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("api_schema.json").read_text())
ENTRIES = [name for name in SCHEMA if not name.startswith("Metadata")]
ARTIFACT_TYPES = {
    "ModelArtifact": "model-artifact",
    "DocArtifact": "doc-artifact",
    "DataSet": "dataset-artifact",
    "Metric": "metric",
    "Parameter": "parameter",
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(max_size=8),
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "number": st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False),
}


def value_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a recorded type. An enum may have a value of tomorrow."""
    match kind:
        case {"enum": known}:
            return st.sampled_from(known) | st.text(min_size=1, max_size=8)
        case {"list": item}:
            return st.lists(value_of(item), max_size=3)
        case "properties":
            return st.dictionaries(st.text(max_size=5), tagged(), max_size=3)
    return VALUES[kind]


def _of_type(name: str, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "metadataType": name}


def tagged() -> st.SearchStrategy[dict[str, Any]]:
    """Return custom properties of every type of the schema, and of one that it does not know."""
    of_known_types = [
        st.fixed_dictionaries({field: value_of(kind) for field, kind in schema["properties"].items()}).map(
            partial(_of_type, name)
        )
        for name, schema in SCHEMA.items()
        if name.startswith("Metadata")
    ]
    return st.one_of(*of_known_types, st.just({"metadataType": "MetadataOfTomorrow", "tomorrow_value": [1]}))


def bodies(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return the bodies of one kind of entry. The registry sends an ID with each, though the schema does not say so."""
    schema = SCHEMA[name]
    fields = {field: value_of(kind) for field, kind in schema["properties"].items()}
    required = {field: fields.pop(field) for field in schema["required"]}
    fixed = {"id": st.integers(1, 10**6).map(str)}
    if name in ARTIFACT_TYPES:
        fixed["artifactType"] = st.just(ARTIFACT_TYPES[name])
    optional = {field: st.none() | values for field, values in fields.items() if field not in fixed}
    return st.fixed_dictionaries({**required, **fixed}, optional=optional)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_optional_field_may_be_absent(name: str) -> None:
    cls: type[RegistryEntry] = getattr(types, name)
    required = dict.fromkeys(SCHEMA[name]["required"], "x")
    artifact_type = {"artifactType": ARTIFACT_TYPES[name]} if name in ARTIFACT_TYPES else {}
    assert type(_wire.read_entry(cls, {"id": "1", **required, **artifact_type})) is cls


@pytest.mark.parametrize("name", ENTRIES)
@given(data=st.data())
def test_every_entry_of_the_schema_is_read_with_its_values(name: str, data: st.DataObject) -> None:
    cls: type[RegistryEntry] = Artifact if name in ARTIFACT_TYPES else getattr(types, name)
    sent = data.draw(st.lists(bodies(name), max_size=3))
    page = _wire.read_list(cls, {"items": sent})
    assert page.unreadable == []
    for body, entry in zip(sent, page.entries, strict=True):
        assert type(entry) is getattr(types, name)
        for field, value in body.items():
            read = getattr(entry, to_snake(field), None)
            if field in ("experimentId", "experimentRunId") or (field == "externalId" and not value):
                assert not read
            elif field == "customProperties" and value is not None:
                assert read is not None
                # The IDs of an experiment and its run join them, as far as they are whole numbers.
                assert value.keys() <= read.keys() <= {*value, "experiment_id", "experiment_run_id"}
                for property_name, tagged in value.items():
                    check_property(tagged, read[property_name])
            else:
                assert read == (float(value) if isinstance(read, float) else value), field


def check_property(body: dict[str, Any], found: Any) -> None:
    if isinstance(found, OpaqueProperty):
        assert found.tagged == body
        is_whole = body["metadataType"] == "MetadataIntValue"
        assert not is_whole or not re.fullmatch("[+-]?[0-9]{1,9}", body["int_value"])
        assert body["metadataType"] not in ("MetadataStringValue", "MetadataBoolValue", "MetadataDoubleValue")
    else:
        value = body[{str: "string_value", bool: "bool_value", int: "int_value", float: "double_value"}[type(found)]]
        assert found == type(found)(value)  # a double is sent as any JSON number


def test_an_artifact_of_an_unknown_type_is_a_plain_artifact() -> None:
    (read,) = _wire.read_list(Artifact, {"items": [{"id": "1", "artifactType": "artifact-of-tomorrow"}]}).entries
    assert type(read) is Artifact
