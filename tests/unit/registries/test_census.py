"""A census: many resources cost one list, few cost none, and what it lists is only a hint."""

import asyncio
from collections.abc import Callable

from model_registry.exceptions import RequestTimeout
from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.registries.census import MANY, MAX_NAMES, NAMES_PER_RESOURCE, VALID_SECONDS, Census
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID


class Backend:
    """A registry that has one model with one version."""

    def __init__(self) -> None:
        self.listed: list[type[RegistryEntry]] = []
        self.limits: list[int] = []
        self.ended: Callable[[], None] = lambda: None
        self.is_slow = False

    async def places(self, family: type[RegistryEntry], limit: int) -> frozenset[tuple[str, str]]:
        self.listed.append(family)
        self.limits.append(limit)
        self.ended()
        await asyncio.sleep(0)
        if self.is_slow:
            raise RequestTimeout("it did not answer")
        return frozenset({("", "fraud")} if family is RegisteredModel else {("7", "v1")})


class Asked:
    """A census of that registry, with a clock and a number of resources that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.new = MANY
        self.backend = Backend()
        self.registry = Registry(self.backend, "http://registry", OWNER_ID)  # type: ignore[arg-type]  # the part that is used
        self._census = Census(self.registry, lambda: self.new, lambda: self.now)

    async def lists(self, name: str, kind: EntryKind = REGISTERED_MODEL.entry, parent_id: str = "") -> bool:
        return await self._census.lists(Desired("", kind, "team/fraud", name, parent_id, {}, {}, None))


async def test_many_resources_cost_one_list_of_each_family() -> None:
    asked = Asked()
    names = ["fraud", *(f"new-{number}" for number in range(20))]
    found = await asyncio.gather(*(asked.lists(name) for name in names))
    assert dict(zip(names, found, strict=True)) == {name: name == "fraud" for name in names}
    assert await asked.lists("v1", MODEL_VERSION.entry, "7")
    assert not await asked.lists("v1", MODEL_VERSION.entry, "8")
    assert asked.backend.listed == [RegisteredModel, ModelVersion]


async def test_few_resources_cost_none() -> None:
    asked = Asked()
    asked.new = MANY - 1
    assert not await asked.lists("fraud")
    assert asked.backend.listed == []


async def test_a_census_is_taken_again_after_a_while() -> None:
    asked = Asked()
    for asked.now in (0.0, VALID_SECONDS - 1, VALID_SECONDS):
        assert await asked.lists("fraud")
    assert len(asked.backend.listed) == 2
    # The last of many still gain from it, and those that come later need none.
    asked.new = 1
    assert await asked.lists("fraud")
    asked.now += VALID_SECONDS
    assert not await asked.lists("fraud")


async def test_the_entries_of_others_are_listed_up_to_a_limit() -> None:
    asked = Asked()
    for asked.new in (30, 100_000):
        await asked.lists("fraud")
        asked.now += VALID_SECONDS
    assert asked.backend.limits == [30 * NAMES_PER_RESOURCE, MAX_NAMES]


async def test_those_that_wait_for_a_slow_list_do_not_list_again() -> None:
    asked = Asked()

    def pass_time() -> None:
        asked.now += 2 * VALID_SECONDS

    asked.backend.ended = pass_time
    await asyncio.gather(*(asked.lists(f"new-{number}") for number in range(5)))
    assert len(asked.backend.listed) == 1


async def test_a_registry_that_was_reset_is_listed_again() -> None:
    asked = Asked()
    await asked.lists("fraud")
    asked.registry.end_epoch()
    await asked.lists("fraud")
    assert len(asked.backend.listed) == 2


async def test_an_artifact_is_in_no_census() -> None:
    asked = Asked()
    assert not await asked.lists("weights", MODEL_ARTIFACT, "7")
    assert asked.backend.listed == []


async def test_a_list_that_fails_keeps_nothing_from_being_created() -> None:
    asked = Asked()
    asked.backend.is_slow = True
    assert not await asked.lists("fraud")
    assert not await asked.lists("fraud")
    assert len(asked.backend.listed) == 1, "it is not asked again at once"
