"""Kubernetes Events as they are sent: new ones, and counts of earlier ones."""

from datetime import UTC, datetime, timedelta

from registrar.api.bodies import ResourceKey, key_of
from registrar.reporting.events import BURST, MAX_MESSAGE_LENGTH, EventCorrelator, EventWrite
from registrar.reporting.outcome import EventNote
from tests.unit.build import body, metadata_of

NOW = datetime(2026, 11, 23, 12, 0, 5, 999999, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RESOURCE = body("ModelVersion", "v1", version=17, uid="u")


def _correlate(
    correlator: EventCorrelator, note: EventNote, now: datetime = NOW, name: str = "v1"
) -> EventWrite | None:
    resource = body("ModelVersion", name, version=17, uid="u")
    return correlator.correlate(key_of(resource), metadata_of(resource), note, now)


def _message(write: EventWrite | None) -> str:
    assert write is not None
    return str(write.event["message"])


def test_an_event_names_the_resource_and_says_what_happened() -> None:
    write = _correlate(EventCorrelator(), EventNote("InvalidSpec", "Why.", is_warning=True))
    assert write is not None
    assert write.patch is None
    assert write.name.startswith("v1.")
    assert write.event == {
        "metadata": {"name": write.name, "namespace": "team"},
        "involvedObject": {
            "apiVersion": "model-registrar.dev/v1alpha1",
            "kind": "ModelVersion",
            "name": "v1",
            "namespace": "team",
            "uid": "u",
            "resourceVersion": "17",
        },
        "type": "Warning",
        "reason": "InvalidSpec",
        "message": "Why.",
        "firstTimestamp": "2026-11-23T12:00:05Z",
        "lastTimestamp": "2026-11-23T12:00:05Z",
        "count": 1,
        "source": {"component": "model-registrar"},
        "reportingComponent": "model-registrar",
    }


def test_an_event_fits_the_api_servers_limits() -> None:
    write = _correlate(EventCorrelator(), EventNote("Synced", "m" * 5000), name="n" * 253)
    assert write is not None
    assert len(write.event["message"]) == MAX_MESSAGE_LENGTH
    assert len(write.name) <= 253
    assert write.event["involvedObject"]["name"] == "n" * 253


def test_the_same_event_again_raises_the_count_of_the_first() -> None:
    correlator, note = EventCorrelator(), EventNote("Corrected", "Corrected it.")
    first = _correlate(correlator, note)
    again = _correlate(correlator, note, NOW + MINUTE)
    assert first is not None
    assert again is not None
    assert again.name == first.name
    assert again.patch == {"message": "Corrected it.", "lastTimestamp": "2026-11-23T12:01:05Z", "count": 2}
    assert again.event["firstTimestamp"] == "2026-11-23T12:00:05Z"
    other = _correlate(correlator, EventNote("Corrected", "Corrected another."), NOW + MINUTE)
    assert other is not None
    assert (other.patch, other.name == first.name) == (None, False)


def test_an_event_that_the_api_server_has_dropped_is_posted_again() -> None:
    correlator, note = EventCorrelator(), EventNote("Corrected", "Corrected it.")
    _correlate(correlator, note)
    late = _correlate(correlator, note, NOW + 61 * MINUTE)
    assert late is not None
    assert (late.patch, late.event["count"]) == (None, 1)


def test_many_similar_events_are_combined_until_they_pause() -> None:
    correlator = EventCorrelator()
    writes = [_correlate(correlator, EventNote("Updated", f"Updated {n}.")) for n in range(12)]
    assert [_message(write) for write in writes[:10]] == [f"Updated {n}." for n in range(10)]
    assert [_message(write) for write in writes[10:]] == [
        "(combined from similar events): Updated 10.",
        "(combined from similar events): Updated 11.",
    ]
    assert writes[10] is not None
    assert writes[11] is not None
    assert writes[11].name == writes[10].name
    assert writes[11].patch is not None
    # Another reason has a list of its own, and after ten minutes without one the list begins again.
    assert _message(_correlate(correlator, EventNote("Synced", "In sync."))) == "In sync."
    assert _message(_correlate(correlator, EventNote("Updated", "Updated 13."), NOW + 11 * MINUTE)) == "Updated 13."


def test_a_resource_gets_a_burst_and_then_one_in_five_minutes() -> None:
    correlator = EventCorrelator()
    writes = [_correlate(correlator, EventNote(f"Reason{n}", "m")) for n in range(BURST + 1)]
    assert [write is None for write in writes] == [False] * BURST + [True]
    assert _correlate(correlator, EventNote("Other", "m"), name="v2") is not None, "another resource has its own"
    later = NOW + 5 * MINUTE
    assert _correlate(correlator, EventNote("Late", "m"), later) is not None
    assert _correlate(correlator, EventNote("Later", "m"), later) is None


def test_a_resource_that_is_gone_is_forgotten() -> None:
    correlator, note = EventCorrelator(), EventNote("Synced", "In sync.")
    _correlate(correlator, note)
    correlator.forget(key_of(RESOURCE))
    again = _correlate(correlator, note, NOW + MINUTE)
    assert again is not None
    assert again.event["count"] == 1


def test_an_event_about_an_object_of_the_whole_cluster_is_in_the_namespace_that_takes_it() -> None:
    key = ResourceKey("ClusterRegistry", "", "dev")
    write = EventCorrelator().correlate(key, metadata_of(RESOURCE), EventNote("Connected", "It answers."), NOW)
    assert write is not None
    assert write.event["metadata"]["namespace"] == "default"
    assert "namespace" not in write.event["involvedObject"]
