"""Making, reading and changing entries: one function per operation, on an open transaction, JSON objects in and out.

IDs come as the text of the path or the query. Every function raises the errors of `local_registry.errors`. The order
of the checks is the real server's: first the shape of the body, then whether the entry exists, then the values.
"""

import uuid
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from local_registry import bodies, entries, properties, store
from local_registry.bodies import Body
from local_registry.errors import (
    BadRequestError,
    ConflictError,
    MalformedRequestError,
    MissingFieldError,
    NotFoundError,
)
from local_registry.integers import INT64, integer
from local_registry.kinds import (
    ARTIFACT_KINDS,
    DATASET_ARTIFACT,
    MODEL_ARTIFACT,
    MODEL_VERSION,
    REGISTERED_MODEL,
    UNKEPT_ARTIFACT_TYPES,
    Kind,
)
from local_registry.schema import ARTIFACTS
from local_registry.store import DuplicateError, Entry

Json = dict[str, Any]

_TIMES: Final = ("createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")
"""May be sent where a whole entry may be; must then be numbers, and mean nothing."""


def create_model(connection: Connection, body: Json) -> Json:
    """Make a registered model."""
    sent = bodies.read(REGISTERED_MODEL, body, extra=("name",))
    name = _required(sent, "name")
    return _insert(connection, REGISTERED_MODEL, sent, name=name, stored_name=name)


def create_version(connection: Connection, body: Json, model_id: str | None = None) -> Json:
    """Make a version. Nobody checks that its model exists.

    Args:
        connection: an open transaction.
        body: if it comes below a model and has the ``id`` of a version, that version is updated and belongs to this
            model from now on.
        model_id: the model that the path names; wins over the body's ``registeredModelId``.
    """
    extra = ("name", "registeredModelId") if model_id is None else ("name", "registeredModelId", "id", *_TIMES)
    sent = bodies.read(MODEL_VERSION, body, extra=extra)
    name, owner = _required(sent, "name"), _required(sent, "registeredModelId")
    owner = owner if model_id is None else model_id
    if (version_id := sent.text("id")) is not None:
        return _update(connection, _get(connection, MODEL_VERSION, version_id), sent, model=_model_id(owner))
    stored_name = entries.stored_name(owner, name)
    return _insert(connection, MODEL_VERSION, sent, name=name, stored_name=stored_name, model=_model_id(owner))


def get(connection: Connection, kind: Kind, entry_id: str) -> Json:
    """The model or version of this ID."""
    return entries.to_wire(_get(connection, kind, entry_id))


def update(connection: Connection, kind: Kind, entry_id: str, body: Json) -> Json:
    """PATCH a model or version. A ``state`` that is not mentioned goes back to its default; null leaves it."""
    sent = bodies.read(kind, body)
    return _update(connection, _get(connection, kind, entry_id), sent)


def create_artifact(connection: Connection, body: Json) -> Json:
    """Make an artifact of the body's ``artifactType`` that belongs to no version."""
    kind = _declared_kind(body)
    if kind is None:
        raise _wrong_type(body)
    return _create_artifact(connection, kind, bodies.read_artifact(kind, body, extra=("name",)))


def create_model_artifact(connection: Connection, body: Json) -> Json:
    """Make a model artifact that belongs to no version."""
    return _create_artifact(connection, MODEL_ARTIFACT, bodies.read(MODEL_ARTIFACT, body, extra=("name",)))


def upsert_version_artifact(connection: Connection, version_id: str, body: Json) -> tuple[Json, bool]:
    """Make an artifact of a version; with an ``id``, update that artifact and link it to this version too.

    Returns:
        The artifact, and whether it is new. Of a dataset that is never said.
    """
    kind = _declared_kind(body)
    extra = ("id", "name", *_TIMES, "experimentId", "experimentRunId")
    sent = bodies.read_artifact(kind, body, extra=extra) if kind else None
    version = _get(connection, MODEL_VERSION, version_id)
    if kind is None or sent is None:
        raise _wrong_type(body)
    if (artifact_id := sent.text("id")) is not None:
        return _update(connection, _artifact_to_update(connection, kind, artifact_id), sent, link=version.id), False
    return _create_artifact(connection, kind, sent, version=version), kind is not DATASET_ARTIFACT


def get_artifact(connection: Connection, artifact_id: str) -> Json:
    """The artifact of this ID, of any type."""
    return entries.to_wire(_get_artifact(connection, artifact_id))


def get_model_artifact(connection: Connection, artifact_id: str) -> Json:
    """The model artifact of this ID."""
    return entries.to_wire(_get_model_artifact(connection, artifact_id))


def update_artifact(connection: Connection, artifact_id: str, body: Json) -> Json:
    """PATCH an artifact of any type; the body must name the type it has. Only a ``state`` that is sent changes it."""
    kind = _declared_kind(body)
    sent = bodies.read_artifact(kind, body) if kind else None
    entry = _get_artifact(connection, artifact_id)
    if kind is not entry.kind or sent is None:
        sent_type = kind.name if kind else "unknown"
        raise MalformedRequestError(
            f"cannot change artifact type from '{entry.kind.name}' to '{sent_type}': artifact type is immutable"
        )
    return _update(connection, entry, sent)


def update_model_artifact(connection: Connection, artifact_id: str, body: Json) -> Json:
    """PATCH a model artifact. A ``state`` that is not mentioned goes back to UNKNOWN; null leaves it."""
    sent = bodies.read(MODEL_ARTIFACT, body)
    return _update(connection, _get_model_artifact(connection, artifact_id), sent)


def _required(sent: Body, field: str) -> str:
    value = sent.text(field)
    if not value:
        raise MissingFieldError(field)
    return value


def _model_id(text: str) -> int:
    return integer(text, "error setting field Properties: invalid numeric string")


def _declared_kind(body: Json) -> Kind | None:
    declared = body.get("artifactType")
    return ARTIFACT_KINDS.get(declared) if isinstance(declared, str) else None


def _wrong_type(body: Json) -> BadRequestError:
    if body.get("artifactType") in UNKEPT_ARTIFACT_TYPES:
        return BadRequestError(f"this local registry keeps no artifacts of type {body['artifactType']}")
    return BadRequestError(
        "invalid artifact type, must be either ModelArtifact, DocArtifact, DataSet, Metric, or Parameter"
    )


def _get(connection: Connection, kind: Kind, entry_id: str) -> Entry:
    entry = store.get_entry(connection, kind.tables, integer(entry_id, f"invalid {kind.label} ID"))
    if entry is None or entry.kind is not kind:
        raise NotFoundError(f"no {kind.label} found for id {entry_id}")
    return entry


def _get_artifact(connection: Connection, artifact_id: str) -> Entry:
    entry = store.get_entry(connection, ARTIFACTS, integer(artifact_id, "invalid artifact ID"))
    if entry is None:
        raise NotFoundError(f"no artifact found for id {artifact_id}")
    return entry


def _get_model_artifact(connection: Connection, artifact_id: str) -> Entry:
    entry = _get_artifact(connection, artifact_id)
    if entry.kind is not MODEL_ARTIFACT:
        raise NotFoundError(f"artifact with id {artifact_id} is not a model artifact")
    return entry


def _artifact_to_update(connection: Connection, kind: Kind, artifact_id: str) -> Entry:
    try:
        entry = _get_artifact(connection, artifact_id)
    except (BadRequestError, NotFoundError) as error:
        raise BadRequestError(f"mismatched types, artifact with id {artifact_id} is not a {kind.label}") from error
    if entry.kind is not kind:
        raise BadRequestError(f"artifact with id {artifact_id} is not a {kind.label}")
    return entry


def _create_artifact(connection: Connection, kind: Kind, sent: Body, version: Entry | None = None) -> Json:
    name = sent.text("name")
    name = str(uuid.uuid4()) if name is None else name
    stored_name = entries.stored_name(str(version.id if version else uuid.uuid4()), name)
    return _insert(connection, kind, sent, name=name, stored_name=stored_name, link=version.id if version else None)


def _insert(
    connection: Connection,
    kind: Kind,
    sent: Body,
    *,
    name: str,
    stored_name: str,
    model: int | None = None,
    link: int | None = None,
) -> Json:
    change = entries.to_change(kind, sent, properties.convert(sent.custom or {}), model=model)
    entries.check_length(kind, stored_name)
    for time in _TIMES:
        integer(sent.text(time) or "0", f"error setting field Attributes: {time}", INT64)
    try:
        entry = store.insert_entry(
            connection, kind, stored_name, replace(change, parent=model if link is None else link)
        )
    except DuplicateError as error:
        raise ConflictError(f"{kind.label} with name {name} already exists") from error
    return entries.to_wire(entry)


def _update(
    connection: Connection, entry: Entry, sent: Body, *, model: int | None = None, link: int | None = None
) -> Json:
    if sent.custom is None:
        properties.check_writable(entry.custom)
    custom = None if sent.custom is None else properties.convert(sent.custom)
    change = entries.to_change(entry.kind, sent, custom, model=model)
    try:
        updated = store.update_entry(connection, entry, replace(change, parent=model if link is None else link))
    except DuplicateError as error:
        raise ConflictError(f"{entry.kind.label} with name {entries.name_of(entry)} already exists") from error
    return entries.to_wire(updated)
