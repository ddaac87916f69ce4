"""Answers of the API server: read in little memory, and never nested too deeply for kopf.

kopf reads each line of a watch with a parser that recurses, and a RecursionError ends that watch for good
(`registrar.cluster.watch`). Nobody else's line may be lost for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, cast

import aiohttp

from registrar.api.bodies import Body
from registrar.api.nesting import read_shallow, shallow
from registrar.cluster.compact import read_compact
from registrar.cluster.echoes import Echoes
from registrar.cluster.listed import hand_over


class ShallowResponse(aiohttp.ClientResponse):
    """An answer in whose JSON everything that is nested too deeply is null."""

    async def json(self, **options: Any) -> Any:
        """Return the value of the body."""
        return await super().json(**{"loads": read_shallow, **options})


class KopfResponse(ShallowResponse):
    """An answer to kopf: it takes little memory, each line of a watch is shallow as well, and lists are handed over."""

    echoes: ClassVar[Echoes]
    """What the lines of a watch leave out."""
    show: ClassVar[Callable[[Body], None]]
    """Takes the resources of lists."""

    @classmethod
    def of(cls, echoes: Echoes, show: Callable[[Body], None]) -> type[KopfResponse]:
        """Return the class of answers with these attributes."""
        return type(cls.__name__, (cls,), {"echoes": echoes, "show": staticmethod(show)})

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Receive the headers."""
        await super().start(connection)
        if self.url.query.get("watch") == "true":
            self.content = cast("aiohttp.StreamReader", _ShallowLines(self.content, self.echoes))
        return self

    async def json(self, **options: Any) -> Any:
        """Return the value of the body, without the resources of a list, which are shown."""
        return hand_over(await super().json(**{"loads": _read_compact, **options}), type(self).show)


def _read_compact(text: str) -> Any:
    return read_shallow(text, read_compact)


class _ShallowLines:
    """The stream of a watch, of which kopf reads chunks; aiohttp calls everything else on the stream itself."""

    def __init__(self, stream: aiohttp.StreamReader, echoes: Echoes) -> None:
        self._stream = stream
        self._echoes = echoes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def iter_chunked(self, size: int) -> AsyncIterator[bytes]:
        """Yield whole lines, as they come, but for the echoes of our own writes."""
        rest = b""
        async for chunk in self._stream.iter_chunked(size):
            lines, end, rest = (rest + chunk).rpartition(b"\n")
            news = [line for line in lines.split(b"\n") if not self._echoes.is_echo(line)] if end else []
            if news:
                yield b"".join(_shallow(line) + end for line in news)
        if rest:
            yield _shallow(rest)


def _shallow(line: bytes) -> bytes:
    return shallow(line.decode()).encode()
