"""Conversion between entries and the JSON of the REST API. No I/O."""

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from model_registry._request import not_text
from model_registry.exceptions import UnwritableProperty
from model_registry.types import Artifact, DataSet, DocArtifact, Metric, ModelArtifact, Parameter, RegistryEntry
from model_registry.types.properties import (
    MAX_INT32,
    MIN_INT32,
    OpaqueProperty,
    PropertyValue,
    StructProperty,
    checked_property,
    opaque_property,
)

EntryT = TypeVar("EntryT", bound=RegistryEntry)

_ASSIGNED_BY_REGISTRY = {"id", "create_time_since_epoch", "last_update_time_since_epoch"}
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
EXPERIMENT_PROPERTIES = {"experimentId": "experiment_id", "experimentRunId": "experiment_run_id"}
"""Fields of an artifact -> the custom properties, whole numbers, as which the registry stores them."""

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
        UnwritableProperty: If the registry cannot take a custom property back.
    """
    require_same_identity(entry)
    require_writable(entry)
    return content(entry)


def update_body(entry: RegistryEntry) -> dict[str, Any]:
    """Return the body that updates an entry: `create_body` without what never changes, and always with the state.

    The registry resets a state that is not sent, and keeps one that is sent as null. Kinds without a state get none:
    the registry refuses unknown fields.

    Raises:
        ValueError: If a custom property cannot be written, or the entry was renamed or moved.
        UnwritableProperty: If the registry cannot take a custom property back.
    """
    require_same_identity(entry)
    require_writable(entry)
    kept = {"state": None} if "state" in type(entry).model_fields else {}
    return {**kept, **_body(entry, _ASSIGNED_BY_REGISTRY.union(entry.IMMUTABLE))}


def content(entry: RegistryEntry) -> dict[str, Any]:
    """Return an entry in the form in which it is created, to compare it with what was sent."""
    return _body(entry, _ASSIGNED_BY_REGISTRY)


def require_same_identity(entry: RegistryEntry) -> None:
    """Check that an entry with an ID was not renamed, and not moved to another model.

    Raises:
        ValueError: If it was.
    """
    for field, before in entry.changed_identity().items():
        what, now = f"{type(entry).__name__} {entry.id}", getattr(entry, field)
        if field == "name":
            raise ValueError(
                f"{what} is named {before!r}, and the name of an entry cannot be changed to {now!r}. Nothing has been "
                "sent. Create another entry with that name (id=None)"
            )
        raise ValueError(
            f"{what} belongs to the model with ID {before}, and the registry cannot move it to {now}. Nothing has been "
            "sent. Create another version there (id=None)"
        )


def require_writable(entry: RegistryEntry) -> None:
    """Check that the registry takes back all custom properties of an entry.

    Raises:
        UnwritableProperty: If it does not.
    """
    types = {
        name: value.metadata_type
        for name, value in (entry.custom_properties or {}).items()
        if isinstance(value, OpaqueProperty) and not isinstance(value, StructProperty)
    }
    if types:
        listed = ", ".join(f"{name!r} ({metadata_type})" for name, metadata_type in types.items())
        raise UnwritableProperty(
            f"{type(entry).__name__} {entry.name!r} (id {entry.id}) has custom properties that the registry returns "
            f"but does not take back: {listed}. Nothing has been written. Remove them from the entry's "
            "custom_properties, which deletes them in the registry, or leave the entry as it is",
            list(types),
        )


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
    fields["customProperties"] = _values(body.get("customProperties"))
    if "experimentId" in body or "experimentRunId" in body:
        _add_experiment(fields["customProperties"], body)
    entry = cls.model_validate(fields)
    if not entry.id:
        raise ValueError("an entry without an ID")
    return entry


@dataclass(frozen=True)
class EntryPage(Generic[EntryT]):
    """The entries of one page.

    Attributes:
        entries: Those that can be read.
        unreadable: The reason for each of the others, by its ID, or by "without an ID".
    """

    entries: list[EntryT]
    unreadable: list[tuple[str, str]]


def read_list(cls: type[EntryT], body: Mapping[str, Any]) -> EntryPage[EntryT]:
    """Return the entries of one page. An entry that cannot be read is passed over, because the others can.

    Raises:
        ValueError: If the page has no `items`, or they are not entries at all.
    """
    items = body.get("items")
    if not isinstance(items, list):
        raise ValueError("a page without items")  # noqa: TRY004 - what every unreadable response raises
    entries: list[EntryT] = []
    unreadable: list[tuple[str, str]] = []
    for item in items:
        try:
            entries.append(read_entry(cls, item if isinstance(item, dict) else {}))
        except (ValueError, OverflowError) as error:
            unreadable.append((id_of(item) or "without an ID", reason_of(error)))
    if items and not entries and not any(map(id_of, items)):
        raise ValueError("a page without entries")
    return EntryPage(entries, unreadable)


def id_of(body: object) -> str | None:
    """Return the ID in a JSON value that may not be an entry."""
    found = body.get("id") if isinstance(body, Mapping) else None
    return found if isinstance(found, str) and found else None


def reason_of(error: Exception) -> str:
    """Return in one line why an entry cannot be read."""
    if not isinstance(error, ValidationError):
        return str(error)
    places = [(".".join(str(part) for part in detail["loc"]), detail["msg"]) for detail in error.errors()]
    return "; ".join(f"{place}: {message}" for place, message in places)


@cache
def _known_fields(cls: type[RegistryEntry]) -> frozenset[str]:
    """Return the fields of a class, by the registry's names."""
    return frozenset(str(field.alias) for field in cls.model_fields.values())


def _body(entry: RegistryEntry, exclude: set[str]) -> dict[str, Any]:
    body = entry.model_dump(by_alias=True, exclude_none=True, exclude=exclude | {"custom_properties"})
    if entry.custom_properties is not None:
        # Checked again: the map may have been changed in place since it was assigned.
        body["customProperties"] = {
            name: _tagged(name, checked_property(name, value)) for name, value in entry.custom_properties.items()
        }
    return body


def _tagged(name: str, value: PropertyValue) -> Any:
    match value:
        case bool():
            return {"metadataType": "MetadataBoolValue", "bool_value": value}
        case int():
            return {"metadataType": "MetadataIntValue", "int_value": str(value)}
        case float():
            return {"metadataType": "MetadataDoubleValue", "double_value": value}
        case StructProperty():
            try:
                encoded = base64.b64encode(value.text.encode()).decode("ascii")
            except UnicodeEncodeError as error:
                raise not_text(f"customProperties.{name}") from error
            return {"metadataType": "MetadataStructValue", "struct_value": encoded}
        case OpaqueProperty():
            return value.tagged
    return {"metadataType": "MetadataStringValue", "string_value": value}


def _values(properties: Any) -> Any:
    """Return the values of a map of tagged values. The entry's validation reports anything but a map."""
    if not isinstance(properties, Mapping):
        return properties
    return {name: _value(tagged) for name, tagged in properties.items()}


def _add_experiment(properties: Any, body: Mapping[str, Any]) -> None:
    """Add the custom properties that the registry returns as fields, as a map without them would delete them."""
    if not isinstance(properties, dict):
        return
    for field, name in EXPERIMENT_PROPERTIES.items():
        if (number := _int32(body.get(field))) is not None:
            properties.setdefault(name, number)


def _value(tagged: Any) -> PropertyValue:
    """Return the plain value of a tagged value of the four types that the client writes, or else an opaque one."""
    if not isinstance(tagged, dict):
        return opaque_property(tagged)
    # Mapping patterns would be easier to read, but they take three times as long, which shows in a long list.
    match tagged.get("metadataType"):
        case "MetadataStringValue" if isinstance(text := tagged.get("string_value"), str):
            return text
        case "MetadataBoolValue" if isinstance(truth := tagged.get("bool_value"), bool):
            return truth
        case "MetadataIntValue" if (whole := _int32(tagged.get("int_value"))) is not None:
            return whole
        case "MetadataDoubleValue" if (number := _finite(tagged.get("double_value"))) is not None:
            return number
    return opaque_property(tagged)


def _int32(text: object) -> int | None:
    """Return the whole number in a text, or None if it is not one of 32 bits."""
    if not isinstance(text, str) or not _WHOLE_NUMBER.fullmatch(text):
        return None
    number = int(text)
    return number if MIN_INT32 <= number <= MAX_INT32 else None


def _finite(value: object) -> float | None:
    """Return a JSON number as a float, or None if it is not a finite one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
