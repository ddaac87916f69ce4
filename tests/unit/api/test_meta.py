"""The parts that every kind of resource shares."""

from datetime import UTC, datetime, timedelta, timezone

from pydantic import TypeAdapter

from registrar.api.meta import Column, Timestamp

TIMESTAMP: TypeAdapter[datetime] = TypeAdapter(Timestamp)


def test_a_time_is_kept_in_utc_and_whole_seconds() -> None:
    written = datetime(2026, 11, 23, 12, 30, 5, 999_999, tzinfo=timezone(timedelta(hours=-5)))
    kept = TIMESTAMP.validate_python(written)
    assert kept == datetime(2026, 11, 23, 17, 30, 5, tzinfo=UTC)
    assert kept.tzinfo is UTC
    assert TIMESTAMP.dump_python(kept) == "2026-11-23T17:30:05Z"


def test_a_column_is_written_as_a_definition_has_it() -> None:
    assert Column("Age", ".metadata.creationTimestamp", "Its age.", type="date").as_manifest() == {
        "name": "Age",
        "type": "date",
        "jsonPath": ".metadata.creationTimestamp",
        "description": "Its age.",
    }
    wide = Column("Reason", ".status.reason", "Why.", wide=True).as_manifest()
    assert wide == {
        "name": "Reason",
        "type": "string",
        "jsonPath": ".status.reason",
        "description": "Why.",
        "priority": 1,
    }
