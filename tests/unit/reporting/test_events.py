"""Kubernetes Events as they are sent."""

from datetime import UTC, datetime

from registrar.api.bodies import key_of
from registrar.reporting.events import MAX_MESSAGE_LENGTH, event_json
from registrar.reporting.outcome import EventNote
from tests.unit.build import body, metadata_of

NOW = datetime(2026, 11, 23, 12, 0, 5, 999999, tzinfo=UTC)


def test_an_event_names_the_resource_and_says_what_happened() -> None:
    resource = body("ModelVersion", "v1", version=17, uid="u")
    note = EventNote("InvalidSpec", "Why.")
    assert event_json(key_of(resource), metadata_of(resource), "Warning", note, NOW) == {
        "metadata": {"generateName": "v1.", "namespace": "team"},
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
    resource = body("RegisteredModel", "n" * 253)
    note = EventNote("Synced", "m" * 5000)
    event = event_json(key_of(resource), metadata_of(resource), "Normal", note, NOW)
    assert len(event["message"]) == MAX_MESSAGE_LENGTH
    # The API server adds five characters of its own, to 253 at most.
    assert event["metadata"]["generateName"] == "n" * 240 + "."
    assert event["involvedObject"]["name"] == "n" * 253
