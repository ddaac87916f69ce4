"""What is known of the cluster: the newest body, identities, and who depends on whom."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registrar.api.bodies import ResourceKey, key_of, ready_status
from registrar.cluster.cache import ResourceCache
from registrar.kinds.base import Identity
from tests.unit.build import body, model_key

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PARENT, OTHER = model_key("parent"), model_key("other")
CHILD = ResourceKey("ModelVersion", "team", "child")


def _version(found: Any) -> int:
    return int(found["metadata"]["resourceVersion"])


@given(st.lists(st.integers(1, 120), min_size=1))
def test_an_older_body_never_replaces_a_newer_one(versions: list[int]) -> None:
    store, newest = ResourceCache(), 0
    for version in versions:
        assert store.put(body(version=version)) == (version > newest)
        newest = max(newest, version)
        found = store.get(model_key())
        assert found is not None
        assert _version(found) == newest


READY = {"conditions": [{"type": "Ready", "status": "True", "observedGeneration": 1}]}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "put ready", "put anew", "remove"]))))
def test_the_count_by_ready_is_that_of_the_bodies(steps: list[tuple[str, str]]) -> None:
    store = ResourceCache()
    for version, (name, what) in enumerate(steps, 1):
        if what == "remove":
            store.remove(model_key(name))
        else:
            uid = f"uid-{version}" if what == "put anew" else "uid"
            store.put(body(name=name, version=version, uid=uid, status=READY if what == "put ready" else None))
        counted = {place: number for place, number in store.count_ready().items() if number}
        bodies = [found for key in store if (found := store.get(key)) is not None]
        assert counted == Counter(("RegisteredModel", ready_status(one)) for one in bodies)


def test_bodies_are_kept_without_what_nobody_reads() -> None:
    store, sent = ResourceCache(), body(annotations={LAST_APPLIED: "{}", "mine": "1"})
    sent["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    store.put(sent)
    found = store.get(model_key())
    assert found is not None
    assert found["metadata"]["annotations"] == {"mine": "1"}
    assert "managedFields" not in found["metadata"]
    assert found["spec"] is sent["spec"]
    # What was sent belongs to somebody else.
    assert sent["metadata"]["annotations"].keys() == {LAST_APPLIED, "mine"}
    assert "managedFields" in sent["metadata"]


def test_keys_tell_kind_namespace_and_name() -> None:
    key = key_of(body("ModelVersion", "v1"))
    assert key == ResourceKey("ModelVersion", "team", "v1")
    assert (str(key), key.path) == ("ModelVersion team/v1", "team/v1")


def test_a_removed_resource_leaves_nothing_behind() -> None:
    store = ResourceCache()
    store.put(body())
    store.identify(model_key(), Identity("7", "fraud"))
    store.waited(model_key(), 1.0)
    store.depend(model_key(), PARENT)
    store.remove(model_key())
    assert store.get(model_key()) is None
    assert store.identity(model_key()) is None
    assert store.children(PARENT) == frozenset()
    assert store.waited(model_key(), 9.0) == 0.0
    assert list(store) == []
    assert len(store) == 0


def test_a_successor_of_the_same_name_inherits_nothing() -> None:
    store = ResourceCache()
    store.put(body(version=1, uid="first"))
    store.identify(model_key(), Identity("7", "fraud"))
    store.put(body(version=2, uid="first"))
    assert store.identity(model_key()) == Identity("7", "fraud")
    store.put(body(version=3, uid="second"))
    assert store.identity(model_key()) is None


def test_children_learn_of_an_identity_that_is_news_and_of_no_other() -> None:
    store = ResourceCache()
    store.depend(CHILD, PARENT)
    assert store.identify(PARENT, Identity("7", None)) == {CHILD}
    assert store.identify(PARENT, Identity("7", None)) == frozenset()
    assert store.identify(PARENT, Identity("7", "fraud")) == {CHILD}
    assert store.identify(PARENT, Identity("8", "fraud")) == {CHILD}
    # A parent that went and came back is news, even with the ID that it had.
    store.remove(PARENT)
    assert store.children(PARENT) == {CHILD}
    assert store.identify(PARENT, Identity("8", "fraud")) == {CHILD}


def test_a_child_depends_on_one_parent_at_a_time() -> None:
    store = ResourceCache()
    store.depend(CHILD, OTHER)
    store.depend(CHILD, PARENT)
    assert store.identify(OTHER, Identity("1", None)) == frozenset()
    assert store.identify(PARENT, Identity("2", None)) == {CHILD}


def test_waiting_is_counted_from_the_first_question() -> None:
    store = ResourceCache()
    assert [store.waited(CHILD, now) for now in (10.0, 11.5)] == [0.0, 1.5]
    store.stop_waiting(CHILD)
    assert store.waited(CHILD, 20.0) == 0.0
    store.stop_waiting(OTHER)


KEYS = [ResourceKey("ModelVersion", "team", name) for name in "abc"]
PARENTS = [model_key(name) for name in "xyz"]


class Families(RuleBasedStateMachine):
    """Who depends on whom, against a plain map."""

    def __init__(self) -> None:
        super().__init__()
        self.store = ResourceCache()
        self.expected: dict[ResourceKey, ResourceKey] = {}

    @rule(child=st.sampled_from(KEYS), parent=st.sampled_from(PARENTS))
    def depend(self, child: ResourceKey, parent: ResourceKey) -> None:
        self.store.depend(child, parent)
        self.expected[child] = parent

    @rule(key=st.sampled_from([*KEYS, *PARENTS]))
    def remove(self, key: ResourceKey) -> None:
        self.store.remove(key)
        self.expected.pop(key, None)

    @rule(parent=st.sampled_from(PARENTS), entry_id=st.integers(1, 2))
    def identify(self, parent: ResourceKey, entry_id: int) -> None:
        identity = Identity(str(entry_id), None)
        is_news = self.store.identity(parent) != identity
        told = self.store.identify(parent, identity)
        assert told == ({one for one, its in self.expected.items() if its == parent} if is_news else set())

    @invariant()
    def agrees(self) -> None:
        for parent in PARENTS:
            assert self.store.children(parent) == {one for one, its in self.expected.items() if its == parent}

    @invariant()
    def holds_nothing_for_nobody(self) -> None:
        assert self.store._children.keys() == set(self.expected.values())
        assert self.store._parents == self.expected


TestFamilies = Families.TestCase
