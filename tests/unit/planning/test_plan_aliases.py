"""Aliases are properties that are written once their version exists, whatever the drift policy."""

import dataclasses
from typing import Any

import pytest

from registrar.api.v1alpha1 import DriftPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import AliasProperties, Desired
from registrar.planning.actions import Create, FieldSet, Leave, Patch, RecordedState, RecordOwnership, owned_after
from registrar.planning.plan import plan
from tests.unit.build import OWNER_ID, desired, model, policies, stamp

OWNED = FieldSet(frozenset({"description"}), frozenset({"alias.a", "alias.b"}))
SETTLED = RecordedState(entry_id="7", owned=OWNED, settled=True)


def wanted(properties: dict[str, Any], *, waiting: str = "", pending: str = "") -> Desired:
    """A model with the aliases ``a`` and ``b``."""
    names = {part: frozenset(f"alias.{name}" for name in text) for part, text in (("w", waiting), ("p", pending))}
    aliases = AliasProperties(frozenset({"alias.a", "alias.b"}), names["w"], names["p"])
    return dataclasses.replace(desired(fields={"description": "git"}, properties=properties), aliases=aliases)


def test_a_new_entry_has_no_alias() -> None:
    action = plan(wanted({"alias.a": "1", "team": "x"}), None, RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, Create)
    assert action.properties == {"team": "x", **stamp()}


def test_an_alias_that_waits_keeps_its_value_and_stays_owned() -> None:
    entry = model(description="git", custom_properties={"alias.a": "1", "alias.b": "1", **stamp()})
    spec = wanted({"alias.b": "2"}, waiting="a")
    action = plan(spec, entry, SETTLED, policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"alias.a": "1", "alias.b": "2", **stamp()}
    assert [(change.path, change.observed, change.wanted) for change in action.changes] == [("aliases.b", "1", "2")]
    assert owned_after(spec, SETTLED, entry).properties == {"alias.a", "alias.b"}
    # What was never written is not owned, and another entry than the recorded one has nothing of ours.
    assert owned_after(spec, RecordedState(entry_id="7"), entry).properties == {"alias.b"}
    assert owned_after(spec, SETTLED, model("8")).properties == {"alias.b"}


def test_an_alias_that_left_the_spec_is_removed() -> None:
    entry = model(custom_properties={"alias.a": "1", "alias.b": "1", **stamp()})
    action = plan(desired(properties={"alias.b": "1"}), entry, SETTLED, policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"alias.b": "1", **stamp()}
    assert [change.path for change in action.changes] == ["aliases.a"]


@pytest.mark.parametrize("policy", [DriftPolicy.REPORT, DriftPolicy.IGNORE])
def test_only_an_alias_that_waited_is_written_where_drift_is_left_alone(policy: DriftPolicy) -> None:
    entry = model(description="hand", custom_properties={"alias.a": "0", "alias.b": "1", "x": 1, **stamp()})
    spec = wanted({"alias.a": "1", "alias.b": "2"}, pending="b")
    action = plan(spec, entry, SETTLED, policies(drift=policy), OWNER_ID)
    assert isinstance(action, Patch)
    assert (action.fields, action.state) == ({}, None)
    assert action.properties == {"alias.a": "0", "alias.b": "2", "x": 1, **stamp()}
    assert [change.path for change in action.changes] == ["aliases.b"]
    drift = ["description", "aliases.a"] if policy is DriftPolicy.REPORT else []
    assert [change.path for change in action.drift] == drift
    # Written once, it is a value like any other.
    spec = wanted({"alias.a": "1", "alias.b": "2"})
    assert isinstance(plan(spec, entry, SETTLED, policies(drift=policy), OWNER_ID), Leave)


def test_an_alias_that_waited_is_recorded_before_it_is_written() -> None:
    entry = model(description="hand", custom_properties=stamp())
    recorded = RecordedState(entry_id="7", owned=FieldSet(frozenset({"description"})), settled=True)
    spec = wanted({"alias.a": "1"}, pending="a")
    action = plan(spec, entry, recorded, policies(drift=DriftPolicy.REPORT), OWNER_ID)
    assert isinstance(action, RecordOwnership)
    assert action.owned.properties == {"alias.a"}


def test_a_property_is_an_alias_only_on_a_model() -> None:
    assert wanted({"alias.a": "1"}).kind.property_path("alias.a") == "aliases.a"
    assert wanted({"alias.a": "1"}).kind.property_path("team") == "customProperties.team"
    assert desired().kind.property_path("alias.gone") == "aliases.gone"
    assert desired(MODEL_ARTIFACT).kind.property_path("alias.a") == "customProperties.alias.a"
