"""Entries as the REST API writes them. Pure."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

from .types import Artifact, DataSet, DocArtifact, Metric, ModelArtifact, Parameter, RegistryEntry
from .types.base import Scalar, checked_property

EntryT = TypeVar("EntryT", bound=RegistryEntry)

_BY_REGISTRY = {"id", "create_time_since_epoch", "last_update_time_since_epoch"}
_IMMUTABLE = {"name", "registered_model_id"}
_ARTIFACT_CLASSES: dict[str, type[Artifact]] = {
    "model-artifact": ModelArtifact,
    "doc-artifact": DocArtifact,
    "dataset-artifact": DataSet,
    "metric": Metric,
    "parameter": Parameter,
}


def creation(entry: RegistryEntry) -> dict[str, Any]:
    """Return the body that creates an entry: all its fields but None and what the registry assigns.

    Raises:
        ValueError: If a custom property cannot be written.
    """
    return _body(entry, _BY_REGISTRY)


def update(entry: RegistryEntry) -> dict[str, Any]:
    """Return the body that updates an entry: `creation` without what never changes, and always with the state.

    The registry resets a state that is not sent; a null keeps it.

    Raises:
        ValueError: If a custom property cannot be written.
    """
    return {"state": None, **_body(entry, _BY_REGISTRY | _IMMUTABLE)}


def read(cls: type[EntryT], body: Mapping[str, Any]) -> EntryT:
    """Return the entry that a JSON object stands for.

    Args:
        cls: Its class. An artifact of a type that has a class of its own is read as one, whatever is asked for.
        body: The object; fields that the class does not have are ignored.

    Raises:
        ValueError: If the object is no such entry, or has no ID.
    """
    kind = body.get("artifactType")
    of_type = _ARTIFACT_CLASSES.get(kind) if isinstance(kind, str) else None
    if of_type is not None and not issubclass(cls, of_type):
        cls = cast("type[EntryT]", of_type)
    known = _known(cls)
    fields = {name: value for name, value in body.items() if name in known}
    # The registry stores an empty external ID as one, but finds nothing by it.
    fields["externalId"] = body.get("externalId") or None
    fields["customProperties"] = _scalars(body.get("customProperties"))
    entry = cls.model_validate(fields)
    if not entry.id:
        raise ValueError("an entry without an ID")
    return entry


def read_list(cls: type[EntryT], body: Mapping[str, Any]) -> list[EntryT]:
    """Return the entries of one page.

    Raises:
        ValueError: If the page has no `items`, or one of them is no such entry.
    """
    items = body.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("a page without items")
    return [read(cls, item) for item in items]


@cache
def _known(cls: type[RegistryEntry]) -> frozenset[str]:
    """The fields that a class has, by the registry's names."""
    return frozenset(str(field.alias) for field in cls.model_fields.values())


def _body(entry: RegistryEntry, left_out: set[str]) -> dict[str, Any]:
    body = entry.model_dump(by_alias=True, exclude_none=True, exclude=left_out | {"custom_properties"})
    if entry.custom_properties is not None:
        # Checked once more: the map may have been changed in place since it was assigned.
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
    """Return the plain values of a map of tagged ones; what is no such map is left to the entry's validation."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: _scalar(tagged) for name, tagged in properties.items()}


def _scalar(tagged: Any) -> Any:
    """Return the plain value of a tagged one; of what is none, the JSON text."""
    if not isinstance(tagged, dict):
        return json.dumps(tagged)
    # Patterns of mappings would read better; they take three times as long, which a long list shows.
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
