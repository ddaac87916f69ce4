"""What is read off a resource before it is parsed."""

from typing import Any

import pytest

from registrar.api.bodies import (
    RecordedId,
    ResourceKey,
    edited,
    is_awaited,
    is_edited,
    is_same_json,
    is_unanswered,
    key_of,
    ready_state,
    ready_status,
    recorded_id,
    resource_version,
    uid_of,
    written_generation,
)
from registrar.api.meta import RECONCILE_REQUEST_MAX_LENGTH, RECONCILE_REQUESTED_ANNOTATION
from tests.unit.build import body


def test_a_key_names_kind_namespace_and_name() -> None:
    key = key_of(body("ModelVersion", "v1"))
    assert key == ResourceKey("ModelVersion", "team", "v1")
    assert (str(key), key.path) == ("ModelVersion team/v1", "team/v1")


def test_uid_version_and_generation_are_those_of_the_metadata() -> None:
    resource = body(version=17, uid="u", generation=3)
    assert (uid_of(resource), resource_version(resource), written_generation(resource)) == ("u", 17, ("u", 3))
    del resource["metadata"]["generation"]
    assert written_generation(resource) == ("u", 0)


def _ready(status: str, generation: int | None = 2) -> dict[str, Any]:
    reason = "Synced" if status == "True" else "Paused"
    return {"type": "Ready", "status": status, "reason": reason, "observedGeneration": generation}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, "Unknown Unknown"),
        ({}, "Unknown Unknown"),
        ({"conditions": None}, "Unknown Unknown"),
        ({"conditions": [_ready("True")]}, "True Synced"),
        ({"conditions": [_ready("False")]}, "False Paused"),
        ({"conditions": [_ready("Unknown")]}, "Unknown Paused"),
        ({"conditions": [_ready("True", 1)]}, "Unknown Unknown"),
        ({"conditions": [{**_ready("True"), "type": "Drifted"}]}, "Unknown Unknown"),
        ({"conditions": [{**_ready("True"), "type": "Drifted"}, _ready("False")]}, "False Paused"),
    ],
)
def test_ready_is_that_of_the_present_generation(status: dict[str, Any] | None, expected: str) -> None:
    resource = body(generation=2)
    resource["status"] = status
    assert ready_state(resource) == tuple(expected.split())
    assert ready_status(resource) == expected.split(maxsplit=1)[0]


def test_a_recorded_id_comes_with_the_registry_that_assigned_it() -> None:
    status = {"id": "7", "createTimeSinceEpoch": "5", "registryUrl": "http://registry"}
    assert recorded_id(body(status=status)) == RecordedId("RegisteredModel", "7", "5", "http://registry")
    assert recorded_id(body()) is None
    without_status = body()
    del without_status["status"]
    assert recorded_id(without_status) is None


REQUEST = {RECONCILE_REQUESTED_ANNOTATION: "now"}
LONG_REQUEST = {RECONCILE_REQUESTED_ANNOTATION: "x" * 5000}
SYNCED: dict[str, Any] = {"id": "7", "observedGeneration": 1}
ANSWERS: dict[str, tuple[dict[str, Any], bool, bool]] = {
    # the resource, whether it is unanswered, whether it is awaited
    "new": ({}, True, True),
    "synced": ({"status": SYNCED}, False, False),
    "without an entry": ({"status": {"observedGeneration": 1}}, False, True),
    "edited": ({"status": SYNCED, "generation": 2}, True, True),
    "requested": ({"status": SYNCED, "annotations": REQUEST}, True, True),
    "requested and answered": (
        {"status": {**SYNCED, "lastHandledReconcileAt": "now"}, "annotations": REQUEST},
        False,
        False,
    ),
    "a long request, answered as far as the status can hold it": (
        {
            "status": {**SYNCED, "lastHandledReconcileAt": "x" * RECONCILE_REQUEST_MAX_LENGTH},
            "annotations": LONG_REQUEST,
        },
        False,
        False,
    ),
}


@pytest.mark.parametrize(("parts", "unanswered", "awaited"), ANSWERS.values(), ids=list(ANSWERS))
def test_a_resource_is_awaited_until_it_is_answered_and_has_an_entry(
    parts: dict[str, Any], *, unanswered: bool, awaited: bool
) -> None:
    resource = body(**parts)
    assert (is_unanswered(resource), is_awaited(resource)) == (unanswered, awaited)
    resource["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    assert (is_unanswered(resource), is_awaited(resource)) == (True, True)


def test_a_user_edits_spec_annotations_and_existence_and_not_the_status() -> None:
    before = body(status=SYNCED)
    assert not is_edited(before, body(version=2, status={**SYNCED, "state": "LIVE"}))
    terminating = body(status=SYNCED)
    terminating["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    assert is_edited(before, terminating)
    for parts in ({"generation": 2}, {"uid": "uid-2"}, {"annotations": REQUEST}):
        assert is_edited(before, body(status=SYNCED, **parts))


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ({"a": [{"b": 1}]}, {"a": [{"b": 1}]}, True),
        ({"a": [{"b": 1}]}, {"a": [{"b": True}]}, False),
        ({"a": 0}, {"a": False}, False),
        # JSON has one type of number.
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [1], False),
        (["x"], ["x"], True),
        (None, {}, False),
    ],
)
def test_json_is_the_same_where_the_api_server_takes_it_for_the_same(
    left: object, right: object, *, is_same: bool
) -> None:
    assert is_same_json(left, right) is is_same
    assert is_same_json(right, left) is is_same
    resource = body(generation=3, customProperties=left)
    changed = edited(resource, {**resource["spec"], "customProperties": right}, {}, {})
    assert changed["metadata"]["generation"] == (3 if is_same else 4)
