"""Conversion between entries and the JSON of the REST API. No I/O."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from model_registry.types import Artifact, DataSet, DocArtifact, Metric, ModelArtifact, Parameter, RegistryEntry
from model_registry.types.base import Scalar, checked_property

EntryT = TypeVar("EntryT", bound=RegistryEntry)

_ASSIGNED_BY_REGISTRY = {"id", "create_time_since_epoch", "last_update_time_since_epoch"}
_IMMUTABLE = {"name", "registered_model_id"}
_ARTIFACT_CLASSES: dict[str, type[Artifact]] = {
    "model-artifact": ModelArtifact,
    "doc-artifact": DocArtifact,
    "dataset-artifact": DataSet,
    "metric": Metric,
    "parameter": Parameter,
}


def create_body(entry: RegistryEntry) -> dict[str, Any]:
    """Return the body that creates an entry: all fields that are not None and that the registry does not assign.

    Raises:
        ValueError: If a custom property cannot be written.
    """
    return _body(entry, _ASSIGNED_BY_REGISTRY)


def update_body(entry: RegistryEntry) -> dict[str, Any]:
    """Return the body that updates an entry: `create_body` without what never changes, and always with the state.

    The registry resets a state that is not sent, and keeps one that is sent as null. Kinds without a state get none:
    the registry refuses unknown fields.

    Raises:
        ValueError: If a custom property cannot be written.
    """
    kept = {"state": None} if "state" in type(entry).model_fields else {}
    return {**kept, **_body(entry, _ASSIGNED_BY_REGISTRY | _IMMUTABLE)}


def read_entry(cls: type[EntryT], body: Mapping[str, Any]) -> EntryT:
    """Return the entry in a JSON object.

    Args:
        cls: Its class. An artifact whose type has its own class is read as that class, whatever `cls` is.
        body: The object. Fields that the class does not have are ignored.

    Raises:
        ValueError: If the object is not such an entry, or has no ID.
    """
    artifact_type = body.get("artifactType")
    type_class = _ARTIFACT_CLASSES.get(artifact_type) if isinstance(artifact_type, str) else None
    if type_class is not None and not issubclass(cls, type_class):
        cls = cast("type[EntryT]", type_class)
    known = _known_fields(cls)
    fields = {name: value for name, value in body.items() if name in known}
    # The registry stores an empty external ID, but cannot find an entry by it.
    fields["externalId"] = body.get("externalId") or None
    fields["customProperties"] = _scalars(body.get("customProperties"))
    entry = cls.model_validate(fields)
    if not entry.id:
        raise ValueError("an entry without an ID")
    return entry


def read_list(cls: type[EntryT], body: Mapping[str, Any]) -> list[EntryT]:
    """Return the entries of one page.

    Raises:
        ValueError: If the page has no `items`, or one of them is not such an entry.
    """
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("a page without items")
    return [read_entry(cls, item) for item in items]


@cache
def _known_fields(cls: type[RegistryEntry]) -> frozenset[str]:
    """Return the fields of a class, by the registry's names."""
    return frozenset(str(field.alias) for field in cls.model_fields.values())


def _body(entry: RegistryEntry, exclude: set[str]) -> dict[str, Any]:
    body = entry.model_dump(by_alias=True, exclude_none=True, exclude=exclude | {"custom_properties"})
    if entry.custom_properties is not None:
        # Checked again: the map may have been changed in place since it was assigned.
        body["customProperties"] = {
            name: _tagged(checked_property(name, value)) for name, value in entry.custom_properties.items()
        }
    return body


def _tagged(value: Scalar) -> dict[str, Any]:
    match value:
        case bool():
            return {"metadataType": "MetadataBoolValue", "bool_value": value}
        case int():
            return {"metadataType": "MetadataIntValue", "int_value": str(value)}
        case float():
            return {"metadataType": "MetadataDoubleValue", "double_value": value}
        case _:
            return {"metadataType": "MetadataStringValue", "string_value": value}


def _scalars(properties: Any) -> Any:
    """Return the plain values of a map of tagged values. The entry's validation reports anything but a map."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: _scalar(tagged) for name, tagged in properties.items()}


def _scalar(tagged: Any) -> Any:
    """Return the plain value of a tagged value, or the JSON text of anything else."""
    if not isinstance(tagged, dict):
        return json.dumps(tagged)
    # Mapping patterns would be easier to read, but they take three times as long, which shows in a long list.
    match tagged.get("metadataType"):
        case "MetadataStringValue" | "MetadataStructValue":
            # A struct is read as its JSON text.
            return tagged.get("string_value", tagged.get("struct_value", ""))
        case "MetadataBoolValue" if isinstance(tagged.get("bool_value"), bool):
            return tagged["bool_value"]
        case "MetadataIntValue" if isinstance(tagged.get("int_value"), str):
            return int(tagged["int_value"])
        case "MetadataDoubleValue" if isinstance(tagged.get("double_value"), int | float):
            return float(tagged["double_value"])
    return json.dumps(tagged)
