"""When a registry counts as another one, and what an acceptance of that covers."""

import pytest

from model_registry.types import RegisteredModel, RegistryEntry
from registrar.api.bodies import RecordedId
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.planning.ownership import Origin, Stamp
from registrar.registries.registry import Registry
from registrar.registries.replacement import MAX_MISSING, MassDeletionGuard, Replacement
from tests.unit.build import NOBODY, OWNER_ID, REFERENCE

FORMER = "http://former"
REF = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name="prod")


class Empty:
    """A registry without entries."""

    async def newest(self, _: type[RegistryEntry]) -> int:
        return 0

    async def list_stamped(self, _: type[RegistryEntry], __: str) -> list[RegistryEntry]:
        return []


class Site:
    """Resources, and the entries of theirs that a registry has, by their IDs; created in the order of these."""

    def __init__(self, ref: RegistryRef | None = REF) -> None:
        self.recorded: dict[int, RecordedId] = {}
        self.registry = Registry(object(), NOBODY, OWNER_ID, ref=ref)  # type: ignore[arg-type]  # nothing calls it
        self.registry.loaded = True
        self.guard = MassDeletionGuard(self.recorded.values, self.registry)

    def record(self, *ids: int, url: str = NOBODY) -> None:
        for number in ids:
            self.recorded[number] = RecordedId("RegisteredModel", str(number), f"{number}000", url)

    def has(self, *ids: int) -> None:
        stamp = {OWNER_PROPERTY: Stamp(Origin.CREATED, REFERENCE).text(OWNER_ID)}
        entries = [
            RegisteredModel("m", id=str(number), create_time_since_epoch=f"{number}000", custom_properties=stamp)
            for number in ids
        ]
        self.registry.view.replace(entries, 0.0)

    def count(self) -> Replacement | None:
        return self.guard.replacement(0.0, valid_seconds=-1)


def test_many_missing_entries_mean_another_registry_at_any_address() -> None:
    for ref, url in ((REF, NOBODY), (None, NOBODY), (None, FORMER)):
        site = Site(ref)
        site.record(*range(1, MAX_MISSING + 2), url=url)
        assert site.count() == Replacement(11, 11, None if url == NOBODY else FORMER)
        site.has(1)
        assert site.count() is None


def test_another_registry_is_logged_once_each_time_that_it_is_noticed(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.record(*range(1, MAX_MISSING + 2))
    site.count()
    site.count()
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"11 of 11 entries are no longer in the registry {NOBODY}: it was reset")
    site.has(1)
    site.count()
    site.has()
    site.count()
    assert len(caplog.records) == 2


def test_one_entry_that_is_not_at_the_new_address_means_another_registry() -> None:
    site = Site()
    site.record(2, url=FORMER)
    assert site.count() == Replacement(1, 1, FORMER)
    # What was created there since proves nothing, but what existed before does.
    site.record(3)
    site.has(3)
    assert site.count() == Replacement(1, 2, FORMER)
    site.record(1, url=FORMER)
    site.has(1, 3)
    assert site.count() is None
    # Another spelling of the address is no other address, and the flags' registry needs a restart for one.
    site.has()
    site.recorded.clear()
    site.record(2, url=f"{NOBODY}/")
    assert site.count() is None
    flags = Site(None)
    flags.record(2, url=FORMER)
    assert flags.count() is None


def test_an_acceptance_covers_what_is_missing_then_and_nothing_later() -> None:
    site = Site()
    site.record(*range(1, 21))
    assert site.count() == Replacement(20, 20)
    site.guard.accept("word", site.guard.newest_missing(), 0.0)
    assert (site.guard.found, site.guard.accepted, site.guard.is_recreating) == (None, "word", True)
    # Half of them are created again under other IDs; the rest is paused, say.
    for number in range(1, 11):
        del site.recorded[number]
    site.record(*range(101, 111))
    site.has(*range(101, 111))
    assert site.count() is None
    assert not site.guard.is_recreating, "ten entries would be created without an acceptance"
    site.record(111)
    site.has()
    assert site.count() == Replacement(11, 11), "what was given up counts for nothing, not even as present"


def test_after_a_restart_an_acceptance_covers_only_what_was_lost_then() -> None:
    site = Site()
    site.record(*range(1, 21))
    until = site.guard.newest_missing()
    assert until == 20_000
    # All are created again, but for one that is paused; then all are lost once more.
    for number in range(2, 21):
        del site.recorded[number]
    site.record(*range(101, 120))
    restarted = MassDeletionGuard(site.recorded.values, site.registry)
    restarted.accept("word", until, 0.0)
    assert restarted.found == Replacement(19, 19)


def test_one_status_that_is_out_of_date_stops_nobody() -> None:
    site = Site()
    site.record(1, url=FORMER)
    site.record(*range(2, 12))
    site.has(*range(2, 12))
    assert site.count() is None


def test_only_what_was_at_the_former_address_proves_that_it_leads_here() -> None:
    # Resources that have always had their entries here are older, and ten times as many.
    for native, moved in ((1, 10), (100, 20)):
        site = Site()
        site.record(*range(1, native + 1))
        site.has(*range(1, native + 1))
        site.record(*range(1001, 1001 + moved), url=FORMER)
        assert site.count() == Replacement(moved, native + moved, FORMER)
        # What has come from a third address proves nothing of the former one.
        site.record(1, url="http://third")
        assert site.count() == Replacement(moved, native + moved, FORMER)
        site.record(1, url=f"{FORMER}/")
        assert site.count() is None


def test_a_former_address_stays_proved_once_the_statuses_have_the_new_one() -> None:
    site = Site()
    site.record(*range(1, 101), url=FORMER)
    site.has(*range(1, 81))
    assert site.count() is None, "20 were lost, which is no more than a fifth"
    site.record(*range(1, 81))
    assert site.count() is None
    site.registry.end_epoch()
    site.registry.loaded = True
    assert site.count() == Replacement(20, 100, FORMER), "another database may answer here now"


async def test_a_view_that_is_not_loaded_is_not_counted_and_a_new_one_is_at_once() -> None:
    site = Site()
    site.record(*range(1, 21))
    site.has(*range(1, 21))
    assert site.guard.replacement(0.0) is None
    site.registry.end_epoch()
    site.registry.view.replace([], 1.0)
    assert site.count() is None, "nothing is known of what answers now"
    site.registry.backend = Empty()  # type: ignore[assignment]  # the part that a load needs
    await site.registry.load()
    assert not site.guard.is_current
    assert site.guard.replacement(0.0) == Replacement(20, 20), "the last count was of another view, however young it is"
