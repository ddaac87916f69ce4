"""How often the cluster is read while the command waits."""

from registrar.cli.status.reading import POLL_SECONDS, pause_after


def test_a_small_namespace_is_read_often_and_a_reading_that_takes_long_is_followed_by_a_longer_pause() -> None:
    assert pause_after(0.05) == POLL_SECONDS
    assert pause_after(3) > 2 * 3
