"""Creating, reading and changing entries. Each operation is a function that takes an open transaction and JSON objects.

IDs are the text in the path or the query. Every function raises the errors of `local_registry.errors`. The order of the
checks is the real server's: first the shape of the body, then whether the entry exists, then the values.
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
    UNSUPPORTED_ARTIFACT_TYPES,
    Kind,
)
from local_registry.schema import ARTIFACTS
from local_registry.store import DuplicateError, Entry

Json = dict[str, Any]

_TIMES: Final = ("createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")
"""Accepted wherever a whole entry is accepted. They must be numbers, and have no effect."""


def create_model(connection: Connection, body: Json) -> Json:
    """Create a registered model."""
    sent = bodies.read(REGISTERED_MODEL, body, extra=("name",))
    name = _required(sent, "name")
    return _insert(connection, REGISTERED_MODEL, sent, name=name, stored_name=name)


def create_version(connection: Connection, body: Json, model_id: str | None = None) -> Json:
    """Create a version. Its model need not exist.

    Args:
        connection: An open transaction.
        body: If it is sent to a model's path and contains the ``id`` of a version, that version is updated and moved
            to this model.
        model_id: The model in the path. It takes precedence over the body's ``registeredModelId``.
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
    """Return the model or version with this ID."""
    return entries.to_wire(_get(connection, kind, entry_id))


def update(connection: Connection, kind: Kind, entry_id: str, body: Json) -> Json:
    """PATCH a model or version. Without ``state``, the state is reset to its default. null keeps it."""
    sent = bodies.read(kind, body)
    return _update(connection, _get(connection, kind, entry_id), sent)


def create_artifact(connection: Connection, body: Json) -> Json:
    """Create an artifact of the body's ``artifactType`` without a version."""
    kind = _declared_kind(body)
    if kind is None:
        raise _wrong_type(body)
    return _create_artifact(connection, kind, bodies.read_artifact(kind, body, extra=("name",)))


def create_model_artifact(connection: Connection, body: Json) -> Json:
    """Create a model artifact without a version."""
    return _create_artifact(connection, MODEL_ARTIFACT, bodies.read(MODEL_ARTIFACT, body, extra=("name",)))


def upsert_version_artifact(connection: Connection, version_id: str, body: Json) -> tuple[Json, bool]:
    """Create an artifact of a version, or with an ``id``, update that artifact and also link it to this version.

    Returns:
        The artifact, and whether it is new. For a dataset, the latter is always False.
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
    """Return the artifact with this ID, of any type."""
    return entries.to_wire(_get_artifact(connection, artifact_id))


def get_model_artifact(connection: Connection, artifact_id: str) -> Json:
    """Return the model artifact with this ID."""
    return entries.to_wire(_get_model_artifact(connection, artifact_id))


def update_artifact(connection: Connection, artifact_id: str, body: Json) -> Json:
    """PATCH an artifact of any type. The body must contain its type. A missing ``state`` keeps the state."""
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
    """PATCH a model artifact. Without ``state``, the state is reset to UNKNOWN. null keeps it."""
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
    if body.get("artifactType") in UNSUPPORTED_ARTIFACT_TYPES:
        return BadRequestError(f"the local registry does not support artifacts of type {body['artifactType']}")
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
        kept = properties.shown(entry.custom)
        custom = None if len(kept) == len(entry.custom) else kept
    else:
        custom = properties.convert(sent.custom)
    change = entries.to_change(entry.kind, sent, custom, model=model)
    try:
        updated = store.update_entry(connection, entry, replace(change, parent=model if link is None else link))
    except DuplicateError as error:
        raise ConflictError(f"{entry.kind.label} with name {entries.name_of(entry)} already exists") from error
    return entries.to_wire(updated)
