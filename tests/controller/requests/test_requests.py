"""Requests of the user, by annotation and by policy: reconcile now, pause, report drift."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from tests.support.entries import model_named
from tests.support.fixtures import Unique
from tests.support.resources import Manifest, Namespace, annotated, condition, has_handled, manifest

pytestmark = pytest.mark.usefixtures("operator")


async def _changed_by_hand(registry: ModelRegistryAPIClient, resource: Manifest, **fields: str) -> None:
    name, entry_id = resource["metadata"]["name"], resource["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, **fields))


async def _description(registry: ModelRegistryAPIClient, name: str) -> str | None:
    entry = await model_named(registry, name)
    return entry.description


async def test_a_reconcile_request_compares_and_corrects_the_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="by git"))
    await _changed_by_hand(registry, space.ready("RegisteredModel", name), description="by hand", state="ARCHIVED")
    space.annotate("RegisteredModel", name, reconcile_requested_at="now-1")
    resource = space.wait("RegisteredModel", name, has_handled("now-1"))
    assert await _description(registry, name) == "by git"
    assert resource["status"]["state"] == "LIVE"
    # The same value requests nothing again; the next value does.
    await _changed_by_hand(registry, resource, description="by hand")
    space.patch("RegisteredModel", name, {"metadata": {"labels": {"touched": "1"}}})
    space.annotate("RegisteredModel", name, reconcile_requested_at="now-2")
    space.wait("RegisteredModel", name, has_handled("now-2"))
    assert await _description(registry, name) == "by git"


async def test_drift_is_reported_and_left_if_the_policy_says_so(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Report"))
    await _changed_by_hand(registry, space.ready("RegisteredModel", name), description="by hand")
    space.annotate("RegisteredModel", name, reconcile_requested_at="1")
    resource = space.wait("RegisteredModel", name, has_handled("1"))
    drifted = condition(resource, "Drifted")
    assert (drifted["status"], drifted["reason"]) == ("True", "ChangedOutside")
    assert "description is 'by hand', the spec says 'by git'" in drifted["message"]
    assert condition(resource, "Ready")["status"] == "True"
    assert await _description(registry, name) == "by hand"
    # A new generation is the user's change, so it is no drift.
    space.apply(manifest("RegisteredModel", name, description="by git", owner="o", driftPolicy="Report"))
    resource = space.ready("RegisteredModel", name)
    assert not condition(resource, "Drifted")
    assert await _description(registry, name) == "by git"


async def test_ignored_drift_is_not_reported(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Ignore"))
    await _changed_by_hand(registry, space.ready("RegisteredModel", name), description="by hand")
    space.annotate("RegisteredModel", name, reconcile_requested_at="1")
    resource = space.wait("RegisteredModel", name, has_handled("1"))
    assert not condition(resource, "Drifted")
    assert "driftPolicy Ignore" in condition(resource, "Ready")["message"]
    assert await _description(registry, name) == "by hand"


async def test_a_removed_stamp_is_restored_with_the_origin_of_the_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, adoptionPolicy="Fail"))
    resource = space.ready("RegisteredModel", name)
    entry = RegisteredModel(name, id=resource["status"]["id"], custom_properties={})
    await registry.upsert_registered_model(entry)
    space.annotate("RegisteredModel", name, reconcile_requested_at="1")
    space.wait("RegisteredModel", name, has_handled("1"))
    found = await registry.get_registered_model_by_params(name=name)
    assert found is not None
    assert found.custom_properties == {"model-registrar.dev/owner": f"created:tests/{space.name}/{space.name}/{name}"}


async def test_a_paused_resource_is_not_written_and_continues_when_unpaused(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="before"))
    space.ready("RegisteredModel", name)
    space.apply(annotated(manifest("RegisteredModel", name, description="meanwhile"), paused="true"))
    resource = space.wait("RegisteredModel", name, lambda resource: condition(resource, "Ready")["reason"] == "Paused")
    assert condition(resource, "Ready")["status"] == "Unknown"
    assert await _description(registry, name) == "before"
    space.apply(manifest("RegisteredModel", name, description="meanwhile"))
    space.ready("RegisteredModel", name)
    assert await _description(registry, name) == "meanwhile"


async def test_a_change_during_a_pause_is_drift(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Report"))
    resource = space.ready("RegisteredModel", name)
    space.annotate("RegisteredModel", name, paused="true")
    space.wait("RegisteredModel", name, lambda resource: bool(condition(resource, "Ready")["reason"] == "Paused"))
    await _changed_by_hand(registry, resource, description="by hand")
    space.annotate("RegisteredModel", name, paused=None, reconcile_requested_at="unpaused")
    resource = space.wait("RegisteredModel", name, has_handled("unpaused"))
    assert condition(resource, "Drifted")["reason"] == "ChangedOutside"
    assert await _description(registry, name) == "by hand"


async def test_deleting_a_paused_resource_leaves_its_entry(
    space: Namespace, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, deletionPolicy="Archive"))
    space.ready("RegisteredModel", name)
    space.annotate("RegisteredModel", name, paused="true")
    space.delete("RegisteredModel", name)
    space.wait_gone("RegisteredModel", name)
    entry = await model_named(registry, name)
    assert entry.state == "LIVE"


async def test_events_report_each_write(space: Namespace, registry: ModelRegistryAPIClient, unique: Unique) -> None:
    name = unique("model")
    space.apply(manifest("RegisteredModel", name, description="1"))
    entry_id = space.ready("RegisteredModel", name)["status"]["id"]
    for description in ("2", "3"):
        space.apply(manifest("RegisteredModel", name, description=description))
        space.ready("RegisteredModel", name)
    assert await _description(registry, name) == "3"
    events = space.events_until(name, "Created", "Updated", "Updated")
    assert [event["message"] for event in events] == [
        f"Created RegisteredModel '{name}' (id {entry_id})",
        f"Updated RegisteredModel '{name}' (id {entry_id}): description '1' -> '2'",
        f"Updated RegisteredModel '{name}' (id {entry_id}): description '2' -> '3'",
    ]
