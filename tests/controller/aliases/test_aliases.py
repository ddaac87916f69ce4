"""Aliases name versions of a model in the registry, and never one that does not exist, is archived or is not Ready."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from tests.controller.aliases.named import aliases_of, version_named
from tests.support.api_server_proxy import ApiServerProxy
from tests.support.entries import model_named
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, annotated, condition, has_drifted, has_reason, manifest
from tests.support.waiting import wait_for, wait_until

SOON = "--feed-interval=0.3"
BY_HAND = {"alias.champion": "1"}
ORDERS = list(itertools.permutations(["model", "first", "second"]))


@pytest.fixture(scope="module")
def operator(operator: OperatorProcess) -> OperatorProcess:
    """The module's operator."""
    return operator


def _model(name: str, /, **spec: object) -> Manifest:
    return manifest("RegisteredModel", name, **spec)


def _reported(resource: Manifest) -> dict[str, tuple[str, str | None]]:
    aliases = resource["status"].get("aliases", [])
    return {alias["name"]: (alias["version"], alias.get("versionId")) for alias in aliases}


def resolved(reason: str = "AllResolved") -> Callable[[Manifest], bool]:
    """Check that the aliases of the present spec have this reason, while the model is Ready."""

    def check(resource: Manifest) -> bool:
        aliases = condition(resource, "AliasesResolved")
        is_current = aliases.get("observedGeneration") == resource["metadata"]["generation"]
        if not is_current or aliases["reason"] != reason:
            return False
        assert condition(resource, "Ready")["status"] == "True"
        assert aliases["status"] == ("True" if reason == "AllResolved" else "False")
        return True

    return check


def names(version: str) -> Callable[[Manifest], bool]:
    """Check that the status reports the champion."""
    return lambda resource: _reported(resource)["champion"][0] == version


def _messages(space: Namespace, name: str, reason: str) -> list[str]:
    return [event["message"] for event in space.events(name) if event["reason"] == reason]


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("order", ORDERS, ids=["-".join(order) for order in ORDERS])
async def test_model_versions_and_aliases_in_one_apply_in_any_order(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique, order: tuple[str, ...]
) -> None:
    name = unique("model")
    resources = {
        "model": _model(name, aliases={"champion": "2026-04", "challenger": "2026-05"}),
        "first": version_named(name, "2026-04", artifacts=[{"name": "weights", "uri": "s3://b/w"}]),
        "second": version_named(name, "2026-05"),
    }
    space.apply(*(resources[part] for part in order))
    model = space.wait("RegisteredModel", name, resolved())
    ids = [space.ready("ModelVersion", f"{name}-{version}")["status"]["id"] for version in ("2026-04", "2026-05")]
    assert _reported(model) == {"champion": ("2026-04", ids[0]), "challenger": ("2026-05", ids[1])}
    assert await aliases_of(registry, name) == {"champion": "2026-04", "challenger": "2026-05"}
    assert model["status"]["ownedProperties"] == ["alias.challenger", "alias.champion"]


async def test_an_alias_is_written_after_its_version(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    name = unique("model")
    start_operator(registry_proxy.url, own_space)
    own_space.apply(_model(name, aliases={"champion": "1"}), version_named(name, "1"))
    own_space.wait("RegisteredModel", name, resolved())
    writes = [
        (received.method, received.route.rsplit("/", 1)[-1], b"alias." in received.body)
        for received in registry_proxy.writes()
    ]
    model_id = own_space.get("RegisteredModel", name)["status"]["id"]
    assert writes == [
        ("POST", "registered_models", False),
        ("POST", "model_versions", False),
        ("PATCH", model_id, True),
    ]


async def test_a_move_costs_one_read_one_patch_and_one_status_and_a_revert_gives_all_back(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    api_server_proxy: ApiServerProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = unique("model")
    start_operator(registry_proxy.url, own_space, "--feed-interval=3600", api_server_proxy.kubeconfig_flag)
    own_space.apply(_model(name, aliases={"champion": "1"}), version_named(name, "1"), version_named(name, "2"))
    before = own_space.wait("RegisteredModel", name, resolved())
    entry_id = before["status"]["id"]
    own_space.ready("ModelVersion", f"{name}-2")

    for version in ("2", "1"):
        wait_until(lambda: len(_messages(own_space, name, "AliasMoved")) > 0, "no Event")
        registry_proxy.received.clear()
        api_server_proxy.received.clear()
        own_space.apply(_model(name, aliases={"champion": version}))
        own_space.wait("RegisteredModel", name, names(version))
        assert await aliases_of(registry, name) == {"champion": version}
        assert [(one.method, one.route.rsplit("/", 1)[-1]) for one in registry_proxy.received] == [
            ("GET", entry_id),
            ("PATCH", entry_id),
        ]
        writes = [one for one in api_server_proxy.writes() if "/events" not in one.route]
        assert [(one.method, one.route.rsplit("/", 1)[-1]) for one in writes] == [("PATCH", "status")]
    after = own_space.get("RegisteredModel", name)["status"]
    assert {**after, "lastSyncTime": "", "conditions": []} == {
        **before["status"],
        "lastSyncTime": "",
        "conditions": [],
        "observedGeneration": 3,
        "syncedGeneration": 3,
    }
    wait_until(lambda: len(_messages(own_space, name, "AliasMoved")) == 3, "an Event is missing")
    what = f"The alias 'champion' of RegisteredModel '{name}' (id {entry_id}) moved"
    assert _messages(own_space, name, "AliasMoved") == [
        f"{what}: not set -> '1'", f"{what}: '1' -> '2'", f"{what}: '2' -> '1'"
    ]  # fmt: skip


@pytest.mark.usefixtures("operator")
async def test_until_its_version_is_ready_an_alias_keeps_its_value(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(_model(name, aliases={"champion": "1"}), version_named(name, "1"))
    before = space.wait("RegisteredModel", name, resolved())
    broken = version_named(name, "2", customProperties={"tags": ["a", "list"]})
    space.apply(broken, _model(name, aliases={"champion": "2", "other": "1"}))
    space.wait("ModelVersion", f"{name}-2", has_reason("InvalidSpec"))
    model = space.wait("RegisteredModel", name, resolved("VersionNotReady"))
    assert condition(model, "AliasesResolved")["message"] == (
        "The alias 'champion' keeps its value in the registry, because "
        f"ModelVersion {space.name}/{name}-2 is not Ready; see its conditions."
    )
    assert model["status"]["id"] == before["status"]["id"]
    assert await aliases_of(registry, name) == {"champion": "1", "other": "1"}
    assert _reported(model)["champion"] == _reported(before)["champion"]
    assert "alias.champion" in model["status"]["ownedProperties"]

    space.apply(version_named(name, "2"))
    space.wait("RegisteredModel", name, resolved())
    assert await aliases_of(registry, name) == {"champion": "2", "other": "1"}


@pytest.mark.usefixtures("operator")
async def test_a_version_that_is_no_longer_ready_is_not_named_anew(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    broken = version_named(name, "2", customProperties={"tags": ["a", "list"]})
    space.apply(
        _model(name, aliases={"champion": "1", "other": "2"}), version_named(name, "1"), version_named(name, "2")
    )
    space.wait("RegisteredModel", name, resolved())
    space.apply(broken)
    space.wait("ModelVersion", f"{name}-2", has_reason("InvalidSpec"))
    space.apply(_model(name, aliases={"champion": "2", "other": "2"}))
    model = space.wait("RegisteredModel", name, resolved("VersionNotReady"))
    # The alias that names it already still does.
    assert "'other'" not in condition(model, "AliasesResolved")["message"]
    assert await aliases_of(registry, name) == {"champion": "1", "other": "2"}
    space.apply(version_named(name, "2"))
    space.wait("RegisteredModel", name, resolved())
    assert await aliases_of(registry, name) == {"champion": "2", "other": "2"}


@pytest.mark.usefixtures("operator")
async def test_a_paused_version_is_not_named(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(_model(name))
    model_id = space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_model_version(ModelVersion("1"), model_id)
    space.apply(annotated(version_named(name, "1"), paused="true"), _model(name, aliases={"champion": "1"}))
    space.wait("RegisteredModel", name, resolved("VersionNotReady"))
    assert await aliases_of(registry, name) == {}
    space.annotate("ModelVersion", f"{name}-1", paused=None)
    space.wait("RegisteredModel", name, resolved())
    assert await aliases_of(registry, name) == {"champion": "1"}


async def test_a_version_of_nobody_is_found_when_it_comes_and_missed_when_it_is_archived(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, SOON)
    name = unique("model")
    own_space.apply(_model(name, aliases={"champion": "by-hand"}))
    model = own_space.wait("RegisteredModel", name, resolved("VersionMissing"))
    assert "the model has no version 'by-hand'" in condition(model, "AliasesResolved")["message"]
    model_id = model["status"]["id"]
    other = await registry.upsert_registered_model(RegisteredModel(unique("other")))
    await registry.upsert_model_version(ModelVersion("by-hand"), other.id)
    version = await registry.upsert_model_version(ModelVersion("by-hand"), model_id)
    model = own_space.wait("RegisteredModel", name, resolved())
    assert _reported(model) == {"champion": ("by-hand", version.id)}
    assert await aliases_of(registry, name) == {"champion": "by-hand"}

    await registry.upsert_model_version(ModelVersion("by-hand", id=version.id, state="ARCHIVED"))
    model = own_space.wait("RegisteredModel", name, resolved("VersionArchived"))
    assert "the version 'by-hand' is ARCHIVED" in condition(model, "AliasesResolved")["message"]
    assert await aliases_of(registry, name) == {"champion": "by-hand"}
    assert [
        event["type"]
        for event in own_space.events_until(name, "VersionArchived")
        if event["reason"] == "VersionArchived"
    ] == ["Warning"]
    await registry.upsert_model_version(ModelVersion("by-hand", id=version.id, state="LIVE"))
    own_space.wait("RegisteredModel", name, resolved())


@pytest.mark.usefixtures("operator")
async def test_the_version_of_a_deleted_resource_is_archived(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(_model(name, aliases={"champion": "1"}), version_named(name, "1"), version_named(name, "2"))
    space.wait("RegisteredModel", name, resolved())
    space.delete("ModelVersion", f"{name}-1")
    space.wait("RegisteredModel", name, resolved("VersionArchived"))
    assert await aliases_of(registry, name) == {"champion": "1"}
    space.apply(_model(name, aliases={"champion": "2"}))
    space.wait("RegisteredModel", name, resolved())
    assert await aliases_of(registry, name) == {"champion": "2"}


async def test_a_version_of_another_namespace_counts_as_soon_as_it_is_live(
    own_space: Namespace,
    other_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, SOON, f"--namespace={other_space.name}")
    name = unique("model")
    own_space.apply(_model(name, aliases={"champion": "1"}))
    own_space.wait("RegisteredModel", name, resolved("VersionMissing"))
    other_space.apply(manifest("ModelVersion", "1", registeredModelRef={"external": {"name": name}}))
    version_id = other_space.ready("ModelVersion", "1")["status"]["id"]
    model = own_space.wait("RegisteredModel", name, resolved())
    assert _reported(model) == {"champion": ("1", version_id)}
    assert await aliases_of(registry, name) == {"champion": "1"}


@pytest.mark.usefixtures("operator")
async def test_an_alias_that_leaves_the_spec_is_removed_and_those_of_others_stay(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    entry = await registry.upsert_registered_model(RegisteredModel(name, custom_properties={"alias.theirs": "0"}))
    await registry.upsert_model_version(ModelVersion("1"), entry.id)
    space.apply(_model(name, aliases={"champion": "1"}))
    space.wait("RegisteredModel", name, resolved())
    assert await aliases_of(registry, name) == {"champion": "1", "theirs": "0"}
    space.apply(_model(name))
    model = space.wait("RegisteredModel", name, lambda found: "aliases" not in found["status"])
    assert await aliases_of(registry, name) == {"theirs": "0"}
    assert condition(model, "AliasesResolved") == {}
    assert "ownedProperties" not in model["status"]
    what = f"The alias 'champion' of RegisteredModel '{name}' (id {entry.id}) moved"
    wait_until(lambda: len(_messages(space, name, "AliasMoved")) == 2, "an Event is missing")
    assert _messages(space, name, "AliasMoved") == [f"{what}: not set -> '1'", f"{what}: '1' -> not set"]


@pytest.mark.usefixtures("operator")
async def test_an_alias_is_no_custom_property(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    """Else it would name a version that does not exist: beside aliases, without them, and on an entry that has it."""
    name = unique("model")
    space.apply(_model(name))
    entry_id = space.ready("RegisteredModel", name)["status"]["id"]
    entry = RegisteredModel(name, id=entry_id, custom_properties={**await _properties(registry, name), **BY_HAND})
    await registry.upsert_registered_model(entry)
    for beside in ({"aliases": {"champion": "1"}}, {}):
        space.apply(_model(name, **beside, customProperties={"alias.champion": "2"}))
        model = space.wait("RegisteredModel", name, has_reason("InvalidSpec"))
        assert condition(model, "Ready")["message"] == (
            "spec: customProperties.alias.champion is the property of an alias; move it to aliases, under the name "
            "'champion'. Change the spec."
        )
        assert await aliases_of(registry, name) == {"champion": "1"}
    # The name belongs to aliases on models alone.
    space.apply(_model(name), version_named(name, "1", customProperties={"alias.champion": "2"}))
    space.ready("ModelVersion", f"{name}-1")


async def _properties(registry: ModelRegistryAPIClient, name: str) -> dict[str, Any]:
    return {**((await model_named(registry, name)).custom_properties or {})}


async def _moved_by_hand(registry: ModelRegistryAPIClient, name: str, version: str) -> None:
    entry = await model_named(registry, name)
    properties = {**(entry.custom_properties or {}), "alias.champion": version}
    await registry.upsert_registered_model(RegisteredModel(name, id=entry.id, custom_properties=properties))


async def test_an_alias_that_others_move_has_drifted(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, SOON)
    name = unique("model")
    own_space.apply(_model(name, aliases={"champion": "1"}), version_named(name, "1"))
    own_space.wait("RegisteredModel", name, resolved())
    await _moved_by_hand(registry, name, "0")
    await wait_for(lambda: aliases_of(registry, name), lambda found: found == {"champion": "1"})
    wait_until(lambda: bool(_messages(own_space, name, "Corrected")), "no Event said that the alias was moved back")
    assert _messages(own_space, name, "Corrected")[0].endswith(": aliases.champion '0' -> '1'")

    own_space.apply(_model(name, aliases={"champion": "1"}, driftPolicy="Report"))
    own_space.wait("RegisteredModel", name, resolved())
    await _moved_by_hand(registry, name, "0")
    model = own_space.wait("RegisteredModel", name, has_drifted)
    assert "aliases.champion is '0', the spec says '1'" in condition(model, "Drifted")["message"]
    assert await aliases_of(registry, name) == {"champion": "0"}


@pytest.mark.parametrize("policy", ["Report", "Ignore"])
async def test_an_alias_that_waited_is_no_drift(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    policy: str,
) -> None:
    start_operator(registry_url, own_space, SOON)
    name = unique("model")
    spec = {"description": "by git", "driftPolicy": policy}
    own_space.apply(_model(name, **spec, aliases={"champion": "1", "other": "2"}), version_named(name, "1"))
    model_id = own_space.wait("RegisteredModel", name, resolved("VersionMissing"))["status"]["id"]
    await wait_for(lambda: aliases_of(registry, name), lambda found: found == {"champion": "1"})
    await registry.upsert_registered_model(RegisteredModel(name, id=model_id, description="by hand"))
    await _moved_by_hand(registry, name, "0")
    if policy == "Report":
        own_space.wait("RegisteredModel", name, has_drifted)
    own_space.apply(version_named(name, "2"))
    model = own_space.wait("RegisteredModel", name, resolved())
    # The alias that waited is written, and what others changed stays.
    assert await aliases_of(registry, name) == {"champion": "0", "other": "2"}
    assert (await model_named(registry, name)).description == "by hand"
    assert has_drifted(model) == (policy == "Report")
    assert model["status"]["ownedProperties"] == ["alias.champion", "alias.other"]
    wait_until(lambda: len(_messages(own_space, name, "AliasMoved")) == 2, "an Event is missing")
    assert not _messages(own_space, name, "Corrected")
