"""Which model a resource uses, and which entries that are found may be used for it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from model_registry.types import ModelVersion
from registrar.api.conditions import Reason
from registrar.api.tenants import Tenant
from registrar.api.v1alpha1.common import Holder
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import lineage
from registrar.planning.actions import RecordedState
from registrar.planning.problems import Problem, ReconcileError
from registrar.planning.tenancy import Permit
from registrar.reconcile.context import Context
from registrar.reconcile.resource import ManagedResource, read_resource
from registrar.reconcile.targets import Target
from registrar.reconcile.tenancy import (
    confirm_permit,
    is_left_to_other,
    may_use_entry,
    may_want,
    permit_of,
    permit_to_retire,
    require_permit,
)
from tests.support.fault_proxy import FaultProxy, proxy_to
from tests.support.rest import Rest
from tests.unit.build import OWNER_ID, artifact, body, claim, context_of, model, stamp

OWN = {"namespaces": ["team"], "modelNames": ["{namespace}.*"]}


@pytest.fixture
def proxy(rest: Rest) -> Iterator[FaultProxy]:
    with proxy_to(rest.url) as running:
        yield running


@pytest.fixture
async def context(proxy: FaultProxy) -> AsyncIterator[Context]:
    """An operator whose registry admits the namespace team, for models of its own."""
    async with context_of(registry_url=proxy.url) as built:
        _set_tenants(built, OWN)
        await built.registry.load()
        proxy.received.clear()
        yield built


def _set_tenants(context: Context, *fields: dict[str, Any]) -> None:
    context.registry.tenants = [Tenant.model_validate(each) for each in fields]


def _version(*, status: dict[str, Any] | None = None, **reference: Any) -> ManagedResource:
    return read_resource(body("ModelVersion", "v1", status=status, registeredModelRef=reference))


def _known(context: Context, entry_id: str, parent_id: str) -> dict[str, Any]:
    """The status of a version of this registry."""
    return {"id": entry_id, "parentId": parent_id, "registryUrl": context.registry.url}


async def _verdict(resource: ManagedResource, context: Context) -> Permit | Problem:
    return await permit_of(resource, context.memory.cache, context.registry)


async def test_the_manifests_say_the_name_of_the_model_without_a_request(context: Context, proxy: FaultProxy) -> None:
    for parts in (
        body(name="team.churn"),
        body("ModelVersion", "v1", registeredModelRef={"name": "team.churn"}),
        body("ModelVersion", "v2", registeredModelRef={"external": {"name": "team.external"}}),
    ):
        context.memory.keep(parts)
        assert isinstance(await _verdict(read_resource(parts), context), Permit)
    artifact = body("ModelArtifact", "weights", modelVersionRef={"name": "v1"})
    assert isinstance(await _verdict(read_resource(artifact), context), Permit)
    context.memory.keep(body("ModelVersion", "v3", registeredModelRef={"external": {"name": "others.churn"}}))
    below = body("ModelArtifact", "weights", modelVersionRef={"name": "v3"})
    verdict = await _verdict(read_resource(below), context)
    assert isinstance(verdict, Problem)
    assert "Change spec.registeredModelRef of ModelVersion team/v3" in verdict.message
    assert proxy.received == []


async def test_an_id_is_looked_up_once(context: Context, proxy: FaultProxy, rest: Rest) -> None:
    theirs = rest.version(rest.model("others.churn"), "1")
    mine = rest.version(rest.model("team.churn"), "1")
    proxy.received.clear()
    for entry_id, expected in ((theirs, Problem), (mine, Permit)) * 3:
        artifact = body("ModelArtifact", "weights", modelVersionRef={"external": {"id": entry_id}})
        assert isinstance(await _verdict(read_resource(artifact), context), expected)
    assert len(proxy.received) == 4, "two versions and their models"


@pytest.mark.parametrize(
    "tenant",
    [
        {"namespaces": ["others"]},
        {**OWN, "externalReferences": "None"},
        {**OWN, "externalReferences": "Any"},
        {"namespaces": ["team"]},
    ],
    ids=["not admitted", "no external", "any external", "any name"],
)
async def test_an_id_is_not_looked_up_where_it_decides_nothing(
    tenant: dict[str, Any], context: Context, proxy: FaultProxy
) -> None:
    _set_tenants(context, tenant)
    await _verdict(_version(external={"id": "42"}), context)
    assert proxy.received == []


async def test_an_id_is_not_looked_up_while_the_registry_is_away(context: Context, proxy: FaultProxy) -> None:
    context.registry.loaded = False
    with pytest.raises(ReconcileError) as waits:
        await _verdict(_version(external={"id": "42"}), context)
    assert waits.value.problem.reason is Reason.REGISTRY_UNAVAILABLE
    assert proxy.received == []


async def test_the_status_leads_to_the_model_where_the_parent_resource_is_gone(context: Context, rest: Rest) -> None:
    theirs, mine = rest.model("others.churn"), rest.model("team.churn")
    version = rest.version(theirs, "1")
    verdict = await _verdict(_version(name="gone", status=_known(context, version, theirs)), context)
    absent = await _verdict(_version(name="gone", status=_known(context, version, "999")), context)
    assert isinstance(verdict, Problem)
    assert verdict == absent, "nobody can find out which IDs exist"
    assert "others" not in verdict.message
    assert "The parent entry that is recorded for this resource is none" in verdict.message
    assert isinstance(await _verdict(_version(name="gone", status=_known(context, "1", mine)), context), Permit)
    # Without an entry there is nothing to write below, and another registry's IDs mean nothing here.
    assert isinstance(await _verdict(_version(name="gone"), context), Permit)
    elsewhere = {**_known(context, version, theirs), "registryUrl": "http://elsewhere"}
    assert isinstance(await _verdict(_version(name="gone", status=elsewhere), context), Permit)


async def test_an_invalid_spec_is_judged_by_its_name_or_by_its_status(context: Context, rest: Rest) -> None:
    theirs = rest.model("others.churn")
    invalid = body("ModelVersion", "v1", customProperties={"bad": [1]}, status=_known(context, "9", theirs))
    assert isinstance(await _verdict(read_resource(invalid), context), Problem)
    assert isinstance(await _verdict(read_resource(body(customProperties={"bad": [1]})), context), Problem)


async def test_a_parent_entry_is_judged_again_whatever_the_manifests_say(context: Context, rest: Rest) -> None:
    registry, cache = context.registry, context.memory.cache
    context.memory.keep(body(name="team.churn"))
    resource = _version(name="team.churn")
    await require_permit(resource, cache, registry)
    for name, is_refused in (("others.churn", True), ("team.churn", False)):
        entry = await registry.find(REGISTERED_MODEL.entry, name, "") or model(rest.model(name), name)
        parent = registry.identity_of(REGISTERED_MODEL.entry, entry)
        if is_refused:
            with pytest.raises(ReconcileError) as refused:
                await confirm_permit(resource, parent, cache, registry)
            assert refused.value.problem.reason is Reason.REGISTRY_NOT_PERMITTED
            assert "others" not in refused.value.problem.message
        else:
            await confirm_permit(resource, parent, cache, registry)


@pytest.mark.parametrize("recorded_parent", ["", "999"])
async def test_only_entries_of_models_that_may_be_used_are_retired(
    recorded_parent: str, context: Context, rest: Rest
) -> None:
    registry, cache = context.registry, context.memory.cache
    context.memory.keep(body(name="team.churn"))
    resource = _version(name="team.churn")
    for name, may in (("others.churn", False), ("team.churn", True)):
        parent = rest.model(name)
        version = rest.version(parent, "v1")
        target = Target(MODEL_VERSION.entry, version, "v1", "team/v1", recorded_parent, RecordedState())
        observed = ModelVersion("v1", id=version, registered_model_id=parent)
        assert (await permit_to_retire(resource, target, observed, cache, registry) is not None) is may
        assert await may_want(resource, claim("v1", "ModelVersion", parent), cache, registry) is may


async def test_an_entry_of_an_unknown_model_is_retired_only_with_the_stamp_of_the_resource(
    context: Context,
) -> None:
    registry, cache = context.registry, context.memory.cache
    context.memory.keep(body(name="team.churn"))
    resource = _version(name="team.churn")
    version = ModelVersion("v1", id="5", registered_model_id="999", custom_properties=stamp(reference="team/v1"))
    target = Target(MODEL_VERSION.entry, "5", "v1", "team/v1", "", RecordedState())
    assert await permit_to_retire(resource, target, version, cache, registry) is None
    inline = Target(MODEL_ARTIFACT, "7", "fraud", "team/v1#fraud", "", RecordedState())
    for reference, may in (("team/v1#fraud", True), ("team/v2#fraud", False), ("others/v1#fraud", False)):
        stamped = artifact(custom_properties=stamp(reference=reference))
        assert (await permit_to_retire(resource, inline, stamped, cache, registry) is not None) is may
    assert await permit_to_retire(resource, inline, artifact(), cache, registry) is None


async def test_an_entry_that_no_resource_declares_counts_by_its_model(context: Context, rest: Rest) -> None:
    registry = context.registry
    assert await may_use_entry("team", model("1", "team.churn"), registry)
    assert not await may_use_entry("team", model("1", "others.churn"), registry)
    for name, may in (("others.churn", False), ("team.churn", True)):
        version = ModelVersion("1", id="5", registered_model_id=rest.model(name))
        assert await may_use_entry("team", version, registry) is may
    assert not await may_use_entry("team", ModelVersion("1", id="5", registered_model_id="999"), registry)
    registry.tenants = None
    assert await may_use_entry("team", model("1", "others.churn"), registry)


async def test_an_artifact_counts_as_its_stamp_says(context: Context) -> None:
    ours = artifact(custom_properties=stamp())
    assert await may_use_entry("team", ours, context.registry)
    assert not await may_use_entry("others", ours, context.registry)
    assert not await may_use_entry("team", artifact(), context.registry)
    _set_tenants(context, {"namespaces": ["others"]})
    assert not await may_use_entry("team", ours, context.registry)


async def test_the_name_of_a_model_is_read_again_with_the_registry(
    context: Context, proxy: FaultProxy, rest: Rest
) -> None:
    model_id = rest.model("team.churn")
    proxy.received.clear()
    kinds = lineage(REGISTERED_MODEL)
    assert [await context.registry.root_name(kinds, model_id) for _ in range(2)] == ["team.churn"] * 2
    assert len(proxy.received) == 1
    context.registry.end_epoch()
    await context.registry.root_name(kinds, model_id)
    assert len(proxy.received) == 2
    assert await context.registry.root_name(kinds, "999") is None


@pytest.mark.parametrize(
    ("owner_id", "tenant", "is_left"),
    [("other", "others", True), ("other", "team", False), (OWNER_ID, "others", False)],
)
async def test_only_an_installation_that_may_serve_a_namespace_claims_its_resources(
    owner_id: str,
    tenant: str,
    is_left: bool,  # noqa: FBT001 - a parameter of the test
    context: Context,
) -> None:
    _set_tenants(context, {"namespaces": [tenant]})
    holder = Holder(owner_id=owner_id, registry_url="http://registry").model_dump(by_alias=True)
    resource = read_resource(body(status={"managedBy": holder}))
    assert is_left_to_other(resource, context.registry) is is_left
    context.registry.tenants = None
    assert not is_left_to_other(resource, context.registry)


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (None, "Set spec.name{of} to such a name, or ask the administrator of the registry."),
        ({"id": "1"}, "Ask the administrator of the registry."),
    ],
    ids=["new", "with an entry, whose name cannot change"],
)
async def test_a_refusal_names_what_can_be_changed(
    context: Context, status: dict[str, Any] | None, remedy: str
) -> None:
    wrong = body(name="others.churn", status=status)
    context.memory.keep(wrong)
    version = body("ModelVersion", "v1", registeredModelRef={"name": "fraud"})
    for resource, of in ((wrong, ""), (version, " of RegisteredModel team/fraud")):
        verdict = await _verdict(read_resource(resource), context)
        assert isinstance(verdict, Problem)
        assert verdict.message.endswith(f". {remedy.format(of=of)}")
