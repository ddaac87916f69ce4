"""What changed in the registry wakes its resources, whoever read it first, and though a later list fails."""

from typing import Any

import pytest

from model_registry.exceptions import ConnectionFailed
from model_registry.types import RegistryEntry
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.registries.backend import Changes
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, model, model_key, stamp

CHANGED = model("7", "fraud", owner="by hand", custom_properties=stamp(), last_update_time_since_epoch="2")
KNOWN = model("7", "fraud", owner="by git", custom_properties=stamp(), last_update_time_since_epoch="1")
KEY = model_key()


class Backend:
    """A registry in which one entry has changed; its other lists can fail."""

    def __init__(self) -> None:
        self.fails = False

    async def newest(self, _: type[RegistryEntry]) -> int:
        return 0

    async def list_stamped(self, family: type[RegistryEntry], _: str) -> list[RegistryEntry]:
        return [KNOWN] if family is REGISTERED_MODEL.entry.family else []

    async def changed_since(self, family: type[RegistryEntry], cursor: Any, _: int) -> Changes:
        if family is REGISTERED_MODEL.entry.family:
            return Changes([CHANGED], cursor)
        if self.fails:
            raise ConnectionFailed("the registry cannot be reached")
        return Changes([], cursor)

    async def get(self, *_: object) -> RegistryEntry:
        return CHANGED


@pytest.fixture
async def registry() -> Registry:
    registry = Registry(Backend(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
    await registry.load()
    return registry


async def test_a_change_that_another_resource_has_read_wakes_its_own(registry: Registry) -> None:
    await registry.get(REGISTERED_MODEL.entry, "7")
    assert await registry.poll() == {KEY}
    assert await registry.poll() == frozenset(), "once"


async def test_a_change_is_not_lost_with_a_poll_that_fails_later(registry: Registry) -> None:
    backend: Any = registry.backend
    backend.fails = True
    with pytest.raises(ConnectionFailed):
        await registry.poll()
    backend.fails = False
    assert await registry.poll() == {KEY}
    assert await registry.poll() == frozenset(), "once"
