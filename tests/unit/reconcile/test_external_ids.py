"""Who keeps an external ID, on a real registry: what a resource that is gone still holds, and what nobody may know."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from model_registry.exceptions import ConflictError
from model_registry.types import RegisteredModel, RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.tenants import Tenant
from registrar.kinds.base import Desired
from registrar.planning.ownership import Origin
from registrar.planning.problems import Disposition, ReconcileError
from registrar.planning.tenancy import EVERYTHING, Permit, Use, judge
from registrar.reconcile.context import Context
from registrar.reconcile.external_ids import free_external_id
from registrar.registries.registry import Registry
from tests.support.loopback import Reply, serving
from tests.unit.build import body, claimant, context_of, desired, model_key, stamp

WAITER = claimant("new")


@pytest.fixture
async def context(registry_url: str) -> AsyncIterator[Context]:
    async with context_of(registry_url=registry_url) as context:
        await context.registry.load()
        yield context


async def _refused(context: Context, **declared: Any) -> tuple[ReconcileError, RegistryEntry]:
    """Have a second model want the external ID of a first one, which these fields and properties describe."""
    holder, conflict, wanted = await _conflict(context, **declared)
    with pytest.raises(ReconcileError) as refusal:
        await _free(wanted, EVERYTHING, conflict, context)
    assert refusal.value.problem.reason is Reason.EXTERNAL_ID_CONFLICT
    assert await context.registry.get(wanted.kind, str(holder.id)) == holder, "it is not written"
    return refusal.value, holder


async def _conflict(context: Context, **declared: Any) -> tuple[RegistryEntry, ConflictError, Desired]:
    external_id = f"ext-{uuid.uuid4().hex}"
    holder = RegisteredModel(f"old-{uuid.uuid4().hex}", external_id=external_id, **declared)
    stored = await context.registry.create(desired(name=str(holder.name)), holder)
    wanted = desired(name=f"new-{uuid.uuid4().hex}", fields={"external_id": external_id})
    with pytest.raises(ConflictError) as conflict:
        await context.registry.create(wanted, RegisteredModel(wanted.name, external_id=external_id))
    return stored, conflict.value, wanted


async def _free(wanted: Desired, permit: Permit, conflict: ConflictError, context: Context) -> None:
    await free_external_id(
        wanted,
        WAITER,
        permit,
        conflict,
        memory=context.memory,
        kube=context.kube,
        registry=context.registry,
        monitor=context.monitor,
    )


async def test_a_vanished_resource_is_waited_for_until_its_entries_are_released(context: Context) -> None:
    # The API server, which is not reachable, is not needed for one that is known to be gone.
    context.memory.depart(body("RegisteredModel", "old"))
    refusal, holder = await _refused(context, custom_properties=stamp(reference="team/old"))
    assert refusal.problem.disposition is Disposition.WAITING
    assert f"'{holder.name}'" in refusal.problem.message
    assert "That resource is being deleted" in refusal.problem.message
    assert context.memory.external_ids.forget(model_key("old")) == {WAITER.key}


@pytest.mark.parametrize(("status", "disposition"), [(403, Disposition.WAITING), (404, Disposition.TERMINAL)])
async def test_a_resource_that_the_operator_may_not_read_counts(
    registry_url: str, status: int, disposition: Disposition
) -> None:
    with serving(lambda _: Reply(status, {"kind": "Status", "reason": "Forbidden"})) as server:
        async with context_of(registry_url=registry_url, kubernetes_url=server.url) as context:
            refusal, _ = await _refused(context, custom_properties=stamp(reference="hidden/old"))
    assert refusal.problem.disposition is disposition
    assert (refusal.problem.requeue_after is not None) == (disposition is Disposition.WAITING), "no event wakes it"


@pytest.mark.parametrize(
    "declared",
    [
        {"state": "ARCHIVED"},
        {"state": "ARCHIVED", "custom_properties": {"model-registrar.dev/owner": "created:others/x/y"}},
        {"state": "ARCHIVED", "custom_properties": {"model-registrar.dev/owner": "released:others/x/y"}},
        {"custom_properties": stamp(Origin.KEPT)},
    ],
    ids=["unstamped", "another installation's", "released by another installation", "left by the same resource"],
)
async def test_an_entry_that_this_installation_does_not_manage_keeps_its_external_id(
    context: Context, declared: dict[str, Any]
) -> None:
    refusal, _ = await _refused(context, **declared)
    assert refusal.problem.disposition is Disposition.TERMINAL
    assert "Choose another externalId" in refusal.problem.message


async def test_an_external_id_is_taken_only_by_whom_the_tenants_of_now_let_do_so(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    context.registry.tenants = [Tenant.model_validate({"namespaces": ["team"]})]
    permit, get = judge(Use("team", None), context.registry.tenants), Registry.get
    assert isinstance(permit, Permit)

    async def narrowing(registry: Registry, kind: Any, entry_id: str) -> Any:
        registry.tenants = [Tenant.model_validate({"namespaces": ["team"], "modelNames": ["others"]})]
        return await get(registry, kind, entry_id)

    monkeypatch.setattr(Registry, "get", narrowing)
    holder, conflict, wanted = await _conflict(context, state="ARCHIVED", custom_properties=stamp(Origin.RELEASED))
    with pytest.raises(ReconcileError) as refusal:
        await _free(wanted, permit, conflict, context)
    assert "judges again" in refusal.value.problem.message
    assert await get(context.registry, wanted.kind, str(holder.id)) == holder, "it is not written"


async def test_a_resource_whose_entry_is_in_another_registry_is_not_waited_for(registry_url: str) -> None:
    """It was made again there, and nothing that happens to it lets this external ID go."""
    elsewhere = {"id": "7", "registryUrl": "http://y.example", "registryRef": {"kind": "ClusterRegistry", "name": "y"}}
    holder = Reply(body=body("RegisteredModel", "old", status=elsewhere), headers={"Content-Type": "application/json"})
    with serving(lambda _: holder) as server:
        async with context_of(registry_url=registry_url, kubernetes_url=server.url) as context:
            refusal, _ = await _refused(context, custom_properties=stamp(reference="team/old"))
    assert refusal.problem.disposition is Disposition.TERMINAL
