"""The view of a registry that changes while it answers: the truth is the newest answer about each entry."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from model_registry.types import RegistryEntry
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import EntryKind
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import resource_of
from registrar.planning.ownership import stamp_of
from registrar.registries.view import EntryView, same_content, update_time
from tests.unit.build import OWNER_ID, stamp

MODEL = REGISTERED_MODEL.entry
PLACES: list[tuple[EntryKind, str]] = [(MODEL, "1"), (MODEL, "2"), (MODEL_ARTIFACT, "1")]
REFERENCES = ["team/a", "team/b"]
NEVER = -1.0


def _reference(entry: RegistryEntry | None) -> str | None:
    found = stamp_of(entry, OWNER_ID)
    return None if found is None else found.reference


class Answers(RuleBasedStateMachine):
    """A registry and its view.

    Direct answers come at once. A list is requested, read by the server later, and received later still, one list
    after the other; entries are written and answered directly in between. Time may stand still.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.view = EntryView(OWNER_ID, lambda: self.now)
        self.registry: dict[int, RegistryEntry] = {}
        self.writes = 0
        self.requested_at: float | None = None
        self.listed: dict[int, RegistryEntry] = {}
        self.known: dict[int, RegistryEntry] = {}
        """What the view has to know, entries without a stamp among it."""
        self.answered_at: dict[int, float] = {}
        self.latest: dict[EntryKind, int] = {}

    @initialize(places=st.sets(st.integers(0, 2)))
    def begin(self, places: set[int]) -> None:
        for place in places:
            self.write(place, REFERENCES[0])

    @rule(seconds=st.integers(1, 2))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule(place=st.integers(0, 2), reference=st.sampled_from([None, *REFERENCES]))
    def write(self, place: int, reference: str | None) -> None:
        """Someone changes an entry, and with it perhaps its owner stamp."""
        (kind, entry_id), self.writes = PLACES[place], self.writes + 1
        self.registry[place] = kind.entry(
            "fraud",
            id=entry_id,
            description=f"write {self.writes}",
            custom_properties={} if reference is None else stamp(reference=reference),
            last_update_time_since_epoch=str(self.writes),
        )

    @precondition(lambda self: self.registry)
    @rule(data=st.data())
    def touch(self, data: st.DataObject) -> None:
        """Someone writes an entry as it is, which moves its time."""
        place = data.draw(st.sampled_from(sorted(self.registry)))
        self.writes += 1
        time = {"last_update_time_since_epoch": str(self.writes)}
        self.registry[place] = self.registry[place].model_copy(update=time)

    @precondition(lambda self: self.registry)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """The registry answers a request about one entry."""
        place = data.draw(st.sampled_from(sorted(self.registry)))
        entry, (kind, _) = self.registry[place], PLACES[place]
        self.view.keep(entry)
        self.known[place], self.answered_at[place] = entry, self.now
        self.latest[kind] = max(self.latest.get(kind, 0), update_time(entry))

    @precondition(lambda self: self.requested_at is None)
    @rule()
    def request_list(self) -> None:
        self.requested_at, self.listed = self.now, dict(self.registry)

    @precondition(lambda self: self.requested_at is not None)
    @rule()
    def read_list(self) -> None:
        self.listed = dict(self.registry)

    @precondition(lambda self: self.requested_at is not None)
    @rule(stamped_only=st.booleans())
    def receive_all(self, *, stamped_only: bool) -> None:
        """The whole list arrives, as a load requests it; it may contain entries without our stamp."""
        requested_at, self.requested_at = self.requested_at or 0.0, None
        listed = {
            place: entry for place, entry in self.listed.items() if _reference(entry) is not None or not stamped_only
        }
        self.view.replace(listed.values(), requested_at)
        newer = {place for place in self.known if self.answered_at.get(place, NEVER) >= requested_at}
        self.known = {**listed, **{place: self.known[place] for place in newer}}
        self.latest.clear()

    @precondition(lambda self: self.requested_at is not None)
    @rule(places=st.sets(st.integers(0, 2)))
    def receive_changes(self, places: set[int]) -> None:
        """A part of the list arrives, as a poll of the feed requests it."""
        requested_at, self.requested_at = self.requested_at or 0.0, None
        for place in sorted(places & self.listed.keys()):
            self._learn(place, self.listed[place], requested_at)

    def _learn(self, place: int, entry: RegistryEntry, requested_at: float) -> None:
        affected = self.view.learn(entry, requested_at)
        if requested_at <= self.answered_at.get(place, NEVER):
            assert affected == frozenset(), "the last direct answer may be newer"
            return
        before = self.known.get(place)
        if before is not None and _reference(before) is not None and same_content(before, entry):
            assert affected == frozenset(), "nothing has changed"
            return
        named = {(type(seen), _reference(seen)) for seen in (before, entry) if seen is not None}
        assert affected == {resource_of(kind, reference) for kind, reference in named if reference is not None}
        self.known[place] = entry

    @precondition(lambda self: self.requested_at is None)
    @rule(whole=st.booleans())
    def catch_up(self, *, whole: bool) -> None:
        """A list that is requested after every write and answer shows the truth."""
        self.wait(1)
        self.request_list()
        if whole:
            self.receive_all(stamped_only=True)
        else:
            self.receive_changes(set(self.listed))
        for place, (kind, entry_id) in enumerate(PLACES):
            entry, shown = self.registry.get(place), self.view.by_id(kind, entry_id)
            if entry is None or _reference(entry) is None:
                assert shown is None
            else:
                assert shown is not None
                assert same_content(shown, entry)

    @invariant()
    def shows_the_newest_answer(self) -> None:
        for place, (kind, entry_id) in enumerate(PLACES):
            known = self.known.get(place)
            assert self.view.by_id(kind, entry_id) is (known if _reference(known) is not None else None)

    @invariant()
    def finds_entries_by_their_stamp(self) -> None:
        for kind in {kind.name: kind for kind, _ in PLACES}.values():
            for reference in REFERENCES:
                expected = [
                    self.known[place]
                    for place, (its_kind, _) in enumerate(PLACES)
                    if its_kind is kind and _reference(self.known.get(place)) == reference
                ]
                assert list(self.view.stamped(kind, reference)) == expected

    @invariant()
    def knows_the_latest_direct_answer(self) -> None:
        for kind, _ in PLACES:
            assert self.view.latest(kind.family) == self.latest.get(kind, 0)


TestAnswers = Answers.TestCase
