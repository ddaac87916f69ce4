"""One entry on a real registry: created, left alone, and not replaced before another reading of the registry."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from model_registry.types import RegisteredModel
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.kinds.base import Claim
from registrar.kinds.desired import desired_entry
from registrar.planning.actions import FieldSet, RecordedState
from registrar.planning.ownership import Origin
from registrar.planning.problems import Disposition, ReconcileError
from registrar.planning.tenancy import EVERYTHING
from registrar.reconcile.context import Context
from registrar.reconcile.entry import reconcile_entry
from registrar.reconcile.preconditions import PROBE_SECONDS
from registrar.reconcile.request import EntryRequest
from registrar.reconcile.resource import policies_of, read_resource
from registrar.reporting.outcome import EntryResult, OperationResult
from tests.support.fault_proxy import on_first, proxy_to
from tests.support.loopback import Reply
from tests.unit.build import REGISTRY, body, context_of, model_key, stamp

ABSENT = "2147483646"


@pytest.fixture
async def context(registry_url: str) -> AsyncIterator[Context]:
    async with context_of(registry_url=registry_url) as context:
        await context.registry.load()
        yield context


@pytest.fixture
def name() -> str:
    return f"entry-{uuid.uuid4().hex[:8]}"


async def reconcile(name: str, recorded: RecordedState, context: Context, **spec: Any) -> EntryResult:
    resource = read_resource(body("RegisteredModel", name, description="d", **spec))
    declared = resource.require_spec()
    request = EntryRequest(
        resource=resource,
        desired=desired_entry(declared, REGISTRY, ""),
        parent=None,
        claimant=resource.claimant(),
        recorded=recorded,
        policies=policies_of(declared, context.settings),
        permit=EVERYTHING,
    )
    return await reconcile_entry(request, context)


async def test_a_missing_entry_is_created_and_then_left_alone(name: str, context: Context) -> None:
    created = await reconcile(name, RecordedState(), context)
    assert created.operation is OperationResult.CREATED
    assert created.owned == FieldSet(frozenset({"description"}))
    entry = created.entry
    assert isinstance(entry, RegisteredModel)
    assert (entry.name, entry.description, entry.state) == (name, "d", "LIVE")
    again = await reconcile(name, RecordedState(entry.id, owned=created.owned), context)
    assert (again.operation, again.drift, again.entry) == (None, (), entry)


@pytest.mark.parametrize("times", [1, 2], ids=["let go since", "held by what is not shown"])
async def test_a_conflict_whose_holder_is_gone_when_it_is_looked_up_is_tried_again(
    registry_url: str, name: str, times: int
) -> None:
    refusal = Reply(409, {"code": "Conflict", "message": "already exists"})
    with proxy_to(registry_url, on_first("POST", refusal, times)) as proxy:
        async with context_of(registry_url=proxy.url) as context:
            await context.registry.load()
            if times == 1:
                result = await reconcile(name, RecordedState(), context, externalId=f"ext-{name}")
                assert result.operation is OperationResult.CREATED
                return
            with pytest.raises(ReconcileError) as conflict:
                await reconcile(name, RecordedState(), context, externalId=f"ext-{name}")
    assert conflict.value.problem.reason is Reason.EXTERNAL_ID_CONFLICT
    assert "does not show by which entry" in conflict.value.problem.message


async def test_an_entry_is_replaced_only_after_another_reading_of_the_registry(name: str, context: Context) -> None:
    context.memory.cache.synced.set()
    gone = RecordedState(ABSENT, had_entry=True)
    with pytest.raises(ReconcileError) as refusal:
        await reconcile(name, gone, context)
    problem = refusal.value.problem
    assert (problem.disposition, problem.reason) == (Disposition.WAITING, Reason.REGISTRY_UNAVAILABLE)
    assert problem.requeue_after == PROBE_SECONDS
    await context.registry.load()
    assert (await reconcile(name, gone, context)).operation is OperationResult.CREATED


async def test_an_entry_that_came_back_and_is_lost_again_needs_a_reading_of_its_own(
    name: str, context: Context
) -> None:
    context.memory.cache.synced.set()
    gone = RecordedState(ABSENT, had_entry=True)
    with pytest.raises(ReconcileError):
        await reconcile(name, gone, context)
    entry = await context.registry.create(
        desired_entry(read_resource(body("RegisteredModel", name)).require_spec(), REGISTRY, ""),
        RegisteredModel(name, description="d"),
    )
    recorded = RecordedState(entry.id, owned=FieldSet(frozenset({"description"})), had_entry=True)
    assert (await reconcile(name, recorded, context)).entry.id == entry.id
    await context.registry.load()
    context.registry.view.forget(RegisteredModel, str(entry.id))
    with pytest.raises(ReconcileError) as refusal:
        await reconcile(name, gone, context)
    assert refusal.value.problem.reason is Reason.REGISTRY_UNAVAILABLE


@pytest.mark.parametrize("state", ["LIVE", "ARCHIVED"], ids=["as declared", "to be restored"])
@pytest.mark.parametrize("origin", [Origin.CREATED, Origin.RELEASED])
async def test_another_registry_gives_nobody_an_entry_by_its_stamp(
    origin: Origin, state: str, name: str, context: Context
) -> None:
    """The resource had an entry there once, and its ClusterRegistry has that address by mistake."""
    registry, cache = context.registry, context.memory.cache
    registry.ref = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name="prod")
    lost = {"id": ABSENT, "createTimeSinceEpoch": "1", "registryUrl": "http://former"}
    cache.put(body("RegisteredModel", "lost", status=lost))
    cache.synced.set()
    properties = stamp(origin, f"team/{name}")
    there = RegisteredModel(name, description="d", state=state, custom_properties=properties)
    wanted = desired_entry(read_resource(body("RegisteredModel", name)).require_spec(), REGISTRY, "")
    entry = await registry.create(wanted, there)
    for recorded in (RecordedState(), RecordedState(entry.id, "1", had_entry=True)):
        with pytest.raises(ReconcileError) as refusal:
            await reconcile(name, recorded, context)
        assert refusal.value.problem.reason is Reason.REGISTRY_REPLACED
    assert await registry.get(wanted.kind, str(entry.id)) == entry
    # What the status records is its own, whatever else is missing.
    recorded = RecordedState(entry.id, entry.create_time_since_epoch, had_entry=True)
    assert (await reconcile(name, recorded, context)).entry.id == entry.id
    cache.remove(model_key("lost"))
    await registry.load()
    assert (await reconcile(name, RecordedState(), context)).entry.id == entry.id


@pytest.mark.parametrize("recorded", [RecordedState(), RecordedState(ABSENT, had_entry=True)], ids=["new", "lost"])
async def test_nothing_is_created_before_the_view_of_another_epoch_is_loaded(
    recorded: RecordedState, name: str, context: Context
) -> None:
    context.memory.cache.synced.set()
    if recorded.had_entry:
        context.memory.losses.notice(Claim(REGISTRY, "RegisteredModel", "", name), 0.0)
    context.registry.end_epoch()
    with pytest.raises(ReconcileError) as refusal:
        await reconcile(name, recorded, context)
    assert refusal.value.problem.disposition is Disposition.OUTAGE
    await context.registry.load()
    assert (await reconcile(name, recorded, context)).operation is OperationResult.CREATED
