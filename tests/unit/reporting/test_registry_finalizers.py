"""The finalizer of a ClusterRegistry stays while resources use it, whether it is served or not."""

import pytest

from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.registry_marks import ABANDON_ANNOTATION, IN_USE_FINALIZER
from registrar.reporting.registry_status import next_finalizers

OTHER = "example.com/other"


def _metadata(*finalizers: str, is_deleted: bool = False, is_abandoned: bool = False) -> ObjectMeta:
    return ObjectMeta.model_validate(
        {
            "name": "a",
            "uid": "u",
            "finalizers": list(finalizers),
            **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if is_deleted else {}),
            "annotations": {ABANDON_ANNOTATION: "true"} if is_abandoned else {},
        }
    )


@pytest.mark.parametrize(
    ("metadata", "has_users", "is_synced", "expected"),
    [
        (_metadata(OTHER), True, True, [OTHER, IN_USE_FINALIZER]),
        (_metadata(OTHER), False, True, None),
        (_metadata(IN_USE_FINALIZER, OTHER), True, True, None),
        (_metadata(IN_USE_FINALIZER, OTHER), False, True, [OTHER]),
        (_metadata(IN_USE_FINALIZER), False, False, None),
        (_metadata(IN_USE_FINALIZER, is_abandoned=True), True, True, None),
        (_metadata(IN_USE_FINALIZER, is_deleted=True, is_abandoned=True), True, True, []),
        (_metadata(is_deleted=True), True, True, None),
    ],
)
def test_it_is_there_while_resources_use_it(
    metadata: ObjectMeta, *, has_users: bool, is_synced: bool, expected: list[str] | None
) -> None:
    assert next_finalizers(metadata, has_users=has_users, is_synced=is_synced) == expected
