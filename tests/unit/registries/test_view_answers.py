"""The view of a registry that changes while it answers: the truth is the newest answer about each entry."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from model_registry.types import RegistryEntry
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import EntryKind
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.kinds.table import resource_of
from registrar.planning.ownership import stamp_of
from registrar.registries.view import EntryView, same_content, update_time
from tests.unit.build import OWNER_ID, stamp

MODEL = REGISTERED_MODEL.entry
KINDS: list[EntryKind] = [MODEL, MODEL_ARTIFACT]
"""One entry of each, with the same ID."""
REFERENCES = ["team/a", "team/b"]
NEVER = -1.0
KIND = st.sampled_from([0, 1])
WRITES = st.tuples(st.just("write"), KIND, st.sampled_from([None, *REFERENCES]))
EVENTS = st.one_of(
    st.tuples(st.sampled_from(["answer", "answer", "touch"]), KIND),
    WRITES,
    st.tuples(st.sampled_from(["read", "wait"])),
)


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
        self.listed: dict[int, RegistryEntry] = {}
        self.known: dict[int, RegistryEntry] = {}
        """What the view has to know, entries without a stamp among it."""
        self.answered_at: dict[int, float] = {}
        self.latest: dict[int, int] = {}

    @rule()
    def wait(self) -> None:
        self.now += 1

    @rule(kind=KIND, reference=st.sampled_from([None, *REFERENCES]))
    def write(self, kind: int, reference: str | None) -> None:
        """Someone changes an entry, and with it perhaps its owner stamp."""
        self.writes += 1
        self.registry[kind] = KINDS[kind].entry(
            "fraud",
            id="1",
            description=f"write {self.writes}",
            custom_properties={} if reference is None else stamp(reference=reference),
            last_update_time_since_epoch=str(self.writes),
        )

    @rule(kind=KIND)
    def touch(self, kind: int) -> None:
        """Someone writes an entry as it is, which moves its time."""
        if kind in self.registry:
            self.writes += 1
            time = {"last_update_time_since_epoch": str(self.writes)}
            self.registry[kind] = self.registry[kind].model_copy(update=time)

    @rule(kind=KIND)
    def answer(self, kind: int) -> None:
        """The registry answers a request about one entry."""
        if kind in self.registry:
            entry = self.registry[kind]
            self.view.keep(entry)
            self.known[kind], self.answered_at[kind] = entry, self.now
            self.latest[kind] = max(self.latest.get(kind, 0), update_time(entry))

    def read(self) -> None:
        """The registry reads the list that it will answer."""
        self.listed = dict(self.registry)

    def _list(self, events: list[tuple[Any, ...]]) -> float:
        """Request a list, and have this happen until it arrives; returns when it was requested."""
        requested_at = self.now
        self.read()
        for name, *arguments in events:
            getattr(self, name)(*arguments)
        return requested_at

    @rule(events=st.lists(EVENTS, max_size=4), stamped_only=st.booleans())
    def load(self, events: list[tuple[Any, ...]], *, stamped_only: bool) -> None:
        """The list of all entries with our stamp; it may contain others."""
        requested_at = self._list(events)
        listed = {
            kind: entry for kind, entry in self.listed.items() if _reference(entry) is not None or not stamped_only
        }
        self.view.replace(listed.values(), requested_at)
        newer = {kind for kind in self.known if self.answered_at.get(kind, NEVER) >= requested_at}
        self.known = {**listed, **{kind: self.known[kind] for kind in newer}}
        self.latest.clear()

    @rule(events=st.lists(EVENTS, max_size=4))
    def poll(self, events: list[tuple[Any, ...]]) -> None:
        """The list of changes."""
        requested_at = self._list(events)
        for kind, entry in self.listed.items():
            affected = self.view.learn(entry, requested_at)
            if requested_at <= self.answered_at.get(kind, NEVER):
                assert affected == frozenset(), "the last direct answer may be newer"
                continue
            before = self.known.get(kind)
            if before is not None and _reference(before) is not None and same_content(before, entry):
                assert affected == frozenset(), "nothing has changed"
                continue
            references = {_reference(before), _reference(entry)} - {None}
            assert affected == {resource_of(type(entry), reference) for reference in references if reference}
            self.known[kind] = entry

    @rule(whole=st.booleans())
    def catch_up(self, *, whole: bool) -> None:
        """A list that is requested after every write and answer shows the truth."""
        self.wait()
        if whole:
            self.load([], stamped_only=True)
        else:
            self.poll([])
        for kind, row in enumerate(KINDS):
            entry, shown = self.registry.get(kind), self.view.by_id(row, "1")
            if entry is None or _reference(entry) is None:
                assert shown is None
            else:
                assert shown is not None
                assert same_content(shown, entry)

    @invariant()
    def shows_the_newest_answer(self) -> None:
        for kind, row in enumerate(KINDS):
            known = self.known.get(kind)
            assert self.view.by_id(row, "1") is (known if _reference(known) is not None else None)

    @invariant()
    def finds_entries_by_their_stamp(self) -> None:
        for kind, row in enumerate(KINDS):
            for reference in REFERENCES:
                known = self.known.get(kind)
                expected = [known] if _reference(known) == reference else []
                assert list(self.view.stamped(row, reference)) == expected

    @invariant()
    def knows_the_latest_direct_answer(self) -> None:
        for kind, row in enumerate(KINDS):
            assert self.view.latest(row.family) == self.latest.get(kind, 0)


TestAnswers = Answers.TestCase
