"""Finding one entry by name or external ID, and listing entries page by page.

Every function works on an open transaction and raises the errors of `local_registry.errors`. The rules for finding one
entry are the real server's: a name is a LIKE pattern, a name takes precedence over an external ID, and several matches
are a 404.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection

from local_registry import entries, filters, store
from local_registry.coercion import TypeMismatchError
from local_registry.errors import BadRequestError, NotFoundError
from local_registry.integers import integer
from local_registry.kinds import (
    ARTIFACT_KINDS,
    DOC_ARTIFACT,
    MODEL_ARTIFACT,
    MODEL_VERSION,
    REGISTERED_MODEL,
    UNSUPPORTED_ARTIFACT_TYPES,
    Kind,
)
from local_registry.pages import Page
from local_registry.schema import ARTIFACTS
from local_registry.store import Entry

Json = dict[str, Any]
Query = Mapping[str, str]


def find_model(connection: Connection, query: Query) -> Json:
    """Return the only model whose name matches the pattern ``name``, or without a name, the one with ``externalId``."""
    name, external_id = query.get("name"), query.get("externalId")
    if not name and not external_id:
        raise BadRequestError("invalid parameters call, supply either name or externalId")
    columns = REGISTERED_MODEL.tables.entries.c
    wanted = _like(REGISTERED_MODEL, name) if name else columns.external_id == external_id
    found = store.find_entries(connection, REGISTERED_MODEL.tables, [columns.kind == REGISTERED_MODEL.name, wanted])
    return _only(found, "registered models", f"name={name or ''}, externalId={external_id or ''}")


def find_version(connection: Connection, query: Query) -> Json:
    """Return the only version of a model that matches ``name``, or without a name, the one with ``externalId``."""
    name, external_id, parent = query.get("name"), query.get("externalId"), query.get("parentResourceId")
    if not (name and parent) and not external_id:
        raise BadRequestError("invalid parameters call, supply either (name and parentResourceId), or externalId")
    columns = MODEL_VERSION.tables.entries.c
    model = integer(parent, "invalid registered model ID") if parent else None
    wanted = (
        _like(MODEL_VERSION, f"{'%' if model is None else model}:{name}")
        if name
        else columns.external_id == external_id
    )
    conditions = [columns.kind == MODEL_VERSION.name, wanted]
    if model is not None:
        conditions.append(store.linked_to(MODEL_VERSION.tables, model))
    found = store.find_entries(connection, MODEL_VERSION.tables, conditions)
    return _only(found, "model versions", _criteria(name, parent, external_id))


def find_artifact(connection: Connection, query: Query, kind: Kind | None = None) -> Json:
    """Return the only artifact that matches ``<anything>:<name>``, or without a name, the one with ``externalId``.

    The search covers artifacts of every type. `kind` is only the type that the match must have.
    """
    name, external_id, parent = query.get("name"), query.get("externalId"), query.get("parentResourceId")
    if not (name and parent) and not external_id:
        raise BadRequestError(
            "invalid parameters call, supply either (artifactName and parentResourceId), or externalId"
        )
    version = integer(parent, "invalid parent resource ID") if parent else None
    wanted = _like(MODEL_ARTIFACT, f"%:{name}") if name else ARTIFACTS.entries.c.external_id == external_id
    conditions = [wanted] if version is None else [wanted, store.linked_to(ARTIFACTS, version)]
    found = store.find_entries(connection, ARTIFACTS, conditions)
    criteria = _criteria(name, parent, external_id)
    artifact = _only(found, f"{'model ' if kind else ''}artifacts", criteria)
    if kind and found[0].kind is not kind:
        raise NotFoundError(f"artifact with {criteria} is not a {kind.label}")
    return artifact


def list_models(connection: Connection, query: Query) -> Json:
    """Return a page of the models."""
    return _list_kind(connection, REGISTERED_MODEL, Page.requested(query), query.get("filterQuery", ""))


def list_versions(connection: Connection, query: Query, model_id: str | None = None) -> Json:
    """Return a page of the versions, of one model if it is given. The model need not exist."""
    if model_id is None:
        return _list_kind(connection, MODEL_VERSION, Page.requested(query), query.get("filterQuery", ""))
    page, filter_query = Page.requested(query), _combined_filter(query)
    model = integer(model_id, "invalid registered model ID")
    return _list_kind(connection, MODEL_VERSION, page, filter_query, store.linked_to(MODEL_VERSION.tables, model))


def list_model_artifacts(connection: Connection, query: Query) -> Json:
    """Return a page of the model artifacts. It ignores `filterQuery`, as the real server does."""
    return _list_kind(connection, MODEL_ARTIFACT, Page.requested(query), "")


def list_artifacts(connection: Connection, query: Query, version_id: str | None = None) -> Json:
    """Return a page of the artifacts of every type, or of one ``artifactType``, of one version if it is given."""
    page = Page.requested(query)
    filter_query = query.get("filterQuery", "") if version_id is None else _combined_filter(query)
    conditions: list[ColumnElement[bool]] = []
    if version_id is not None:
        conditions.append(store.linked_to(ARTIFACTS, integer(version_id, "invalid parent resource ID")))
    artifact_type = query.get("artifactType", "")
    if artifact_type == "null":
        raise BadRequestError("invalid artifact type: empty or null value provided")
    if artifact_type and artifact_type not in {*ARTIFACT_KINDS, *UNSUPPORTED_ARTIFACT_TYPES}:
        raise BadRequestError(f"invalid artifact type {artifact_type}")
    if artifact_type:
        conditions.append(ARTIFACTS.entries.c.kind == artifact_type)
    # A filter knows the fields of the type. Without a type, it knows those of model artifacts, and with an unsupported
    # type, those that all artifacts have.
    kind = ARTIFACT_KINDS.get(artifact_type, DOC_ARTIFACT) if artifact_type else MODEL_ARTIFACT
    return _list(connection, kind, page, filter_query, *conditions)


def _only(found: list[Entry], what: str, criteria: str) -> Json:
    if len(found) != 1:
        raise NotFoundError(f"{'multiple' if found else 'no'} {what} found for {criteria}")
    return entries.to_wire(found[0])


def _criteria(name: str | None, parent: str | None, external_id: str | None) -> str:
    return f"name={name or ''}, parentResourceId={parent or ''}, externalId={external_id or ''}"


def _like(kind: Kind, pattern: str) -> ColumnElement[bool]:
    try:
        return filters.like(kind.tables.entries.c.stored_name, pattern)
    except TypeMismatchError as mismatch:
        raise BadRequestError(
            f"error listing {kind.label}s: invalid filter query, type mismatch or invalid value in comparison"
        ) from mismatch


def _combined_filter(query: Query) -> str:
    """Return the `filterQuery` of a list of children, with ``name`` or ``externalId`` added and their quotes doubled.

    Doubled quotes have no meaning in that language, so a name with a quote is a 400, as in the real server.
    """
    filter_query, name, external_id = (query.get(key, "") for key in ("filterQuery", "name", "externalId"))
    parts = [f"({filter_query})"] if filter_query else []
    for field, value in (("name", name), ("externalId", external_id)):
        if value:
            doubled = value.replace("'", "''")
            parts.append(f"{field} = '{doubled}'")
            break
    return " AND ".join(parts)


def _list_kind(
    connection: Connection, kind: Kind, page: Page, filter_query: str, *conditions: ColumnElement[bool]
) -> Json:
    return _list(connection, kind, page, filter_query, kind.tables.entries.c.kind == kind.name, *conditions)


def _list(connection: Connection, kind: Kind, page: Page, filter_query: str, *conditions: ColumnElement[bool]) -> Json:
    """Return a page of the entries that meet the conditions. `kind` defines the fields that the `filterQuery` knows."""
    filtered = filters.condition(kind, filter_query)
    wanted = conditions if filtered is None else (*conditions, filtered)
    found, token = store.list_entries(connection, kind.tables, wanted, page, kind.label)
    return {
        "items": [entries.to_wire(entry) for entry in found],
        "nextPageToken": token,
        "pageSize": page.size,
        "size": len(found),
    }
