"""Which artifacts belong to a version, and when a version compares its addresses."""

from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.reconcile.artifact_index import ArtifactIndex
from tests.unit.build import body

VERSION = ResourceKey("ModelVersion", "team", "v1")
OTHER = ResourceKey("ModelVersion", "team", "v2")
ARTIFACT = ResourceKey("ModelArtifact", "team", "weights")


def _artifact(version: int = 1, **status: Any) -> dict[str, Any]:
    return body("ModelArtifact", "weights", version=version, status=status)


def _entry(index: ArtifactIndex, version_id: str = "7") -> tuple[set[ResourceKey], str | None]:
    return set(index.artifacts(version_id)), index.announced_id(ARTIFACT)


def _version_of(_: ResourceKey) -> ResourceKey:
    return VERSION


def test_an_announced_artifact_belongs_to_its_version_until_the_status_records_it() -> None:
    index, new = ArtifactIndex(), _artifact()
    assert index.note(None, new, _version_of) == frozenset()
    assert index.announce(new, "7", "12", VERSION) == {VERSION}
    assert _entry(index) == ({ARTIFACT}, "12")
    # The finalizer's answer has no ID either.
    assert index.note(new, _artifact(2), _version_of) == frozenset()
    assert _entry(index) == ({ARTIFACT}, "12")
    assert index.note(_artifact(2), _artifact(3, id="12", parentId="7"), _version_of) == frozenset()
    assert _entry(index) == ({ARTIFACT}, None)


def test_the_resource_that_has_the_id_of_the_version_compares_too() -> None:
    index = ArtifactIndex()
    index.note(None, body("ModelVersion", "v1", status={"id": "7"}), _version_of)
    assert index.announce(_artifact(), "7", "12", None) == {VERSION}


def test_a_status_that_differs_from_the_announcement_wakes_the_versions() -> None:
    index, new = ArtifactIndex(), _artifact()
    index.announce(new, "7", "12", VERSION)
    assert index.note(new, _artifact(2, id="13", parentId="7"), _version_of) == {VERSION}
    index = ArtifactIndex()
    index.note(None, body("ModelVersion", "v2", status={"id": "8"}), _version_of)
    index.announce(new, "7", "12", VERSION)
    assert index.note(new, _artifact(2, id="12", parentId="8"), _version_of) == {VERSION, OTHER}
    assert index.artifacts("7") == frozenset()
    assert index.artifacts("8") == {ARTIFACT}


def test_an_announced_artifact_that_is_deleted_wakes_its_version() -> None:
    index, new = ArtifactIndex(), _artifact()
    index.announce(new, "7", "12", VERSION)
    terminating = _artifact(2)
    terminating["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    assert index.note(new, terminating, _version_of) == {VERSION}


def test_an_announced_artifact_that_is_gone_belongs_to_no_version() -> None:
    index, new = ArtifactIndex(), _artifact()
    index.note(None, body("ModelVersion", "v1", status={"id": "7"}), _version_of)
    index.announce(new, "7", "12", VERSION)
    assert index.note(new, None, _version_of) == {VERSION}
    assert _entry(index) == (set(), None)


def test_an_announcement_moves_an_artifact_to_another_version() -> None:
    index, new = ArtifactIndex(), _artifact()
    index.note(None, body("ModelVersion", "v1", status={"id": "7"}), _version_of)
    index.announce(new, "7", "12", VERSION)
    assert index.announce(new, "8", "15", OTHER) == {VERSION, OTHER}
    assert index.artifacts("7") == frozenset()
    assert index.artifacts("8") == {ARTIFACT}


def test_other_kinds_and_recorded_artifacts_are_not_announced() -> None:
    index = ArtifactIndex()
    assert index.announce(body("ModelVersion", "v1"), "3", "7", None) == frozenset()
    assert index.announce(_artifact(id="12", parentId="7"), "7", "12", VERSION) == frozenset()
    assert index.announce(None, "7", "12", VERSION) == frozenset()
    assert index.artifacts("7") == frozenset()
