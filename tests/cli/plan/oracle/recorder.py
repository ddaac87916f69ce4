"""An embedded registry that keeps what it was asked to write, with its answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local_registry.app import create_app
from local_registry.store import Store
from tests.env.registry import serve_app

WRITES = {"POST", "PATCH", "PUT", "DELETE"}


@dataclass(frozen=True)
class Request:
    """A write that the registry carried out.

    Attributes:
        method: its method.
        path: its path, without a query.
        body: what was sent.
        answer: the entry afterwards.
    """

    method: str
    path: str
    body: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Recorder:
    """Passes requests on to a server, and keeps the writes that succeed, in their order.

    Attributes:
        app: the server.
        writes: the writes so far.
        is_away: refuse all requests, as a gateway does whose server is away.
    """

    app: ASGIApp
    writes: list[Request] = field(default_factory=list)
    is_away: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and self.is_away:
            await PlainTextResponse("away", HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] not in WRITES:
            await self.app(scope, receive, send)
            return
        sent, answered = bytearray(), bytearray()
        statuses: list[int] = []

        async def received() -> Message:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, received, answer)
        if statuses[0] < 300:
            self.writes.append(Request(scope["method"], scope["path"], json.loads(sent), json.loads(answered)))


@contextmanager
def recording() -> Iterator[tuple[str, Recorder]]:
    """Serve an empty registry; yields its address and the recorder."""
    recorder = Recorder(create_app(Store(":memory:")))
    with serve_app(recorder) as url:
        yield url, recorder
