"""Many tasks on a bad network: each entry is created exactly once."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError
from model_registry.types import ListOptions, ModelArtifact, ModelVersion, RegisteredModel
from tests.support.fault_proxy import ErrorAfter, Fault, Treatment, proxy_to
from tests.support.loopback import Received, Reply

Unique = Callable[[str], str]

TASKS = 64
FAULTS: list[Treatment] = [
    None,
    Fault.RESET_BEFORE,
    Fault.RESET_AFTER,
    Fault.DROP_AFTER,
    Fault.CUT_AFTER,
    Fault.GARBLE_AFTER,
    Reply(429, "slow down"),
    Reply(503, "no healthy upstream", {"Retry-After": "0"}),
    ErrorAfter(Reply(500, {"code": "Internal Server Error", "message": "driver: bad connection"})),
    ErrorAfter(Reply(504, "upstream request timeout")),
]
LOOK_UP_FAULTS: list[Treatment] = [None, Fault.RESET_BEFORE, Fault.DROP_AFTER, Reply(503, "no healthy upstream")]


class BadNetwork:
    """Causes a fault in the first request for each entry, and another in its first look-up."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self.faults: Counter[str] = Counter()

    def __call__(self, received: Received) -> Treatment:
        thing = received.json["name"] if received.method == "POST" else received.path
        faults = FAULTS if received.method == "POST" else LOOK_UP_FAULTS
        with self._lock:
            self._seen[received.method, thing] += 1
            if self._seen[received.method, thing] > 1:
                return None
            of_method = sum(1 for method, _ in self._seen if method == received.method)
            way = faults[of_method % len(faults)]
            self.faults[str(way)] += 1
        return way


async def test_64_tasks_create_each_model_exactly_once(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    network = BadNetwork()
    sent = [RegisteredModel(unique(f"m{number}"), custom_properties={"n": number}) for number in range(TASKS)]
    with proxy_to(registry_url, network) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url) as through:
            created = await asyncio.gather(*(through.upsert_registered_model(model) for model in sent))
    names = {model.name for model in sent}
    listed = await client.get_registered_models(ListOptions.order_by_id())
    stored = [model for model in listed if model.name in names]
    assert len(stored) == TASKS
    assert sorted(created, key=lambda model: int(model.id or 0)) == stored
    assert [model.name for model in created] == [model.name for model in sent]
    assert min(network.faults[str(way)] for way in FAULTS) >= TASKS // len(FAULTS), "every fault has happened"


async def test_64_tasks_create_each_artifact_of_a_version_exactly_once(
    registry_url: str, client: ModelRegistryAPIClient, model: RegisteredModel
) -> None:
    with proxy_to(registry_url, BadNetwork()) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url) as through:
            version = await through.upsert_model_version(ModelVersion("v"), model.id)
            created = await asyncio.gather(
                *(
                    through.upsert_model_artifact(ModelArtifact(f"a_{number}", uri="u"), version.id)
                    for number in range(TASKS)
                )
            )
    stored = await client.get_model_artifacts(version.id, ListOptions.order_by_id())
    assert sorted(created, key=lambda artifact: int(artifact.id or 0)) == stored
    assert len(stored) == TASKS


async def test_of_many_creates_with_the_same_name_one_succeeds_on_a_bad_network_too(
    registry_url: str, client: ModelRegistryAPIClient, unique: Unique
) -> None:
    counting = threading.Lock()
    posts = 0

    def bad_for_posts(received: Received) -> Treatment:
        nonlocal posts
        if received.method != "POST":
            return None
        with counting:
            posts += 1
            return FAULTS[posts % len(FAULTS)] if posts <= TASKS else None

    with proxy_to(registry_url, bad_for_posts) as proxy:
        async with ModelRegistryAPIClient.connect(proxy.url) as through:
            results = await asyncio.gather(
                *(
                    through.upsert_registered_model(RegisteredModel(unique("m"), owner=f"task {number}"))
                    for number in range(TASKS)
                ),
                return_exceptions=True,
            )
    (stored,) = [model for model in await client.get_registered_models() if model.name == unique("m")]
    winners = [result for result in results if isinstance(result, RegisteredModel)]
    assert winners == [stored]
    for result in results:
        if result is not winners[0]:
            with pytest.raises(ConflictError) as refused:
                raise result  # type: ignore[misc] # the only model is the winner
            assert refused.value.holder == stored
