"""Messages of a plan: without IDs of entries that do not exist yet, and with every name."""

from registrar.cli.plan.provisional import without_provisional_ids


def test_an_id_that_no_registry_has_is_left_out() -> None:
    message = "The external ID 'x' belongs to the ModelVersion '1.0' (id 2000000007, LIVE) of entry 2000000008."
    assert (
        without_provisional_ids(message)
        == "The external ID 'x' belongs to the ModelVersion '1.0' (new) of entry (new)."
    )


def test_a_name_that_looks_like_one_stays() -> None:
    message = "The model has no version '2026112714', and ModelVersion 'a' (id 12) is another."
    assert without_provisional_ids(message) == message
