"""The names that are listed before many adoptions may be outdated: entries come and go."""

from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.registries.census import MANY
from tests.support.fault_proxy import Treatment, proxy_to
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, manifest


def _lists_all_models(received: Received) -> bool:
    path, _, query = received.path.partition("?")
    is_page = "pageSize=500" in query and "filterQuery" not in query
    return received.method == "GET" and path.endswith("/registered_models") and is_page


def _shows(names: list[str]) -> Callable[[Received], Treatment]:
    items = [{"id": str(9_000_000 + number), "name": name} for number, name in enumerate(names)]
    page = Reply(200, {"items": items, "size": len(items), "pageSize": 500, "nextPageToken": ""})
    return lambda received: page if _lists_all_models(received) else None


@pytest.mark.parametrize("shows_gone", [True, False], ids=["entries that are gone", "nothing"])
async def test_a_list_that_is_not_true_does_no_harm(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
    *,
    shows_gone: bool,
) -> None:
    gone, there = ([unique(f"{word}-{number}") for number in range(MANY // 2 + 3)] for word in ("gone", "there"))
    ids = {name: (await registry.upsert_registered_model(RegisteredModel(name))).id for name in there}
    own_space.apply(*(manifest("RegisteredModel", name) for name in (*gone, *there)))
    with proxy_to(registry_url, _shows(gone if shows_gone else [])) as proxy:
        start_operator(proxy.url, own_space)
        for name in gone:
            assert own_space.ready("RegisteredModel", name)["status"]["origin"] == "Created"
        for name in there:
            status = own_space.ready("RegisteredModel", name)["status"]
            assert (status["origin"], status["id"]) == ("Adopted", ids[name])
        assert any(map(_lists_all_models, proxy.received))
