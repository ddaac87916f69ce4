"""How often a field is corrected before it counts as contested."""

from registrar.reconcile.drift import MAX_CORRECTIONS, WINDOW_SECONDS, Corrections
from tests.unit.build import claim

CLAIM, OTHER = claim("a"), claim("b")


def _corrected(times: int) -> Corrections:
    corrections = Corrections()
    for now in range(times):
        assert not corrections.are_contested(CLAIM, ["description"], now)
        corrections.record(CLAIM, ["description"], now)
    return corrections


def test_the_fourth_correction_within_the_window_is_contested() -> None:
    corrections = _corrected(MAX_CORRECTIONS)
    assert corrections.are_contested(CLAIM, ["owner", "description"], MAX_CORRECTIONS)


def test_another_field_or_entry_is_not_contested() -> None:
    corrections = _corrected(MAX_CORRECTIONS)
    assert not corrections.are_contested(CLAIM, ["owner"], 0)
    assert not corrections.are_contested(OTHER, ["description"], 0)


def test_old_corrections_do_not_count() -> None:
    corrections = _corrected(MAX_CORRECTIONS)
    assert corrections.are_contested(CLAIM, ["description"], WINDOW_SECONDS - 0.5)
    assert not corrections.are_contested(CLAIM, ["description"], WINDOW_SECONDS)


def test_a_request_or_a_resync_starts_the_count_again() -> None:
    corrections = _corrected(MAX_CORRECTIONS)
    corrections.forget(CLAIM)
    assert not corrections.are_contested(CLAIM, ["description"], MAX_CORRECTIONS)
    corrections = _corrected(MAX_CORRECTIONS)
    corrections.forget_all()
    assert not corrections.are_contested(CLAIM, ["description"], MAX_CORRECTIONS)
