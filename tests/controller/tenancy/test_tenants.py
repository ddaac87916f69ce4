"""Tenants of a registry: what one of them may not do there, and that nothing is written meanwhile."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.support.entries import model_named
from tests.support.fault_proxy import FaultProxy, always
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Reply
from tests.support.operator_process import OperatorProcess
from tests.support.probes import probes_of
from tests.support.resources import Manifest, Namespace, annotated, condition, has_reason, manifest
from tests.support.waiting import wait_for

NO_POLLS = "--feed-interval=3600"
IS_REFUSED = has_reason("RegistryNotPermitted")
OWNER = "model-registrar.dev/owner"

StartWith = Callable[..., OperatorProcess]
"""Starts an operator with these tenants: ``start_with([tenant, …], *more_arguments)``."""


def own_names(space: Namespace, **more: Any) -> Manifest:
    """A tenant whose models have its namespace and a dot before their names."""
    return {"namespaces": [space.name], "modelNames": ["{namespace}.*"], **more}


@pytest.fixture
def start_with(
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    own_space: Namespace,
    other_space: Namespace,
    tmp_path: Path,
) -> StartWith:
    """Starts operators that watch both namespaces, each with a file of tenants."""
    numbers = itertools.count()

    def start(tenants: list[Manifest], *more: str) -> OperatorProcess:
        file = tmp_path / f"tenants-{next(numbers)}.yaml"
        file.write_text(json.dumps({"tenants": tenants}))
        arguments = (f"--namespace={other_space.name}", f"--registry-tenants={file}", NO_POLLS, *more)
        return start_operator(registry_proxy.url, own_space, *arguments)

    return start


def refusal(space: Namespace, kind: str, name: str) -> str:
    """Wait until a resource is refused; returns the message."""
    found = space.wait(kind, name, IS_REFUSED)
    assert condition(found, "Stalled")["status"] == "True"
    return str(condition(found, "Ready")["message"])


def references_to(model: RegisteredModel, version: ModelVersion) -> list[Manifest]:
    """Every way in which a resource can lead to the models and versions of others."""
    version_of = {"registeredModelName": model.name, "name": version.name}
    weights = {"uri": "s3://bucket/weights"}
    return [
        manifest("ModelVersion", "by-name", registeredModelRef={"external": {"name": model.name}}),
        manifest("ModelVersion", "by-id", registeredModelRef={"external": {"id": model.id}}),
        manifest("ModelArtifact", "in-named", modelVersionRef={"external": version_of}, **weights),
        manifest("ModelArtifact", "in-version", modelVersionRef={"external": {"id": version.id}}, **weights),
        manifest("ModelArtifact", "below", modelVersionRef={"name": "by-id"}, **weights),
        annotated(manifest("RegisteredModel", "model", name=model.name), take_over="true"),
    ]


async def test_what_belongs_to_another_tenant_is_refused_without_a_write(
    own_space: Namespace,
    other_space: Namespace,
    start_with: StartWith,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    others = f"{other_space.name}.{unique('churn')}"
    by_hand = f"{other_space.name}.{unique('notebook')}"
    unmanaged = await registry.upsert_registered_model(RegisteredModel(by_hand))
    start_with([own_names(own_space), own_names(other_space)])
    other_space.apply(
        manifest("RegisteredModel", "churn", name=others),
        manifest("ModelVersion", "v1", registeredModelRef={"name": "churn"}),
    )
    version_id = other_space.ready("ModelVersion", "v1")["status"]["id"]
    model, version = await model_named(registry, others), await registry.get_model_version_by_id(version_id)
    assert version is not None
    done = len(registry_proxy.writes())
    references = references_to(model, version)
    absent = manifest("ModelVersion", "absent", registeredModelRef={"external": {"id": "2147483647"}})
    own_space.apply(*references, absent, manifest("RegisteredModel", "adopts", name=by_hand))
    messages = {
        each["metadata"]["name"]: refusal(own_space, each["kind"], each["metadata"]["name"]) for each in references
    }
    assert "may not use the registered model" in refusal(own_space, "RegisteredModel", "adopts")
    # Whether an ID exists is no business of other tenants.
    hidden = refusal(own_space, "ModelVersion", "absent").replace("2147483647", str(model.id))
    assert messages["by-id"] == hidden
    assert others not in messages["in-version"]
    assert others not in messages["below"]
    assert "of ModelVersion" in messages["below"]
    assert registry_proxy.writes()[done:] == []
    assert await model_named(registry, by_hand) == unmanaged
    # A resource that was always refused has nothing to finalize.
    for each in references:
        own_space.delete(each["kind"], each["metadata"]["name"])
        own_space.wait_gone(each["kind"], each["metadata"]["name"])
    assert registry_proxy.writes()[done:] == []


async def test_a_namespace_that_no_tenant_admits_causes_no_request(
    own_space: Namespace,
    other_space: Namespace,
    start_with: StartWith,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    model = await registry.upsert_registered_model(RegisteredModel(unique("shared")))
    version = await registry.upsert_model_version(ModelVersion("v1"), str(model.id))
    start_with([{"namespaces": [other_space.name]}])
    other_space.apply(manifest("RegisteredModel", unique("model")))
    other_space.ready("RegisteredModel", unique("model"))
    done = len(registry_proxy.received)
    references = references_to(model, version)
    own_space.apply(*references)
    for each in references:
        message = refusal(own_space, each["kind"], each["metadata"]["name"])
        assert message.startswith(f"The namespace '{own_space.name}' may not use the registry of the operator's flags.")
        own_space.delete(each["kind"], each["metadata"]["name"])
        own_space.wait_gone(each["kind"], each["metadata"]["name"])
    assert registry_proxy.received[done:] == []


async def test_rights_that_end_while_the_operator_is_down_leave_drift_as_it_is(
    own_space: Namespace,
    start_with: StartWith,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = f"{own_space.name}.{unique('churn')}"
    operator = start_with([own_names(own_space)])
    own_space.apply(
        manifest("RegisteredModel", "churn", name=name, description="by git"),
        manifest("ModelVersion", "v1", registeredModelRef={"name": "churn"}, author="by git"),
        manifest("ModelVersion", "v2", registeredModelRef={"name": "churn"}, author="by git"),
        manifest("ModelVersion", "v3", registeredModelRef={"name": "churn"}, author="by git"),
    )
    model_id = own_space.ready("RegisteredModel", "churn")["status"]["id"]
    versions = [own_space.ready("ModelVersion", each)["status"]["id"] for each in ("v1", "v2", "v3")]
    operator.stop()
    await registry.upsert_registered_model(RegisteredModel(name, id=model_id, description="by hand"))
    for version_id, version in zip(versions, ("v1", "v2", "v3"), strict=True):
        await registry.upsert_model_version(ModelVersion(version, id=version_id, author="by hand"))
    drifted = [await registry.get_model_version_by_id(each) for each in versions]
    done = len(registry_proxy.writes())
    operator = start_with([])
    assert "may not use the registry of the operator's flags" in refusal(own_space, "RegisteredModel", "churn")
    refusal(own_space, "ModelVersion", "v1")
    refusal(own_space, "ModelVersion", "v2")
    own_space.delete("ModelVersion", "v2")
    own_space.wait_gone("ModelVersion", "v2")
    assert registry_proxy.writes()[done:] == []
    assert [await registry.get_model_version_by_id(each) for each in versions] == drifted
    # Neither a refusal nor such a deletion waits for a registry that is away.
    operator.stop()
    registry_proxy.script = always(Reply(503))
    operator = start_with([])
    own_space.apply(manifest("RegisteredModel", "new"))
    assert "may not use the registry of the operator's flags" in refusal(own_space, "RegisteredModel", "new")
    own_space.delete("ModelVersion", "v3")
    own_space.wait_gone("ModelVersion", "v3")
    # Rights that come back make it Ready again without a change of the resource.
    operator.stop()
    registry_proxy.heal()
    start_with([own_names(own_space)])
    assert own_space.ready("RegisteredModel", "churn")["status"]["id"] == model_id
    own_space.ready("ModelVersion", "v1")
    assert (await model_named(registry, name)).description == "by git"
    assert [await registry.get_model_version_by_id(each) for each in versions[1:]] == drifted[1:]


async def test_the_rules_of_a_tenant_bind_what_its_resources_say(
    own_space: Namespace, start_with: StartWith, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    absent, equal, different, by_hand, of_other = (
        f"{own_space.name}.{unique(each)}" for each in ("absent", "equal", "different", "by-hand", "of-other")
    )
    stamp = {OWNER: f"created:other-installation/secret-namespace/{of_other}"}
    existing = [
        await registry.upsert_registered_model(RegisteredModel(by_hand)),
        await registry.upsert_registered_model(RegisteredModel(of_other, custom_properties=stamp)),
    ]
    start_with([own_names(own_space, owner="{namespace}", adoptionPolicy="Fail")])
    own_space.apply(
        manifest("RegisteredModel", "absent", name=absent),
        manifest("RegisteredModel", "equal", name=equal, owner=own_space.name),
        manifest("RegisteredModel", "different", name=different, owner="me"),
        manifest("RegisteredModel", "by-hand", name=by_hand, adoptionPolicy="Adopt"),
        annotated(manifest("RegisteredModel", "of-other", name=of_other), take_over="true"),
    )
    for each in ("absent", "equal"):
        own_space.ready("RegisteredModel", each)
    assert (await model_named(registry, absent)).owner == own_space.name
    assert (await model_named(registry, equal)).owner == own_space.name
    assert "spec.owner is 'me'" in refusal(own_space, "RegisteredModel", "different")
    assert await registry.get_registered_model_by_params(name=different) is None
    assert "this namespace may not adopt entries" in refusal(own_space, "RegisteredModel", "by-hand")
    message = refusal(own_space, "RegisteredModel", "of-other")
    assert "this namespace may not take entries over" in message
    assert "secret-namespace" not in message
    assert [await model_named(registry, each) for each in (by_hand, of_other)] == existing
    own_space.patch("RegisteredModel", "different", {"spec": {"owner": None}})
    own_space.ready("RegisteredModel", "different")


async def test_an_external_id_of_another_tenant_stays_where_it_is(
    own_space: Namespace,
    other_space: Namespace,
    start_with: StartWith,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """Without tenants, a declared external ID moves away from the entry of a deleted resource."""
    theirs, ours, external_id = f"{other_space.name}.theirs", f"{own_space.name}.ours", unique("external")
    start_with([own_names(own_space), own_names(other_space)])
    other_space.apply(manifest("RegisteredModel", "theirs", name=theirs, externalId=external_id))
    other_space.ready("RegisteredModel", "theirs")
    other_space.delete("RegisteredModel", "theirs")
    other_space.wait_gone("RegisteredModel", "theirs")
    archived = await model_named(registry, theirs)
    assert archived.state == "ARCHIVED"
    own_space.apply(manifest("RegisteredModel", "ours", name=ours, externalId=external_id))
    found = own_space.wait("RegisteredModel", "ours", has_reason("ExternalIdConflict"))
    assert condition(found, "Ready")["message"] == (
        f"The external ID '{external_id}' is taken. Choose another externalId."
    )
    assert await model_named(registry, theirs) == archived


async def test_a_refused_resource_keeps_no_entry_from_others(
    own_space: Namespace,
    other_space: Namespace,
    start_with: StartWith,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """The one that came first is refused by an edit, and has the entry by its claim and by its stamp."""
    name = unique("moves")
    start_with(
        [
            {"namespaces": [space.name], "modelNames": [name], "owner": "{namespace}"}
            for space in (own_space, other_space)
        ]
    )
    own_space.apply(manifest("RegisteredModel", "former", name=name))
    own_space.ready("RegisteredModel", "former")
    other_space.apply(manifest("RegisteredModel", "next", name=name))
    conflict = condition(other_space.wait("RegisteredModel", "next", has_reason("NameConflict")), "Ready")["message"]
    assert conflict.startswith(f"A resource of another namespace has the RegisteredModel '{name}'.")
    own_space.patch("RegisteredModel", "former", {"spec": {"owner": "me"}})
    refusal(own_space, "RegisteredModel", "former")
    other_space.ready("RegisteredModel", "next")
    # The refused one does not count as a successor either.
    other_space.delete("RegisteredModel", "next")
    other_space.wait_gone("RegisteredModel", "next")
    assert (await model_named(registry, name)).state == "ARCHIVED"
    assert own_space.get("RegisteredModel", "former")


async def test_two_installations_that_admit_different_namespaces_leave_each_other_alone(
    own_space: Namespace, other_space: Namespace, start_with: StartWith, unique: Unique
) -> None:
    """Both watch both namespaces."""
    operators = [
        start_with([own_names(own_space)], "--owner-id=first"),
        start_with([own_names(other_space)], "--owner-id=second"),
    ]
    spaces = {"first": own_space, "second": other_space}
    for space in spaces.values():
        space.apply(manifest("RegisteredModel", "model", name=f"{space.name}.{unique('model')}"))
    for owner_id, space in spaces.items():
        status = space.ready("RegisteredModel", "model")["status"]
        assert status["managedBy"]["ownerId"] == owner_id
    for space in spaces.values():
        space.patch("RegisteredModel", "model", {"spec": {"description": "edited"}})
        space.ready("RegisteredModel", "model")
        space.delete("RegisteredModel", "model")
        space.wait_gone("RegisteredModel", "model")
    for operator in operators:
        assert "manages this resource too" not in operator.log
        assert "claims it from" not in operator.log


async def test_a_left_over_entry_is_archived_only_where_its_namespace_may_use_it(
    own_space: Namespace, start_with: StartWith, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """A refused resource that is deleted leaves its entry, which nobody has then."""
    mine, theirs = f"{own_space.name}.{unique('mine')}", unique("theirs")
    for name in (mine, theirs):
        stamp = {OWNER: f"created:tests/{own_space.name}/{own_space.name}/gone-{name}"}
        await registry.upsert_registered_model(RegisteredModel(name, custom_properties=stamp))
    flags = ("--orphaned-entries=Archive", "--resync-interval=0.5", "--probe-port=0")
    operator = start_with([own_names(own_space)], *flags)
    await wait_for(lambda: model_named(registry, mine), lambda entry: entry.state == "ARCHIVED")
    # The search after the one that has archived counts the entry that is left.
    probes_of(operator).wait_metric("registrar_orphaned_entries{kind=RegisteredModel,registry=flags}", 1)
    assert (await model_named(registry, theirs)).state == "LIVE"
