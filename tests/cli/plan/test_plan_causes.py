"""`registrar plan --base` names the change as the cause of all that its files lead to, and of nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from registrar.cli.exits import ExitCode
from tests.cli.plan.conftest import Plan
from tests.cli.plan.manifests import actions, found, manifest, model, stamped, version, write
from tests.cli.plan.review import snapshot
from tests.support.rest import Rest

Documents = list[dict[str, Any]]
MORE: list[tuple[str, ...]] = [(), ("--changed",)]
EXTERNAL = {"registeredModelRef": {"external": {"name": "churn"}}}


def fields(result: Any, name: str) -> dict[str, tuple[object, object, bool]]:
    """Before, after, and whether it is drift, of each field that changes on an entry of that name."""
    return {
        each["path"]: (each["before"], each["after"], each["drift"])
        for change in found(result)["changes"]
        if change["entry"]["name"] == name
        for each in change["fields"]
    }


@pytest.fixture
def planned(plan: Plan, tmp_path: Path) -> Any:
    """Plan a change from some manifests to others."""

    def run(base: Documents, head: Documents, *more: str) -> Any:
        folders = [write(tmp_path / name, all=documents) for name, documents in (("base", base), ("head", head))]
        return plan(folders[1], "--base", folders[0], "-o", "json", *more)

    return run


@pytest.mark.parametrize("policy", ["Correct", "Report", "Ignore"])
@pytest.mark.parametrize("more", MORE)
def test_an_alias_moves_with_the_version_that_the_change_adds(
    planned: Any, rest: Rest, more: tuple[str, ...], policy: str
) -> None:
    """It has waited for the version, so the drift policy does not hold it back."""
    churn = rest.model("churn", owner="theirs", **stamped("team/churn", **{"alias.champion": "1"}))
    rest.version(churn, "1", **stamped("team/churn-1"))
    parent = model("churn", owner="ours", driftPolicy=policy, aliases={"champion": "2"})
    base = [parent, version("churn-1", "churn", name="1")]
    before = planned(base, base, "--drift")
    assert {cause for action, cause, _ in actions(before) if action == "wait"} == {"base"} or policy != "Correct"
    result = planned(base, [*base, version("churn-2", "churn", name="2")], *more, "--drift")
    assert ("create", "change", "churn/2") in actions(result)
    assert ("update", "change", "churn") in actions(result)
    assert fields(result, "churn")["aliases.champion"] == ("1", "2", False)
    if policy == "Correct":
        assert fields(result, "churn")["owner"] == ("theirs", "ours", True)


def test_an_alias_that_others_moved_is_drift_still(planned: Any, rest: Rest) -> None:
    churn = rest.model("churn", **stamped("team/churn", **{"alias.champion": "1"}))
    for number in ("1", "2"):
        rest.version(churn, number, **stamped(f"team/churn-{number}"))
    base = [model("churn", aliases={"champion": "2"}), *(version(f"churn-{n}", "churn", name=n) for n in "12")]
    result = planned(base, [*base, version("churn-3", "churn", name="3")])
    assert actions(result) == [("update", "drift", "churn"), ("create", "change", "churn/3")]


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("is_archived", [True, False])
def test_an_alias_whose_version_the_change_takes_away_waits_because_of_it(
    planned: Any, rest: Rest, more: tuple[str, ...], *, is_archived: bool
) -> None:
    churn = rest.model("churn", **stamped("team/churn", **{"alias.champion": "1"}))
    rest.version(churn, "1", **stamped("team/churn-1"))
    parent, child = model("churn", aliases={"champion": "1"}), version("churn-1", "churn", name="1")
    assert actions(planned([parent, child], [parent, child], *more)) == []
    head = [parent, {**child, "spec": {**child["spec"], "state": "ARCHIVED"}}] if is_archived else [parent]
    result = planned([parent, child], head, *more)
    action = "update" if is_archived else "archive"
    assert sorted(actions(result)) == [(action, "change", "churn/1"), ("wait", "change", "churn")]
    (waits,) = (change for change in found(result)["changes"] if change["action"] == "wait")
    assert waits["reason"] == "VersionArchived"


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("reference", [{}, EXTERNAL], ids=["by resource", "by name"])
def test_what_waited_for_a_parent_is_created_because_of_the_change_that_adds_it(
    planned: Any, rest: Rest, more: tuple[str, ...], reference: dict[str, Any]
) -> None:
    rest.model("other")
    child = version("churn-1", "churn", name="1")
    child["spec"] |= reference
    waits = [("wait", "base", "1")]
    assert actions(planned([child], [child], "--drift")) == waits
    result = planned([child], [child, model("churn")], *more)
    assert sorted(actions(result)) == [("create", "change", "churn"), ("create", "change", "churn/1")]
    # What the operator does in any case is not of the change, although the change edits something else.
    parent = model("churn")
    result = planned([parent, child], [parent, child, model("new")])
    assert [cause for _, cause, name in actions(result) if name.startswith("churn")] == ["base", "base"]


def test_a_creation_names_fields_as_the_manifest_does(planned: Any, rest: Rest) -> None:
    digest = f"sha256:{'0' * 64}"
    artifact = {"name": "w", "uri": "s3://b/1", "digest": digest, "customProperties": {"alias.of": "a property"}}
    rest.model("churn", **stamped("team/churn"))
    head = [model("churn"), version("churn-1", "churn", name="1", artifacts=[artifact])]
    result = planned([model("churn")], head)
    assert fields(result, "w")["digest"] == (None, digest, False)
    assert fields(result, "w")["customProperties.alias.of"] == (None, "a property", False)


@pytest.mark.parametrize("more", MORE)
def test_a_rival_that_leaves_hands_the_entry_over(planned: Any, rest: Rest, more: tuple[str, ...]) -> None:
    rest.model("churn", owner="first", **stamped("team/first"))
    first, second = model("first", name="churn", owner="first"), model("second", name="churn", owner="second")
    result = planned([first, second], [second], *more)
    assert actions(result) == [("handover", "change", "churn")]
    assert fields(result, "churn") == {"owner": ("first", "second", False)}


LINKS = {
    "resource": {"name": "churn"},
    "name": {"external": {"name": "churn"}},
    "id": {"external": {"id": "1"}},
    "resource outside": {"name": "outside"},
}
"""References to one model, all of which lead there."""


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize(("one", "other"), [("id", "resource"), ("name", "id"), ("resource outside", "name")])
def test_rivals_are_found_however_they_refer_to_their_parent(
    planned: Any, rest: Rest, more: tuple[str, ...], one: str, other: str
) -> None:
    churn = rest.model("churn", **stamped("team/outside" if one == "resource outside" else "team/churn"))
    assert churn == "1"
    rest.version(churn, "1", author="first", **stamped("team/first"))
    parents = [] if one == "resource outside" else [model("churn")]
    first, second = (
        manifest("ModelVersion", name, name="1", registeredModelRef=LINKS[link], author=name)
        for name, link in (("first", one), ("second", other))
    )
    result = planned([*parents, first, second], [*parents, second], *more)
    assert actions(result) == [("handover", "change", "churn/1")]
    assert fields(result, "1") == {"author": ("first", "second", False)}


@pytest.mark.parametrize("more", MORE)
def test_an_inline_rival_that_leaves_hands_the_entry_over(planned: Any, rest: Rest, more: tuple[str, ...]) -> None:
    churn = rest.model("churn", **stamped("team/churn"))
    first = rest.version(churn, "1", **stamped("team/churn-1"))
    rest.artifact(first, "w", uri="s3://b/1", state="LIVE", **stamped("team/churn-1#w"))
    inline = version("churn-1", "churn", name="1", artifacts=[{"name": "w", "uri": "s3://b/1"}])
    alone = version("churn-1", "churn", name="1")
    own = manifest("ModelArtifact", "own", name="w", modelVersionRef={"name": "churn-1"}, uri="s3://b/2")
    result = planned([model("churn"), inline, own], [model("churn"), alone, own], *more)
    assert actions(result) == [("handover", "change", "churn/1/w")]
    assert fields(result, "w") == {"uri": ("s3://b/1", "s3://b/2", False)}


@pytest.mark.parametrize("more", MORE)
def test_an_external_id_that_becomes_free_is_set_because_of_the_change(
    planned: Any, rest: Rest, more: tuple[str, ...]
) -> None:
    rest.model("first", externalId="id-1", **stamped("team/first"))
    rest.model("second", **stamped("team/second"))
    first, second = model("first", externalId="id-1"), model("second", externalId="id-1")
    result = planned([first, second], [{**first, "spec": {"externalId": "id-2"}}, second], *more)
    assert sorted(actions(result)) == [("update", "change", "first"), ("update", "change", "second")]


@pytest.mark.parametrize("more", MORE)
@pytest.mark.parametrize("rival", [model("churn", owner="old"), model("rival", name="churn")], ids=["twice", "rivals"])
def test_what_leaves_is_known_of_a_resource_that_was_not_alone_in_the_base(
    planned: Any, rest: Rest, more: tuple[str, ...], rival: dict[str, Any]
) -> None:
    """The last one of two of the same name was applied, and of two rivals, the one that the stamp names."""
    rest.model("churn", **stamped("team/churn"))
    rest.change("registered_models/1", owner="me", description="old")
    base = [rival, model("churn", owner="me", description="old")]
    result = planned(base, [model("churn", owner="me")], *more, "--exit-code")
    assert (actions(result), result.exit_code) == ([("update", "change", "churn")], ExitCode.CHANGES)
    assert fields(result, "churn") == {"description": ("old", None, False)}


def test_what_leaves_is_not_known_of_a_resource_that_was_refused_in_the_base(planned: Any, rest: Rest) -> None:
    base, head = [model("churn", owner="me", maturitty="high", description="old")], [model("churn", owner="me")]
    assert planned(base, head, "--exit-code").exit_code == ExitCode.CHANGES, "nothing leaves an entry that is new"
    rest.model("churn", **stamped("team/churn"))
    rest.change("registered_models/1", owner="me", description="old")
    result = planned(base, head, "--exit-code")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "so the plan does not show what leaves RegisteredModel churn." in result.stderr


def test_a_snapshot_gives_the_same(planned: Any, rest: Rest, tmp_path: Path, plan: Plan) -> None:
    churn = rest.model("churn", **stamped("team/churn", **{"alias.champion": "1"}))
    rest.version(churn, "1", **stamped("team/churn-1"))
    base = [model("churn", aliases={"champion": "2"}), version("churn-1", "churn", name="1")]
    result = planned(base, [*base, version("churn-2", "churn", name="2")], "--changed")
    snapshot(rest.url, tmp_path / "snapshot")
    folders = (tmp_path / "head", "--base", tmp_path / "base", "-o", "json", "--changed")
    assert actions(plan(*folders, "--snapshot", tmp_path / "snapshot")) == actions(result)
