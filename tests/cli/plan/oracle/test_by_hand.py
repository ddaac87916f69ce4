"""A plan and the operator agree on histories that were written by hand, and the plan says what a reader expects."""

from __future__ import annotations

import pytest

from registrar.cli.plan.change import Action
from tests.cli.plan.oracle.author import author
from tests.cli.plan.oracle.batch import Operator, Played, stage
from tests.cli.plan.oracle.by_hand import STORIES, Expected, rivals
from tests.cli.plan.oracle.compare import disagreements, history
from tests.support.resources import Namespace

Ended = dict[str, tuple[Played, Expected]]
"""How each story ended, and what was expected of the plan."""


@pytest.fixture(scope="module")
def ended(space: Namespace, second_space: Namespace, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """All stories, played at once."""
    with stage(space, second_space, tmp_path_factory.mktemp("stage")) as set_up:
        names = [*STORIES, "rivals"]
        stories = [story(author(each, set_up.world)) for each, story in enumerate([*STORIES.values(), rivals])]
        played = set_up.play([case for case, _ in stories], Operator.STOPPED)
    return {name: (each, expected) for name, each, (_, expected) in zip(names, played, stories, strict=True)}


@pytest.mark.parametrize("name", STORIES)
def test_a_plan_is_what_happens(ended: Ended, name: str) -> None:
    played, expected = ended[name]
    assert disagreements(played) == [], history(played)
    report = played.planned.report
    actions = {
        "/".join(change.entry.names).removeprefix(played.case.name).removeprefix("/"): change.action
        for change in report.changes
    }
    assert actions == expected


def test_two_resources_for_one_entry_are_reported_for_both(ended: Ended) -> None:
    played, _ = ended["rivals"]
    report = played.planned.report
    assert [change.action for change in report.changes] == [Action.REFUSE, Action.REFUSE]
    assert played.planned.writes == {}
