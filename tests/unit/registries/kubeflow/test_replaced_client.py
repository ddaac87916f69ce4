"""The client of a registry is replaced, because other certificate authorities are trusted from now on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConnectionFailed
from model_registry.types import RegisteredModel
from registrar.kinds.table import ENTRY_KINDS
from registrar.registries.kubeflow.backend import KubeflowBackend

MODEL = ENTRY_KINDS["RegisteredModel"]


class Client(ModelRegistryAPIClient):
    """Answers once it is asked to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.answering = asyncio.Event()
        self.is_asked = asyncio.Event()
        self.is_closed = False

    async def get_registered_model_by_id(self, id: str | None) -> RegisteredModel:  # noqa: A002 - as in the client
        """See the client."""
        self.is_asked.set()
        await self.answering.wait()
        assert not self.is_closed
        return RegisteredModel(self.name, id=id)

    async def aclose(self) -> None:
        """See the client."""
        self.is_closed = True


async def test_calls_that_have_begun_end_with_the_former_client() -> None:
    former, latter = Client("former"), Client("latter")
    latter.answering.set()
    backend = KubeflowBackend(former)
    calls = [asyncio.create_task(backend.get(MODEL, "1")) for _ in range(2)]
    await former.is_asked.wait()
    await backend.replace(latter)
    found: Any = await backend.get(MODEL, "1")
    assert found.name == "latter"
    assert not former.is_closed
    former.answering.set()
    assert {entry.name for entry in await asyncio.gather(*calls) if entry} == {"former"}
    assert (former.is_closed, latter.is_closed) == (True, False)
    await backend.aclose()
    assert latter.is_closed


async def test_a_client_that_nobody_uses_is_closed_at_once() -> None:
    former = Client("former")
    backend = KubeflowBackend(former)
    await backend.replace(Client("latter"))
    assert former.is_closed


async def test_nothing_is_sent_before_there_is_a_client() -> None:
    backend = KubeflowBackend(None)
    with pytest.raises(ConnectionFailed, match="its certificate authorities are not available"):
        await backend.get(MODEL, "1")
    client = Client("first")
    client.answering.set()
    await backend.replace(client)
    found: Any = await backend.get(MODEL, "1")
    assert found.name == "first"
