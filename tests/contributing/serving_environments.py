"""The embedded registry with the real server's serving environments, which it lacks: for the page about a new kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
from sqlalchemy import Connection

from local_registry import app, bodies, kinds, queries, registry, store
from local_registry.bodies import Body
from local_registry.errors import MalformedRequestError
from local_registry.kinds import Kind
from local_registry.pages import Page
from local_registry.schema import CONTEXTS
from local_registry.store import Store
from tests.env.registry import serve

KIND: Final = Kind(
    name="serving-environment",
    label="serving environment",
    tables=CONTEXTS,
    texts=("description",),
    states=(),
    state_type="",
    default_state="",
)


def _read(source: dict[str, Any], *extra: str) -> Body:
    """The fields of a body; the real server knows no ``state`` of these and refuses it, null too."""
    if "state" in source:
        raise MalformedRequestError('json: unknown field "state"')
    sent = bodies.read(KIND, source, extra=extra)
    return replace(sent, fields={name: value for name, value in sent.fields.items() if name != "state"})


def _create(connection: Connection, source: dict[str, Any]) -> dict[str, Any]:
    sent = _read(source, "name")
    name = registry._required(sent, "name")
    return registry._insert(connection, KIND, sent, name=name, stored_name=name)


def _update(connection: Connection, entry_id: str, source: dict[str, Any]) -> dict[str, Any]:
    return registry._update(connection, registry._get(connection, KIND, entry_id), _read(source))


def _list(connection: Connection, query: dict[str, str]) -> dict[str, Any]:
    """A page; the real server ignores the ``filterQuery`` here."""
    return queries._list_kind(connection, KIND, Page.requested(query), "")


def _find(connection: Connection, query: dict[str, str]) -> dict[str, Any]:
    columns = KIND.tables.entries.c
    name, external_id = query.get("name"), query.get("externalId")
    wanted = queries._like(KIND, name) if name else columns.external_id == external_id
    found = store.find_entries(connection, KIND.tables, [columns.kind == KIND.name, wanted])
    return queries._only(found, "serving environments", f"name={name}, externalId={external_id}")


ROWS: Final[dict[str, dict[str, app.Operation]]] = {
    "/serving_environment": {"GET": lambda call: app._ok(_find(call.connection, call.query))},
    "/serving_environments": {
        "GET": lambda call: app._ok(_list(call.connection, call.query)),
        "POST": lambda call: app._created(_create(call.connection, call.body)),
    },
    "/serving_environments/{id}": {
        "GET": lambda call: app._ok(registry.get(call.connection, KIND, call.id)),
        "PATCH": lambda call: app._ok(_update(call.connection, call.id, call.body)),
    },
}


@contextmanager
def serve_environments() -> Iterator[str]:
    """Serve a registry that has them; yields its root address."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kinds.KINDS, KIND.name, KIND)
        for path, operations in ROWS.items():
            patch.setitem(app._OPERATIONS, path, operations)
        with serve(Store(":memory:")) as url:
            yield url
