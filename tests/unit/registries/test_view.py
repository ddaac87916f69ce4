"""The view of our entries under any order of answers."""

from collections.abc import Iterable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.api.properties import Scalar
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.kinds.base import EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import family_of
from registrar.planning.ownership import Origin, Stamp
from registrar.registries.view import EntryView, update_time
from tests.unit.build import OWNER_ID, desired, model, model_key, stamp

REFERENCES = ["team/a", "team/a#x", "team/b"]
ENTRIES = st.builds(
    lambda kind, entry_id, owner: kind(
        f"name-{entry_id}", id=str(entry_id), custom_properties=owner and {"model-registrar.dev/owner": owner}
    ),
    st.sampled_from([RegisteredModel, ModelVersion, ModelArtifact, DocArtifact]),
    st.integers(1, 12),
    st.sampled_from(
        [
            None,
            f"created:other/{OWNER_ID}/team/a",
            *(Stamp(Origin.CREATED, reference).text(OWNER_ID) for reference in REFERENCES),
        ]
    ),
)
KINDS: list[EntryKind] = [REGISTERED_MODEL.entry, MODEL_VERSION.entry, MODEL_ARTIFACT]


def _place(entry: RegistryEntry) -> tuple[str, str]:
    family = "artifact" if isinstance(entry, ModelArtifact | DocArtifact) else type(entry).__name__
    return family, str(entry.id)


def _reference(entry: RegistryEntry) -> str | None:
    owner = (entry.custom_properties or {}).get("model-registrar.dev/owner")
    for reference in REFERENCES:
        if owner == Stamp(Origin.CREATED, reference).text(OWNER_ID):
            return reference
    return None


def _kind_of(entry: RegistryEntry) -> EntryKind:
    """Any kind of the entry's family."""
    return next(kind for kind in KINDS if issubclass(type(entry), kind.family))


class View(RuleBasedStateMachine):
    """The view against a plain map of what was last seen."""

    def __init__(self) -> None:
        super().__init__()
        self.view = EntryView(OWNER_ID)
        self.expected: dict[tuple[str, str], RegistryEntry] = {}

    def _expect(self, entries: Iterable[RegistryEntry]) -> None:
        for entry in entries:
            self.expected.pop(_place(entry), None)
            if _reference(entry) is not None:
                self.expected[_place(entry)] = entry

    @rule(entry=ENTRIES)
    def keep(self, entry: RegistryEntry) -> None:
        self.view.keep(entry)
        self._expect([entry])

    @rule(entry=ENTRIES)
    def forget(self, entry: RegistryEntry) -> None:
        self.view.forget(family_of(type(entry)), str(entry.id))
        self.expected.pop(_place(entry), None)

    @rule(entries=st.lists(ENTRIES, max_size=5))
    def replace(self, entries: list[RegistryEntry]) -> None:
        self.view.replace(entries, self.view._clock())
        self.expected = {}
        self._expect(entries)

    @invariant()
    def agrees(self) -> None:
        assert len(self.view) == len(self.expected)
        for entry in self.expected.values():
            assert self.view.by_id(_kind_of(entry), str(entry.id)) is entry
        for kind in KINDS:
            for reference in REFERENCES:
                found = [str(entry.id) for entry in self.view.stamped(kind, reference)]
                wanted = [
                    entry_id
                    for (family, entry_id), entry in self.expected.items()
                    if family == _place(kind.entry("x", id="1"))[0] and _reference(entry) == reference
                ]
                assert found == sorted(wanted, key=int)
            within = [stamp.reference for stamp, _ in self.view.stamped_within(kind, "team/a")]
            assert sorted(within) == sorted(
                reference for reference in ("team/a", "team/a#x") for _ in self.view.stamped(kind, reference)
            )

    @invariant()
    def has_no_empty_sets(self) -> None:
        assert all(self.view._stamped.values())
        assert sum(map(len, self.view._stamped.values())) == len(self.expected)


TestView = View.TestCase


def test_an_entry_without_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="has no ID"):
        EntryView(OWNER_ID).keep(RegisteredModel("fraud"))


def test_the_entry_at_a_place_has_the_desired_name_type_and_parent() -> None:
    view = EntryView(OWNER_ID)
    owner = stamp(reference="team/v1")
    elsewhere = ModelVersion("v1", id="3", registered_model_id="1", custom_properties=owner)
    here = ModelVersion("v1", id="4", registered_model_id="2", custom_properties=owner)
    inline = stamp(reference="team/v1#card")
    card = DocArtifact("card", id="5", custom_properties=inline)
    view.replace([elsewhere, here, card, model("6", custom_properties=owner)], 0.0)
    assert view.at(desired(MODEL_VERSION.entry, name="v1", reference="team/v1", parent_id="2")) is here
    assert view.at(desired(MODEL_VERSION.entry, name="v1", reference="team/v1", parent_id="9")) is None
    assert view.at(desired(MODEL_VERSION.entry, name="v2", reference="team/v1", parent_id="2")) is None
    assert view.at(desired(DOC_ARTIFACT, name="card", reference="team/v1#card")) is card
    assert view.at(desired(MODEL_ARTIFACT, name="card", reference="team/v1#card")) is None


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), (False, 0)])
def test_a_property_of_another_type_is_news_though_python_takes_its_value_for_the_same(
    before: Scalar, after: Scalar
) -> None:
    view = EntryView(OWNER_ID)
    old, new = (model(custom_properties={**stamp(), "rank": value}) for value in (before, after))
    view.replace([old], 0.0)
    assert view.learn(old, 1.0) == frozenset()
    assert view.learn(new, 1.0) == {model_key()}
    assert view.all()[0] is new
    assert view.keep(old) == {model_key()}


def test_an_entry_without_an_id_in_a_list_is_passed_over() -> None:
    view = EntryView(OWNER_ID)
    assert view.learn(RegisteredModel("fraud", custom_properties=stamp()), 0.0) == frozenset()
    assert len(view) == 0


def test_an_entry_without_an_update_time_is_the_oldest() -> None:
    assert update_time(model()) == 0
    assert update_time(model(last_update_time_since_epoch="7")) == 7


def test_the_latest_update_is_that_of_any_direct_answer_of_the_family() -> None:
    view = EntryView(OWNER_ID)
    view.keep(model("1", last_update_time_since_epoch="9"))
    view.keep(model("2", last_update_time_since_epoch="5"))
    view.keep(ModelArtifact("card", id="1", last_update_time_since_epoch="7"))
    view.learn(model("3", last_update_time_since_epoch="99"), view._clock() + 1)
    assert view.latest(RegisteredModel) == 9
    assert view.latest(MODEL_ARTIFACT.family) == 7
    assert view.latest(ModelVersion) == 0
