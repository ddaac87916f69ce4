"""Which orphans are found, and what archiving them does when the registry does not take one of them."""

from collections.abc import Callable, Mapping

import httpx
import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.reconcile.orphans import OrphanSearch
from registrar.settings import OrphanedEntries
from tests.env.registry import EmbeddedServers
from tests.support.fault_proxy import proxy_to
from tests.support.loopback import Received, Reply, serving
from tests.unit.build import body, claim, claimant, context_of, model_key, stamp

PROTO = {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "eA=="}


class Counts:
    """Keeps what the last search found."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def found(self, orphans: Mapping[str, int]) -> None:
        self.last = dict(orphans)


def showing_a_proto(received: Received, url: str, name: str) -> Reply | None:
    """The registry shows a property on an entry that it does not take back."""
    if received.method != "GET":
        return None
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        data = http.get(received.path).json()
    for entry in data.get("items", [data]):
        if entry.get("name") == name:
            entry["customProperties"]["wire"] = PROTO
    return Reply(body=data, headers={"Content-Type": "application/json"})


def refusing(received: Received, url: str, name: str) -> Reply | None:
    """The registry refuses to change an entry."""
    if received.method != "PATCH":
        return None
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        is_it = http.get(received.path).json()["name"] == name
    return Reply(400, {"message": "no"}) if is_it else None


@pytest.mark.parametrize("fault", [showing_a_proto, refusing])
async def test_an_orphan_that_cannot_be_archived_does_not_stop_the_others(
    fault: Callable[[Received, str, str], Reply | None],
    embedded_registry: EmbeddedServers,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # The entries of other tests would be orphans as well.
    url = embedded_registry().url
    names = [f"gone-{n}" for n in range(4)]
    bad = names[1]
    async with ModelRegistryAPIClient.connect(url) as registry:
        for name in names:
            entry = RegisteredModel(name, custom_properties=stamp(reference=f"team/{name}"))
            await registry.upsert_registered_model(entry)
        with (
            serving(lambda _: Reply(404, {"reason": "NotFound", "message": "not found"})) as kubernetes,
            proxy_to(url, lambda received: fault(received, url, bad)) as proxy,
        ):
            async with context_of(registry_url=proxy.url, kubernetes_url=kubernetes.url) as context:
                await context.registry.load()
                archive = {"orphaned_entries": OrphanedEntries.ARCHIVE, "namespaces": ("team",)}
                settings = context.settings.model_copy(update=archive)
                search = OrphanSearch(settings, context.kube, context.registry, context.memory, Counts())
                await search.search()
                caplog.clear()
                await search.search()
        states = {}
        for name in names:
            found = await registry.get_registered_model_by_params(name)
            assert found is not None
            states[name] = found.state
    assert states == {name: "LIVE" if name == bad else "ARCHIVED" for name in names}
    (warning,) = (record for record in caplog.records if record.name == "registrar.reconcile.orphans")
    assert f"RegisteredModel {bad!r}" in warning.getMessage()


async def test_an_orphan_without_a_state_is_found(
    embedded_registry: EmbeddedServers, caplog: pytest.LogCaptureFixture
) -> None:
    url = embedded_registry().url
    stamps = {name: {"metadataType": "MetadataStringValue", "string_value": text} for name, text in stamp().items()}
    old = {"id": "1", "name": "fraud", "customProperties": stamps}

    def answer(received: Received) -> Reply | None:
        is_models = received.path.partition("?")[0].endswith("/registered_models")
        return Reply(200, {"items": [old], "nextPageToken": ""}) if is_models else None

    gone = serving(lambda _: Reply(404, {"reason": "NotFound", "message": "not found"}))
    with gone as kubernetes, proxy_to(url, answer) as proxy:
        async with context_of(registry_url=proxy.url, kubernetes_url=kubernetes.url) as context:
            await context.registry.load()
            search = OrphanSearch(context.settings, context.kube, context.registry, context.memory, Counts())
            await search.search()
    assert "RegisteredModel 'fraud' (id 1, of " in caplog.text


async def test_an_entry_that_is_handed_over_is_no_orphan(embedded_registry: EmbeddedServers) -> None:
    """The resource that its stamp names is gone, and its successor has not written to the registry yet."""
    url = embedded_registry().url
    async with ModelRegistryAPIClient.connect(url) as registry:
        await registry.upsert_registered_model(RegisteredModel("fraud", custom_properties=stamp(reference="old/fraud")))
        await registry.upsert_registered_model(RegisteredModel("left", custom_properties=stamp(reference="old/left")))
    successor, counts = body(), Counts()

    def answer(received: Received) -> Reply:
        if received.path.endswith("/team/registeredmodels/fraud"):
            return Reply(200, successor, {"Content-Type": "application/json"})
        return Reply(404, {"reason": "NotFound", "message": "not found"})

    with serving(answer) as kubernetes:
        async with context_of(registry_url=url, kubernetes_url=kubernetes.url) as context:
            await context.registry.load()
            memory = context.memory
            search = OrphanSearch(context.settings, context.kube, context.registry, memory, counts)
            await search.search()
            assert counts.last == {"RegisteredModel": 2}
            # It declares the entry, and has not had its turn; then it claims the entry.
            memory.keep(successor)
            await search.search()
            assert counts.last == {"RegisteredModel": 1}
            successor = body(version=2, status={"syncedGeneration": 1})
            memory.keep(successor)
            memory.claim(claim(), claimant())
            assert memory.unclaimed() == []
            await search.search()
            assert counts.last == {"RegisteredModel": 1}
            # It gives the entry up.
            successor = body(version=3, status={"syncedGeneration": 1}, name="other")
            memory.keep(successor)
            memory.claim_only(model_key(), ())
            await search.search()
            assert counts.last == {"RegisteredModel": 2}
