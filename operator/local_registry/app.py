"""The HTTP API: maps paths to operations, and runs one operation at a time."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from local_registry import bodies, queries, registry
from local_registry.errors import MalformedRequestError, RegistryError
from local_registry.kinds import MODEL_ARTIFACT, MODEL_VERSION, REGISTERED_MODEL
from local_registry.store import Store

API_VERSIONS: Final = ("v1alpha3", "v1")
_PREFIX: Final = "/api/model_registry/"


class Call:
    """A request, in the form that the operations need.

    Attributes:
        connection: An open transaction.
        id: The ID in the path, or "" for a path without one.
    """

    def __init__(self, connection: Connection, identifier: str, raw_query: str, raw_body: bytes) -> None:
        self.connection = connection
        self.id = identifier
        self._raw_query = raw_query
        self._raw_body = raw_body

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query. The first value of a repeated parameter counts.

        Raises:
            MalformedRequestError: If the query contains a ";", a "%" without two hexadecimal digits, or bytes that are
                not UTF-8.
        """
        raw = self._raw_query
        if ";" in raw:
            raise MalformedRequestError("invalid semicolon separator in query")
        if broken := re.search("%(?![0-9A-Fa-f]{2}).{0,2}", raw):
            raise MalformedRequestError(f'invalid URL escape "{broken.group()}"')
        try:
            pairs = parse_qsl(raw, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError as error:
            raise MalformedRequestError(f"the query is not UTF-8: {error}") from error
        return dict(reversed(pairs))

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the body.

        Raises:
            MalformedRequestError: If the body is not a JSON object.
        """
        return bodies.parse(self._raw_body)


Result = tuple[HTTPStatus, Any]
Operation = Callable[[Call], Result]


def _ok(body: Any) -> Result:
    return HTTPStatus.OK, body


def _created(body: Any) -> Result:
    return HTTPStatus.CREATED, body


def _upsert(call: Call) -> Result:
    artifact, is_new = registry.upsert_version_artifact(call.connection, call.id, call.body)
    return _created(artifact) if is_new else _ok(artifact)


_OPERATIONS: Final[dict[str, dict[str, Operation]]] = {
    "/registered_model": {"GET": lambda call: _ok(queries.find_model(call.connection, call.query))},
    "/model_version": {"GET": lambda call: _ok(queries.find_version(call.connection, call.query))},
    "/artifact": {"GET": lambda call: _ok(queries.find_artifact(call.connection, call.query))},
    "/model_artifact": {
        "GET": lambda call: _ok(queries.find_artifact(call.connection, call.query, MODEL_ARTIFACT)),
    },
    "/registered_models": {
        "GET": lambda call: _ok(queries.list_models(call.connection, call.query)),
        "POST": lambda call: _created(registry.create_model(call.connection, call.body)),
    },
    "/registered_models/{id}": {
        "GET": lambda call: _ok(registry.get(call.connection, REGISTERED_MODEL, call.id)),
        "PATCH": lambda call: _ok(registry.update(call.connection, REGISTERED_MODEL, call.id, call.body)),
    },
    "/registered_models/{id}/versions": {
        "GET": lambda call: _ok(queries.list_versions(call.connection, call.query, call.id)),
        "POST": lambda call: _created(registry.create_version(call.connection, call.body, call.id)),
    },
    "/model_versions": {
        "GET": lambda call: _ok(queries.list_versions(call.connection, call.query)),
        "POST": lambda call: _created(registry.create_version(call.connection, call.body)),
    },
    "/model_versions/{id}": {
        "GET": lambda call: _ok(registry.get(call.connection, MODEL_VERSION, call.id)),
        "PATCH": lambda call: _ok(registry.update(call.connection, MODEL_VERSION, call.id, call.body)),
    },
    "/model_versions/{id}/artifacts": {
        "GET": lambda call: _ok(queries.list_artifacts(call.connection, call.query, call.id)),
        "POST": _upsert,
    },
    "/model_artifacts": {
        "GET": lambda call: _ok(queries.list_model_artifacts(call.connection, call.query)),
        "POST": lambda call: _created(registry.create_model_artifact(call.connection, call.body)),
    },
    "/model_artifacts/{id}": {
        "GET": lambda call: _ok(registry.get_model_artifact(call.connection, call.id)),
        "PATCH": lambda call: _ok(registry.update_model_artifact(call.connection, call.id, call.body)),
    },
    "/artifacts": {
        "GET": lambda call: _ok(queries.list_artifacts(call.connection, call.query)),
        "POST": lambda call: _created(registry.create_artifact(call.connection, call.body)),
    },
    "/artifacts/{id}": {
        "GET": lambda call: _ok(registry.get_artifact(call.connection, call.id)),
        "PATCH": lambda call: _ok(registry.update_artifact(call.connection, call.id, call.body)),
    },
}


def create_app(store: Store) -> Starlette:
    """Return the server for a store. The server closes the store when it stops."""
    # One operation at a time: the store has one connection, and SQLite works best with one writer.
    limiter = CapacityLimiter(1)

    def endpoint(operations: dict[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            body = await request.body()
            perform = partial(_perform, store, operations[request.method], request, body)
            return await to_thread.run_sync(perform, limiter=limiter)

        return respond

    async def health(_request: Request) -> Response:
        await to_thread.run_sync(store.check, limiter=limiter)
        return PlainTextResponse("OK")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    routes = [
        _route(f"{_PREFIX}{version}{path}", endpoint(operations), operations)
        for version in API_VERSIONS
        for path, operations in _OPERATIONS.items()
    ]
    routes += [
        _route(f"{path}/readyz/{name}", health, ["GET"]) for path in ("", "/{_:path}") for name in ("health", "isDirty")
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _refused_by_router}, lifespan=lifespan)
    app.router.redirect_slashes = False
    return app


def _route(path: str, endpoint: Callable[[Request], Awaitable[Response]], methods: Any) -> Route:
    route = Route(path, endpoint, methods=list(methods))
    # Starlette adds HEAD to GET, but the real server answers HEAD with 405.
    route.methods = set(methods)
    return route


def _perform(store: Store, operation: Operation, request: Request, body: bytes) -> Response:
    raw_query = request.url.query
    try:
        _refuse_null_bytes(raw_query, body)
        status, content = store.transaction(
            lambda connection: operation(Call(connection, request.path_params.get("id", ""), raw_query, body))
        )
    except RegistryError as error:
        status, content = error.status, {"code": error.code, "message": error.message}
    return Response(
        json.dumps(content, ensure_ascii=False).encode() + b"\n",
        status_code=status,
        media_type="application/json; charset=UTF-8",
    )


def _refuse_null_bytes(raw_query: str, body: bytes) -> None:
    """Refuse null bytes and their escapes in the raw text, as the real server does: its database cannot store them."""
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        if "\0" in value or r"\u0000" in value:
            raise MalformedRequestError(
                f"Invalid {name} query parameter: invalid {name} parameter: contains null bytes which are not allowed"
            )
    if b"\0" in body or rb"\u0000" in body:
        raise MalformedRequestError("Request body contains null bytes which are not allowed")


async def _refused_by_router(_request: Request, error: Exception) -> Response:
    """Answer unknown paths and methods with the messages of the real server's router."""
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.NOT_FOUND:
        return PlainTextResponse("404 page not found\n", status_code=status)
    headers = error.headers if isinstance(error, HTTPException) else None
    return Response(status_code=status, headers=headers)
