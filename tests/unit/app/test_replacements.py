"""An acceptance of a replaced registry: from the annotation over the status to what may be created again."""

import math
from types import SimpleNamespace
from typing import Any

import pytest

from registrar.api.bodies import ResourceKey
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.api.v1alpha1.registry_marks import ACCEPTED_MAX_LENGTH
from registrar.app.replacements import Replacements
from registrar.cluster.cluster_registries import Declared, read
from registrar.registries.registry import Registry
from registrar.registries.replacement import Replacement
from tests.unit.build import OWNER_ID, model_key

URL = "http://registry"
KEY = model_key()


class Guard:
    """The guard of a registry that lacks entries until they are created again."""

    def __init__(self) -> None:
        self.lacks = self.found = Replacement(12, 12)
        self.accepted: str | None = None
        self.is_recreating = False
        self.is_current = True
        self.counts = 0

    def replacement(self, now: float, valid_seconds: float = 0) -> Replacement | None:
        del now, valid_seconds
        self.counts += 1
        return self.found

    def newest_missing(self) -> int:
        return 7

    def accept(self, word: str, until: int, now: float) -> None:
        del now
        assert until == 7
        self.accepted, self.found, self.is_recreating = word, None, self.lacks is not None  # type: ignore[assignment]


@pytest.fixture
def connection() -> Any:
    registry = Registry(object(), URL, OWNER_ID)  # type: ignore[arg-type]  # nothing calls it
    registry.loaded, registry.read_at = True, math.inf
    woken: list[ResourceKey] = []
    cache = type("Cache", (list,), {"synced": SimpleNamespace(is_set=lambda: True)})([KEY])
    return SimpleNamespace(
        context=SimpleNamespace(registry=registry, guard=Guard()),
        cache=cache,
        memory=SimpleNamespace(wake=woken.extend, woken=woken),
    )


def declared(
    word: str | None, accepted: dict[str, Any] | None = None, url: str = URL, former: str | None = URL
) -> Declared:
    annotations = {} if word is None else {"model-registrar.dev/accept-replaced": word}
    known = {} if former is None else {"url": former}
    status = {**known, **({} if accepted is None else {"acceptedReplacement": accepted})}
    return read(
        {
            "kind": ClusterRegistry.KIND,
            "metadata": {
                "name": "prod",
                "uid": "1",
                "resourceVersion": "1",
                "generation": 1,
                "annotations": annotations,
            },
            "spec": {"url": url, "tenants": [{"namespaces": ["*"]}]},
            "status": status,
        }
    )


def recorded(replacements: Replacements, found: Declared, connection: Any) -> dict[str, Any] | None:
    accepted = replacements.next(found, connection)
    return None if accepted is None else accepted.model_dump(by_alias=True, exclude_none=True)


def test_nothing_is_created_before_the_acceptance_is_recorded(connection: Any) -> None:
    replacements = Replacements()
    assert recorded(replacements, declared(None), connection) is None
    assert recorded(replacements, declared("word"), connection) == {"value": "word", "recreating": True, "lostUntil": 7}
    replacements.accept(declared("word"), connection)
    assert connection.memory.woken == []
    replacements.accept(declared("word", {"value": "word", "recreating": True, "lostUntil": 7}), connection)
    assert connection.context.guard.accepted == "word"
    assert connection.memory.woken == [KEY]
    connection.context.guard.is_recreating = False
    handled = declared("word", {"value": "word", "recreating": True, "lostUntil": 7})
    assert recorded(replacements, handled, connection) == {"value": "word", "recreating": False, "lostUntil": 7}


def test_an_operator_that_starts_again_goes_on_with_what_was_accepted_at_this_address(connection: Any) -> None:
    begun = {"value": "word", "recreating": True, "lostUntil": 7}
    Replacements().accept(declared("word", begun, former="http://former"), connection)
    assert connection.memory.woken == [], "it was another registry"
    moved = declared("word", begun, former="http://former")
    assert recorded(Replacements(), moved, connection) == {"value": "word", "recreating": False, "lostUntil": 7}
    Replacements().accept(declared("word", begun, former=f"{URL}/"), connection)
    assert connection.context.guard.accepted == "word"
    Replacements().accept(declared("word", {"value": "word", "recreating": False}), connection)
    assert connection.memory.woken == [KEY]


def test_a_word_that_has_nothing_to_accept_is_used_up(connection: Any) -> None:
    connection.context.guard.found = connection.context.guard.lacks = None
    long = "x" * 300
    handled = {"value": long[:ACCEPTED_MAX_LENGTH], "recreating": False}
    assert recorded(Replacements(), declared(long), connection) == handled
    connection.context.guard.found = Replacement(12, 12)
    assert recorded(Replacements(), declared(long, handled), connection) == handled


def test_a_word_is_judged_by_what_the_registry_holds_after_it_was_given(connection: Any) -> None:
    replacements, registry = Replacements(), connection.context.registry
    registry.read_at = 0.0
    assert recorded(replacements, declared("word"), connection) is None
    assert registry.breaker.take_request(), "it is read again"
    assert recorded(replacements, declared("word"), connection) is None
    assert not registry.breaker.take_request()
    registry.read_at = math.inf
    assert recorded(replacements, declared("word"), connection) == {"value": "word", "recreating": True, "lostUntil": 7}
    registry.loaded = False
    assert recorded(replacements, declared("other"), connection) is None
    assert recorded(replacements, declared("other"), None) is None


def test_what_a_registry_lacks_is_counted_again_after_each_load(connection: Any) -> None:
    guard = connection.context.guard
    guard.found = guard.lacks = None
    assert recorded(Replacements(), declared(None), connection) is None
    assert guard.counts == 0
    guard.is_current = False
    assert recorded(Replacements(), declared(None), connection) is None
    assert guard.counts == 1


def test_a_word_that_a_new_cluster_registry_brings_along_accepts_nothing(connection: Any) -> None:
    """Its manifest was applied again, with the word of an earlier acceptance, and the status is lost."""
    handled = {"value": "word", "recreating": False}
    replacements = Replacements()
    assert recorded(replacements, declared("word", former=None), None) == handled, "before it is known what it lacks"
    assert recorded(replacements, declared("word", former=None), connection) == handled
    assert recorded(replacements, declared("word", handled), connection) == handled
    again = {"value": "another", "recreating": True, "lostUntil": 7}
    assert recorded(replacements, declared("another", handled), connection) == again
