"""The change feed against a simulated registry with late commits, skewed clocks, ties and rewinds."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import RegisteredModel, RegistryEntry
from registrar.registries.kubeflow.feed import OVERLAP_MILLISECONDS, Watermark, Witness
from registrar.registries.view import same_content, update_time

INTERVAL = 15_000
START = 1_700_000_000_000


@dataclass(frozen=True)
class Change:
    """One write, in milliseconds: `written` after the start, stamped by a clock that is `skew` off, visible later."""

    entry: int
    written: int
    skew: int
    delay: int

    @property
    def stamp(self) -> int:
        return START + self.written + self.skew

    @property
    def visible(self) -> int:
        return START + self.written + self.delay


@dataclass
class SimulatedRegistry:
    """Returns what is visible at a time; an entry has the stamp of its last visible write."""

    changes: list[Change] = field(default_factory=list)

    def since(self, time: int, now: int) -> list[RegistryEntry]:
        stamps: dict[int, int] = {}
        for change in sorted(self.changes, key=lambda change: change.visible):
            if change.visible <= now:
                stamps[change.entry] = change.stamp
        return [entry(number, stamp) for number, stamp in stamps.items() if stamp >= time]


def entry(number: int, stamp: int) -> RegisteredModel:
    return RegisteredModel(f"m{number}", id=str(number), last_update_time_since_epoch=str(stamp))


def witness_at(stamp: int) -> Witness:
    """The entry that the last poll returned as its latest; no test looks for it."""
    return Witness.of(entry(0, stamp))


def _id_and_time(found: RegistryEntry) -> tuple[int, int]:
    return int(found.id or 0), update_time(found)


# Together at most the overlap: a late commit, and twice a clock that is off.
changes = st.builds(
    Change,
    entry=st.integers(1, 5),
    written=st.integers(0, 200_000).map(lambda value: value // 500 * 500),
    skew=st.integers(-5_000, 5_000),
    delay=st.integers(0, OVERLAP_MILLISECONDS - 10_000),
)


@given(st.lists(changes, min_size=1, max_size=30), st.lists(st.integers(-5_000, 5_000), min_size=16, max_size=16))
def test_every_change_is_returned_by_the_first_poll_after_it_is_visible(made: list[Change], skews: list[int]) -> None:
    registry, watermark, returned = (
        SimulatedRegistry(made),
        Watermark(witness_at(START), START + skews[0]),
        set[tuple[int, int]](),
    )
    for number, skew in enumerate(skews, start=1):
        now = START + number * INTERVAL
        answer = registry.since(watermark.since, now)
        returned.update(map(_id_and_time, answer))
        current = set(map(_id_and_time, registry.since(0, now)))
        news = {(entry_id, time) for entry_id, time in current if time >= START - OVERLAP_MILLISECONDS}
        assert news <= returned
        watermark = watermark.advanced(answer, now + skew)


@given(st.lists(changes, min_size=1, max_size=30))
def test_a_quiet_registry_returns_its_latest_change_again_and_no_other(made: list[Change]) -> None:
    registry = SimulatedRegistry(made)
    end = START + 1_000_000
    watermark = Watermark(None, START).advanced(registry.since(0, end), end)
    repeated = registry.since(watermark.since, end)
    assert set(map(update_time, repeated)) == {max(_current(registry, end))}


def test_a_server_without_a_date_is_asked_further_back() -> None:
    assert Watermark(witness_at(START), None).since == START - OVERLAP_MILLISECONDS


def _current(registry: SimulatedRegistry, now: int) -> set[int]:
    return set(map(update_time, registry.since(0, now)))


@given(st.lists(changes, min_size=1, max_size=30), st.data())
def test_only_a_registry_that_went_back_is_noticed(made: list[Change], data: st.DataObject) -> None:
    end = START + 1_000_000
    registry = SimulatedRegistry(made)
    everything = registry.since(0, end)
    watermark = Watermark(None, None).advanced(everything, end)
    assert not watermark.went_back(registry.since(watermark.since, end), 0)
    kept = data.draw(st.lists(st.sampled_from(made), unique=True))
    restored = SimulatedRegistry(kept)
    witness = watermark.witness
    assert witness is not None
    returned = restored.since(watermark.since, end)
    assert watermark.went_back(returned, 0) == (witness.id not in {found.id for found in returned})


def test_a_clock_that_runs_ahead_hides_no_later_change() -> None:
    ahead = Change(entry=1, written=0, skew=600_000, delay=0)
    later = Change(entry=2, written=20_000, skew=0, delay=0)
    registry = SimulatedRegistry([ahead])
    watermark = Watermark(witness_at(START), START).advanced(registry.since(START, START + 15_000), START + 15_000)
    registry.changes.append(later)
    assert "2" in {found.id for found in registry.since(watermark.since, START + 30_000)}


def test_times_are_no_content() -> None:
    first, second = entry(1, START), entry(1, START + 1)
    assert same_content(first, second)
    assert not same_content(first, RegisteredModel("m1", id="1", description="news"))


@pytest.mark.parametrize(
    "changed", [{"id": "2"}, {"name": "m2"}, {"create_time_since_epoch": "2"}, {"last_update_time_since_epoch": "0"}]
)
def test_a_witness_is_known_by_all_but_its_update_time(changed: dict[str, str]) -> None:
    """After a reset another entry can have its ID, its name, or a later time."""
    seen = entry(1, START).model_copy(update={"create_time_since_epoch": "1"})
    watermark = Watermark().advanced([seen], START)
    is_the_same = changed.keys() == {"last_update_time_since_epoch"}
    assert watermark.went_back([seen.model_copy(update=changed)], 0) is not is_the_same


def test_a_newer_write_does_not_hide_that_the_witness_is_gone() -> None:
    watermark = Watermark().advanced([entry(1, START)], START)
    assert watermark.went_back([entry(2, START + 1_000_000)], 0)


def test_a_registry_that_lost_our_first_entries_before_a_poll_is_noticed() -> None:
    """Until the first poll after them, no witness exists."""
    assert Watermark(None, START).went_back([], START + 5)
    assert not Watermark(None, START).went_back([entry(1, START + 5)], START + 5)
    assert not Watermark(None, START).went_back([], 0)
