"""The drawing of the operator's rooms stays small enough to keep in mind: few rooms, few floors, few arrows, no circle.

A room is a package or module directly below `registrar`; an arrow leads from a room to one that it imports from. Which
room may import from which is import-linter's concern (pyproject.toml).
"""

from functools import cache
from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

MAX_ROOMS = 16
MAX_FLOORS = 9
MAX_ARROWS = 60


@cache
def arrows() -> dict[str, frozenset[str]]:
    """The rooms that each room imports from."""
    graph = grimp.build_graph("registrar", cache_dir=None)
    rooms = graph.find_children("registrar")
    for room in rooms:
        graph.squash_module(room)
    # A squashed package that imports from its own modules imports itself.
    return {room: frozenset(graph.find_modules_directly_imported_by(room) & rooms - {room}) for room in rooms}


def floors() -> dict[str, int]:
    """The floor of each room: one above the highest room that it imports from."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(arrows()).static_order():
        found[room] = 1 + max((found[below] for below in arrows()[room]), default=0)
    return found


def test_there_are_few_rooms() -> None:
    assert len(arrows()) <= MAX_ROOMS, sorted(arrows())


def test_there_are_few_arrows() -> None:
    drawn = [(room, below) for room, targets in arrows().items() for below in targets]
    assert len(drawn) <= MAX_ARROWS, sorted(drawn)


def test_no_arrow_is_circular() -> None:
    try:
        TopologicalSorter(arrows()).prepare()
    except CycleError as circle:
        pytest.fail(f"these rooms import from each other: {circle.args[1]}")


def test_there_are_few_floors() -> None:
    assert max(floors().values()) <= MAX_FLOORS, floors()


def test_the_graph_is_that_of_the_operator() -> None:
    """An empty graph would pass all of the above."""
    assert arrows()["registrar.__main__"] == {"registrar.cli"}
    assert "registrar.planning" in arrows()["registrar.reconcile"]
    assert arrows()["registrar.api"] == frozenset()
