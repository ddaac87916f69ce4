"""Conversion of stored entries to JSON, and of request bodies to what is stored."""

from collections.abc import Mapping
from typing import Any

from local_registry import properties
from local_registry.bodies import Body
from local_registry.errors import ValueTooLongError
from local_registry.kinds import ARTIFACT_STATES, Kind, stored
from local_registry.properties import Property
from local_registry.schema import MAX_NAME_LENGTH
from local_registry.store import Change, Entry

PARENT_PROPERTY = stored("registeredModelId")
"""The property of a version that contains the ID of its model."""


def name_of(entry: Entry) -> str:
    """Return the name of an entry, without the parent's ID with which a child's stored name begins."""
    if entry.kind.name == "registered-model":
        return entry.stored_name
    prefix, colon, name = entry.stored_name.partition(":")
    return name if colon else prefix


def stored_name(owner: str, name: str) -> str:
    """Return the stored name of a child, which is unique among its siblings."""
    return f"{owner}:{name}" if name else owner


def to_wire(entry: Entry) -> dict[str, Any]:
    """Return the JSON object of an entry. A field that was never set is absent."""
    kind = entry.kind
    plain = {
        name: entry.fields[stored(name)].value for name in (*kind.texts, *kind.lists) if stored(name) in entry.fields
    }
    optional = {"externalId": entry.external_id, "uri": entry.uri, "state": _state(entry)}
    shown = {
        "id": str(entry.id),
        "name": name_of(entry),
        "createTimeSinceEpoch": str(entry.created),
        "lastUpdateTimeSinceEpoch": str(entry.updated),
        "customProperties": properties.to_wire(entry.custom),
    }
    if kind.is_artifact:
        shown |= {"artifactType": kind.name, **properties.experiment(entry.custom)}
    if PARENT_PROPERTY in entry.fields:
        shown["registeredModelId"] = str(entry.fields[PARENT_PROPERTY].value)
    return dict(
        sorted((shown | plain | {name: value for name, value in optional.items() if value is not None}).items())
    )


def to_change(kind: Kind, body: Body, custom: Mapping[str, Property] | None, *, model: int | None = None) -> Change:
    """Return what a body writes.

    Args:
        kind: The kind of the entry.
        body: The entry in the request.
        custom: The body's custom properties, converted.
        model: The new model ID of a version. None keeps it.

    Raises:
        ValueTooLongError: If the external ID or the name of a custom property is too long.
    """
    external_id = body.text("externalId")
    check_length(kind, external_id or "", *(custom or {}))
    columns: dict[str, Any] = {} if external_id is None else {"external_id": external_id}
    fields = {stored(name): Property("string_value", body.fields[name]) for name in kind.texts if name in body.fields}
    fields |= {stored(name): Property("json_value", body.fields[name]) for name in kind.lists if name in body.fields}
    state = body.text("state")
    if kind.is_artifact:
        columns |= {} if state is None else {"state": ARTIFACT_STATES.index(state)}
        columns |= {"uri": body.fields["uri"]} if "uri" in body.fields else {}
    elif state is not None:
        fields["state"] = Property("string_value", state)
    if model is not None:
        fields[PARENT_PROPERTY] = Property("int_value", model)
    return Change(columns, fields, custom, parent=model)


def check_length(kind: Kind, *names: str) -> None:
    """Refuse names that are too long for the real server's database.

    Raises:
        ValueTooLongError: If one of them is longer than `MAX_NAME_LENGTH`.
    """
    if any(len(name) > MAX_NAME_LENGTH for name in names):
        raise ValueTooLongError(kind.label)


def _state(entry: Entry) -> str | None:
    if not entry.kind.is_artifact:
        return entry.fields["state"].value if "state" in entry.fields else None
    return None if entry.state is None else ARTIFACT_STATES[entry.state]
