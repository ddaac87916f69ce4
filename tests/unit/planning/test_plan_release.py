"""How the entry of a deleted resource is released: the table of the design."""

import pytest

from model_registry.types import ModelArtifact
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Scalar
from registrar.api.v1alpha1 import DeletionPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import EntryKind
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import RecordedState, Release
from registrar.planning.ownership import Origin
from registrar.planning.plan import plan_release
from tests.unit.build import OWNER_ID, REFERENCE, stamp

THEIRS: dict[str, Scalar] = {"stage": "prod"}
FOREIGN: dict[str, Scalar] = {OWNER_PROPERTY: "created:others/team/fraud"}
ARCHIVE, ORPHAN = DeletionPolicy.ARCHIVE, DeletionPolicy.ORPHAN
RECORDED, ADOPTED = RecordedState("7", "5", Origin.CREATED), RecordedState("7", "5", Origin.ADOPTED)
RELEASES: list[tuple[dict[str, Scalar], RecordedState, DeletionPolicy | None, str]] = [
    # stamp on the entry, what the status records, policy, what happens
    (stamp(), RECORDED, None, "archived"),
    (stamp(), RecordedState(), None, "archived"),
    (stamp(), RECORDED, ARCHIVE, "archived"),
    (stamp(), RECORDED, ORPHAN, "unstamped"),
    (stamp(Origin.KEPT), RECORDED, None, "archived"),
    (stamp(Origin.KEPT), RecordedState(), None, "unstamped"),
    (stamp(Origin.ADOPTED), ADOPTED, None, "unstamped"),
    (stamp(Origin.ADOPTED), RecordedState(), None, "unstamped"),
    (stamp(Origin.ADOPTED), ADOPTED, ARCHIVE, "archived"),
    (stamp(Origin.ADOPTED), RecordedState(), ARCHIVE, "archived"),
    # The property was replaced by a notebook, which wrote no stamp or, through the operator, one that says adopted.
    (stamp(Origin.ADOPTED), RECORDED, None, "archived"),
    ({}, RECORDED, None, "archived"),
    ({}, ADOPTED, None, "left"),
    ({}, ADOPTED, ARCHIVE, "archived"),
    ({}, RecordedState("8", "5", Origin.CREATED), ARCHIVE, "left"),
    ({}, RecordedState("7", "6", Origin.CREATED), ARCHIVE, "left"),
    ({}, RecordedState(), ARCHIVE, "left"),
    (FOREIGN, RECORDED, ARCHIVE, "left"),
    (stamp(reference="team/other"), RECORDED, ARCHIVE, "left"),
    (stamp(reference=f"{REFERENCE}#weights"), RECORDED, ARCHIVE, "left"),
]


@pytest.mark.parametrize(("owner", "recorded", "deletion", "expected"), RELEASES)
@pytest.mark.parametrize("kind", [REGISTERED_MODEL.entry, MODEL_ARTIFACT], ids=["model", "artifact"])
def test_the_entry_of_a_deleted_resource_is_archived_unstamped_or_left_alone(
    kind: EntryKind,
    owner: dict[str, Scalar],
    recorded: RecordedState,
    deletion: DeletionPolicy | None,
    expected: str,
) -> None:
    entry = kind.entry("fraud", id="7", state="LIVE", custom_properties=owner | THEIRS, create_time_since_epoch="5")
    outcomes = {
        "left": None,
        "unstamped": Release(entry, None, THEIRS),
        "archived": Release(entry, kind.retired_state, stamp(Origin.RELEASED) | THEIRS),
    }
    assert plan_release(kind, entry, REFERENCE, recorded, deletion, OWNER_ID) == outcomes[expected]


def test_a_released_entry_is_not_released_again() -> None:
    entry = ModelArtifact("fraud", id="7", state="MARKED_FOR_DELETION", custom_properties=stamp(Origin.RELEASED))
    assert plan_release(MODEL_ARTIFACT, entry, REFERENCE, RecordedState("7"), None, OWNER_ID) is None


def test_an_entry_that_was_archived_by_hand_is_released_too() -> None:
    """Its stamp must not keep every other resource away."""
    entry = ModelArtifact("fraud", id="7", state="MARKED_FOR_DELETION", custom_properties=stamp())
    released = Release(entry, "MARKED_FOR_DELETION", stamp(Origin.RELEASED))
    assert plan_release(MODEL_ARTIFACT, entry, REFERENCE, RecordedState("7"), None, OWNER_ID) == released
