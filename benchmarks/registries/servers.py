"""Many embedded registries in one process, each below a path of its own: ``python -m benchmarks.registries.servers``.

It counts requests, and has registries accept requests without ever answering them.
"""

import asyncio
import json
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from local_registry.app import create_app
from local_registry.store import Store

LISTENING: Final = "registries listen on "
COUNTS, SILENCE = "counts", "silence"
_LISTS = frozenset({"registered_models", "model_versions", "artifacts", "model_artifacts"})


@dataclass
class Registries:
    """An ASGI application: registry number 3 is at the path ``/3``.

    A GET of ``/counts`` returns how many requests each has received, by kind. A POST to ``/silence/3`` has number 3
    answer nothing from then on, and a DELETE of it ends that.
    """

    apps: list[ASGIApp]
    counts: list[Counter[str]] = field(default_factory=list)
    silent: dict[int, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = [Counter() for _ in self.apps]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it to the registry of its path."""
        _, first, *rest = scope["path"].split("/")
        if first == COUNTS:
            await _answer(send, self.counts)
        elif first == SILENCE:
            self._change(scope["method"], int(rest[0]))
            await _answer(send, None)
        else:
            number, path = int(first), "/" + "/".join(rest)
            self.counts[number][kind_of(scope["method"], path)] += 1
            if (ending := self.silent.get(number)) is not None:
                await ending.wait()
            await self.apps[number]({**scope, "path": path, "raw_path": path.encode()}, receive, send)

    def _change(self, method: str, number: int) -> None:
        if method == "POST":
            self.silent[number] = asyncio.Event()
        elif (ending := self.silent.pop(number, None)) is not None:
            ending.set()


def kind_of(method: str, path: str) -> str:
    """Return the kind of a request: its method, and of a GET whether it asks for a page of a list."""
    if method != "GET":
        return method
    return "GET list" if path.rpartition("/")[2] in _LISTS else "GET entry"


async def _answer(send: Send, content: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


@contextmanager
def _stores(number: int) -> Iterator[list[Store]]:
    with ExitStack() as stack:
        stores = [Store(":memory:") for _ in range(number)]
        for store in stores:
            stack.callback(store.close)
        yield stores


def main() -> None:
    """Serve as many registries as the argument says, until a signal."""
    # With the protocol said, asyncio sends small responses without a delay.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    with _stores(int(sys.argv[1])) as stores, listening as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        app = Registries([create_app(store) for store in stores])
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        # The benchmark reads this line.
        sys.stdout.write(f"{LISTENING}http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
