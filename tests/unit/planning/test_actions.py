"""The values that a plan is decided from."""

from typing import Any

import pytest

from model_registry.types import ModelArtifact, RegisteredModel, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.planning.actions import Change, FieldSet, Patch, owned_by
from registrar.planning.ownership import Origin, Stamp
from tests.unit.build import OWNER_ID, REFERENCE, desired, model, stamp


def test_field_sets_join_and_cover() -> None:
    fields, properties = FieldSet(frozenset({"description"})), FieldSet(properties=frozenset({"team"}))
    both = fields | properties
    assert both == FieldSet(frozenset({"description"}), frozenset({"team"}))
    assert both.covers(fields)
    assert both.covers(properties)
    assert not fields.covers(both)
    assert not properties.covers(both)


@pytest.mark.parametrize("entry", [model(custom_properties={"team": "x"}), ModelArtifact("a"), RegisteredModel("b")])
def test_a_field_set_on_an_entry_lacks_the_properties_that_the_entry_lacks(entry: RegistryEntry) -> None:
    owned = FieldSet(frozenset({"description"}), frozenset({"team", "size"}))
    expected = {"team"} if entry.custom_properties else set()
    assert owned.on(entry) == FieldSet(frozenset({"description"}), frozenset(expected))


def test_a_resource_owns_what_its_spec_declares() -> None:
    wanted = desired(fields={"description": "d", "tasks": []}, properties={"team": None})
    assert owned_by(wanted) == FieldSet(frozenset({"description", "tasks"}), frozenset({"team"}))
    assert owned_by(desired(state="LIVE")) == FieldSet(frozenset({"state"}))


def _patch(properties: dict[str, Any] | None, *changes: Change) -> Patch:
    return Patch(
        entry=model(custom_properties=properties),
        fields={},
        properties=None,
        state=None,
        stamp=Stamp(Origin.CREATED, REFERENCE),
        changes=changes,
        origin=Origin.CREATED,
        adopts=False,
        restores=False,
    )


def test_the_change_of_the_stamp_is_reported_where_two_installations_contend() -> None:
    change, path = Change("description", "a", "b"), f"customProperties.{OWNER_PROPERTY}"
    ours = str(stamp()[OWNER_PROPERTY])
    assert _patch(stamp(), change).changes_with_stamp(OWNER_ID) == (change,)
    assert _patch(None, change).changes_with_stamp(OWNER_ID) == (change, Change(path, None, ours))
    theirs = "created:others/team/fraud"
    assert _patch({OWNER_PROPERTY: theirs}).changes_with_stamp(OWNER_ID) == (Change(path, theirs, ours),)
