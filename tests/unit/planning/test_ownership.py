"""Owner stamps: written, read back, and never mistaken for those of another installation."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model_registry.types import RegisteredModel, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from registrar.planning.ownership import ForeignStamp, Origin, Stamp, read_stamp, stamp_of
from registrar.registries.kubeflow.backend import stamp_filter

OWNER_IDS = st.from_regex(r"[A-Za-z0-9]([-A-Za-z0-9./]{0,20}[A-Za-z0-9])?", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
REFERENCES = st.one_of(
    st.builds("{}/{}".format, LABELS, LABELS),
    st.builds("{}/{}#{}".format, LABELS, LABELS, st.text(min_size=1, max_size=20)),
)
STAMPS = st.builds(Stamp, st.sampled_from(Origin), REFERENCES)


@given(STAMPS, OWNER_IDS)
@example(Stamp(Origin.CREATED, "team/v1#dir/weights #2:final"), "a/b")
def test_a_stamp_is_read_as_it_was_written(stamp: Stamp, owner_id: str) -> None:
    assert read_stamp(stamp.text(owner_id), owner_id) == stamp


@given(STAMPS, OWNER_IDS, OWNER_IDS)
@example(Stamp(Origin.CREATED, "team/fraud"), "a", "a/b")
@example(Stamp(Origin.CREATED, "team/fraud"), "a/b", "a")
@example(Stamp(Origin.ADOPTED, "a/b"), "a", "a/a")
@example(Stamp(Origin.CREATED, "team/fraud"), "ab", "a")
@example(Stamp(Origin.CREATED, "team/v1#x/y/z"), "a/team", "a")
def test_an_installation_never_reads_the_stamp_of_another_as_its_own(stamp: Stamp, writer: str, reader: str) -> None:
    found = read_stamp(stamp.text(writer), reader)
    if writer != reader:
        is_released = stamp.origin is Origin.RELEASED
        assert found == (None if is_released else ForeignStamp(stamp.text(writer)))


@pytest.mark.parametrize("value", [None, ""])
def test_an_absent_or_empty_property_is_no_stamp(value: str | None) -> None:
    assert read_stamp(value, "a") is None


@pytest.mark.parametrize(
    "value",
    ["nonsense", "created:", "created:a/", "created:a/team", "created:a/team/x/y", "made:a/team/x", 5, True],
)
def test_an_unreadable_stamp_is_foreign(value: object) -> None:
    assert read_stamp(value, "a") == ForeignStamp(str(value))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (None, None),
        (RegisteredModel("fraud"), None),
        (RegisteredModel("fraud", custom_properties={"team": "x"}), None),
        (RegisteredModel("fraud", custom_properties={OWNER_PROPERTY: "created:b/team/x"}), None),
        (
            RegisteredModel("fraud", custom_properties={OWNER_PROPERTY: "adopted:a/team/x"}),
            Stamp(Origin.ADOPTED, "team/x"),
        ),
    ],
    ids=["no entry", "no properties", "no stamp", "another installation's", "ours"],
)
def test_the_stamp_of_an_entry_is_ours_or_none(entry: RegistryEntry | None, expected: Stamp | None) -> None:
    assert stamp_of(entry, "a") == expected


def test_the_filter_names_the_installation() -> None:
    assert stamp_filter("a/b") == "`model-registrar.dev/owner` LIKE '%:a/b/%'"
