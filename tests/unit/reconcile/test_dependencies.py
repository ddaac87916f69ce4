"""The index of parents and children: which identity is established, and who depends on it."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from registrar.api.bodies import ResourceKey
from registrar.reconcile.dependencies import Dependencies
from tests.unit.build import identity, model_key

PARENT, OTHER = model_key("parent"), model_key("other")
CHILD = ResourceKey("ModelVersion", "team", "child")


def test_children_are_returned_for_a_changed_identity_and_for_no_other() -> None:
    dependencies = Dependencies()
    dependencies.depend(CHILD, PARENT)
    assert dependencies.identify(PARENT, identity("7", None)) == {CHILD}
    assert dependencies.identify(PARENT, identity("7", None)) == frozenset()
    assert dependencies.identify(PARENT, identity("7", "fraud")) == {CHILD}
    assert dependencies.identify(PARENT, identity("8", "fraud")) == {CHILD}
    # A parent that was deleted and created again has changed, even with the ID that it had.
    assert dependencies.forget(PARENT) == {CHILD}
    assert dependencies.identity(PARENT) is None
    assert dependencies.children(PARENT) == {CHILD}
    assert dependencies.identify(PARENT, identity("8", "fraud")) == {CHILD}


def test_a_child_depends_on_one_parent_at_a_time() -> None:
    dependencies = Dependencies()
    dependencies.depend(CHILD, OTHER)
    dependencies.depend(CHILD, PARENT)
    assert dependencies.identify(OTHER, identity("1", None)) == frozenset()
    assert dependencies.identify(PARENT, identity("2", None)) == {CHILD}


def test_forgetting_drops_identity_and_dependency() -> None:
    dependencies = Dependencies()
    dependencies.identify(CHILD, identity("7"))
    dependencies.depend(CHILD, PARENT)
    assert CHILD in dependencies
    assert dependencies.forget(CHILD) == frozenset()
    assert CHILD not in dependencies
    assert dependencies.identity(CHILD) is None
    assert dependencies.children(PARENT) == frozenset()


def test_an_identity_or_a_parent_alone_is_remembered() -> None:
    dependencies = Dependencies()
    dependencies.identify(PARENT, identity("7"))
    dependencies.depend(CHILD, OTHER)
    assert (PARENT in dependencies, CHILD in dependencies, OTHER in dependencies) == (True, True, False)


KEYS = [ResourceKey("ModelVersion", "team", name) for name in "abc"]
PARENTS = [model_key(name) for name in "xyz"]


class Families(RuleBasedStateMachine):
    """Who depends on whom, against a plain map."""

    def __init__(self) -> None:
        super().__init__()
        self.dependencies = Dependencies()
        self.expected: dict[ResourceKey, ResourceKey] = {}

    def _children(self, parent: ResourceKey) -> set[ResourceKey]:
        return {child for child, its_parent in self.expected.items() if its_parent == parent}

    @rule(child=st.sampled_from(KEYS), parent=st.sampled_from(PARENTS))
    def depend(self, child: ResourceKey, parent: ResourceKey) -> None:
        self.dependencies.depend(child, parent)
        self.expected[child] = parent

    @rule(key=st.sampled_from([*KEYS, *PARENTS]))
    def forget(self, key: ResourceKey) -> None:
        assert self.dependencies.forget(key) == self._children(key)
        self.expected.pop(key, None)

    @rule(parent=st.sampled_from(PARENTS), entry_id=st.integers(1, 2))
    def identify(self, parent: ResourceKey, entry_id: int) -> None:
        established = identity(str(entry_id), None)
        has_changed = self.dependencies.identity(parent) != established
        woken = self.dependencies.identify(parent, established)
        assert woken == (self._children(parent) if has_changed else set())

    @invariant()
    def agrees(self) -> None:
        for parent in PARENTS:
            assert self.dependencies.children(parent) == self._children(parent)

    @invariant()
    def has_no_empty_sets(self) -> None:
        assert self.dependencies._children.keys() == set(self.expected.values())
        assert self.dependencies._parents == self.expected


TestFamilies = Families.TestCase
