"""Finding one entry by name or external ID, and listing entries page by page.

Every function works on an open transaction and raises the errors of `local_registry.errors`. The rules of a find are
the real server's: a name is a LIKE pattern, a given name wins over an external ID, and several hits are a 404.
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
    UNKEPT_ARTIFACT_TYPES,
    Kind,
)
from local_registry.pages import Page
from local_registry.schema import ARTIFACTS
from local_registry.store import Entry

Json = dict[str, Any]
Query = Mapping[str, str]


def find_model(connection: Connection, query: Query) -> Json:
    """The one model whose name matches the pattern ``name``, else the one with this ``externalId``."""
    name, external_id = query.get("name"), query.get("externalId")
    if not name and not external_id:
        raise BadRequestError("invalid parameters call, supply either name or externalId")
    columns = REGISTERED_MODEL.tables.entries.c
    wanted = _like(REGISTERED_MODEL, name) if name else columns.external_id == external_id
    found = store.find_entries(connection, REGISTERED_MODEL.tables, [columns.kind == REGISTERED_MODEL.name, wanted])
    return _only(found, "registered models", f"name={name or ''}, externalId={external_id or ''}")


def find_version(connection: Connection, query: Query) -> Json:
    """The one version of a model whose name matches the pattern ``name``, else the one with this ``externalId``."""
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
    return _only(found, "model versions", _asked(name, parent, external_id))


def find_artifact(connection: Connection, query: Query, kind: Kind | None = None) -> Json:
    """The one artifact of a version whose name matches ``<anything>:<name>``, else the one with this ``externalId``.

    The search is among artifacts of every type; `kind` only says which type the one that is found must have.
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
    asked = _asked(name, parent, external_id)
    answer = _only(found, f"{'model ' if kind else ''}artifacts", asked)
    if kind and found[0].kind is not kind:
        raise NotFoundError(f"artifact with {asked} is not a {kind.label}")
    return answer


def list_models(connection: Connection, query: Query) -> Json:
    """A page of the models."""
    return _list_kind(connection, REGISTERED_MODEL, Page.requested(query), query.get("filterQuery", ""))


def list_versions(connection: Connection, query: Query, model_id: str | None = None) -> Json:
    """A page of the versions, of one model if it is given. Nobody checks that it exists."""
    if model_id is None:
        return _list_kind(connection, MODEL_VERSION, Page.requested(query), query.get("filterQuery", ""))
    page, filter_query = Page.requested(query), _combined_filter(query)
    model = integer(model_id, "invalid registered model ID")
    return _list_kind(connection, MODEL_VERSION, page, filter_query, store.linked_to(MODEL_VERSION.tables, model))


def list_model_artifacts(connection: Connection, query: Query) -> Json:
    """A page of the model artifacts. The real server does not look at `filterQuery` here, so neither does this one."""
    return _list_kind(connection, MODEL_ARTIFACT, Page.requested(query), "")


def list_artifacts(connection: Connection, query: Query, version_id: str | None = None) -> Json:
    """A page of the artifacts of every type, or of one ``artifactType``; of one version if it is given."""
    page = Page.requested(query)
    filter_query = query.get("filterQuery", "") if version_id is None else _combined_filter(query)
    conditions: list[ColumnElement[bool]] = []
    if version_id is not None:
        conditions.append(store.linked_to(ARTIFACTS, integer(version_id, "invalid parent resource ID")))
    artifact_type = query.get("artifactType", "")
    if artifact_type == "null":
        raise BadRequestError("invalid artifact type: empty or null value provided")
    if artifact_type and artifact_type not in {*ARTIFACT_KINDS, *UNKEPT_ARTIFACT_TYPES}:
        raise BadRequestError(f"invalid artifact type {artifact_type}")
    if artifact_type:
        conditions.append(ARTIFACTS.entries.c.kind == artifact_type)
    # Without a type, a filter knows the fields of model artifacts; of a type not kept here, those that all types have.
    kind = ARTIFACT_KINDS.get(artifact_type, DOC_ARTIFACT) if artifact_type else MODEL_ARTIFACT
    return _list(connection, kind, page, filter_query, *conditions)


def _only(found: list[Entry], what: str, asked: str) -> Json:
    if len(found) != 1:
        raise NotFoundError(f"{'multiple' if found else 'no'} {what} found for {asked}")
    return entries.to_wire(found[0])


def _asked(name: str | None, parent: str | None, external_id: str | None) -> str:
    return f"name={name or ''}, parentResourceId={parent or ''}, externalId={external_id or ''}"


def _like(kind: Kind, pattern: str) -> ColumnElement[bool]:
    try:
        return filters.like(kind.tables.entries.c.stored_name, pattern)
    except TypeMismatchError as mismatch:
        raise BadRequestError(
            f"error listing {kind.label}s: invalid filter query, type mismatch or invalid value in comparison"
        ) from mismatch


def _combined_filter(query: Query) -> str:
    """The `filterQuery` of a list of children: ``name`` or ``externalId`` joins it, quotes doubled.

    Doubled quotes mean nothing in that language, so that a name with a quote is a 400, here as in the real server.
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
    """A page of the entries that fulfil the conditions; `kind` says which fields the `filterQuery` knows."""
    filtered = filters.condition(kind, filter_query)
    wanted = conditions if filtered is None else (*conditions, filtered)
    found, token = store.list_entries(connection, kind.tables, wanted, page, kind.label)
    return {
        "items": [entries.to_wire(entry) for entry in found],
        "nextPageToken": token,
        "pageSize": page.size,
        "size": len(found),
    }
