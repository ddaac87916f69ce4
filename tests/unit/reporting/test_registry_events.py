"""A ClusterRegistry has an Event for each change of what Ready says, and for nothing else."""

from datetime import UTC, datetime

import pytest

from registrar.api.bodies import ResourceKey
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.cluster_registry import ClusterRegistryStatus, RegistryReason
from registrar.reporting.outcome import EventNote
from registrar.reporting.registry_status import Health, events_for, next_status

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = ClusterRegistryStatus()


def _status(
    reason: RegistryReason, message: str = "Why.", *users: ResourceKey, is_deleted: bool = False
) -> ClusterRegistryStatus:
    deleted = {"deletionTimestamp": "2026-11-23T12:00:00Z"} if is_deleted else {}
    metadata = ObjectMeta.model_validate({"name": "dev", "uid": "u", "generation": 1, **deleted})
    return next_status(metadata, NEW, "http://registry.example", Health(reason, message), users, None, NOW)


USER = ResourceKey("RegisteredModel", "team", "fraud")
CONNECTED = _status(RegistryReason.CONNECTED)
WAITING = _status(RegistryReason.CONNECTED, "Why.", USER, is_deleted=True)


@pytest.mark.parametrize(
    ("current", "wanted", "expected"),
    [
        (NEW, CONNECTED, [EventNote("Connected", "Why.")]),
        (NEW, _status(RegistryReason.NOT_TRIED), []),
        (_status(RegistryReason.NOT_TRIED), CONNECTED, [EventNote("Connected", "Why.")]),
        (CONNECTED, _status(RegistryReason.UNAUTHORIZED), [EventNote("Unauthorized", "Why.", is_warning=True)]),
        (
            _status(RegistryReason.UNAUTHORIZED),
            _status(RegistryReason.UNREACHABLE),
            [EventNote("Unreachable", "Why.", is_warning=True)],
        ),
        (NEW, _status(RegistryReason.INVALID_SPEC), [EventNote("InvalidSpec", "Why.", is_warning=True)]),
        (CONNECTED, CONNECTED, []),
        (_status(RegistryReason.UNREACHABLE), _status(RegistryReason.UNREACHABLE, "HTTP 503."), []),
        (CONNECTED, _status(RegistryReason.CONNECTED, "Why.", USER), []),
        (WAITING, WAITING, []),
        (WAITING, CONNECTED, []),
    ],
)
def test_an_event_for_each_change(
    current: ClusterRegistryStatus, wanted: ClusterRegistryStatus, expected: list[EventNote]
) -> None:
    assert events_for(current, wanted) == expected


def test_a_deletion_that_begins_to_wait_has_an_event() -> None:
    """Otherwise `kubectl delete` hangs, and nothing says why."""
    (note,) = events_for(CONNECTED, WAITING)
    assert (note.reason, note.is_warning) == ("InUse", True)
    assert note.message.startswith("The deletion waits for a resource that uses this registry: RegisteredModel team/")
