"""What is done with the entry of a deleted resource: the table of the design."""

import pytest

from model_registry.types import ModelArtifact
from registrar.api.meta import OWNER_PROPERTY
from registrar.api.properties import Scalar
from registrar.api.v1alpha1 import DeletionPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import EntryKind
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import Archive
from registrar.planning.ownership import Origin
from registrar.planning.plan import plan_retirement
from tests.unit.build import OWNER_ID, REFERENCE, stamp

FOREIGN: dict[str, Scalar] = {OWNER_PROPERTY: "created:others/team/fraud"}
RETIREMENTS: list[tuple[dict[str, Scalar], str | None, DeletionPolicy | None, bool]] = [
    # stamp on the entry, ID in the status, policy, archived
    (stamp(), "7", None, True),
    (stamp(), None, None, True),
    (stamp(), "7", DeletionPolicy.ARCHIVE, True),
    (stamp(), "7", DeletionPolicy.ORPHAN, False),
    (stamp(Origin.ADOPTED), "7", None, False),
    (stamp(Origin.ADOPTED), "7", DeletionPolicy.ARCHIVE, True),
    (stamp(Origin.ADOPTED), None, DeletionPolicy.ARCHIVE, True),
    (stamp(Origin.ADOPTED), "7", DeletionPolicy.ORPHAN, False),
    ({}, "7", None, False),
    ({}, "7", DeletionPolicy.ARCHIVE, True),
    ({}, "8", DeletionPolicy.ARCHIVE, False),
    ({}, None, DeletionPolicy.ARCHIVE, False),
    (FOREIGN, "7", DeletionPolicy.ARCHIVE, False),
    (stamp(reference="team/other"), "7", DeletionPolicy.ARCHIVE, False),
    (stamp(reference=f"{REFERENCE}#weights"), "7", DeletionPolicy.ARCHIVE, False),
]


@pytest.mark.parametrize(("owner", "recorded_id", "deletion", "is_archived"), RETIREMENTS)
@pytest.mark.parametrize("kind", [REGISTERED_MODEL.entry, MODEL_ARTIFACT], ids=["model", "artifact"])
def test_the_entry_of_a_deleted_resource_is_archived_or_left_alone(
    kind: EntryKind,
    owner: dict[str, Scalar],
    recorded_id: str | None,
    deletion: DeletionPolicy | None,
    is_archived: bool,  # noqa: FBT001 - a column of the table
) -> None:
    entry = kind.entry("fraud", id="7", state="LIVE", custom_properties=owner)
    action = plan_retirement(kind.retired_state, entry, REFERENCE, recorded_id, deletion, OWNER_ID)
    assert action == (Archive(entry, str(kind.retired_state)) if is_archived else None)


def test_a_retired_entry_is_not_retired_again() -> None:
    entry = ModelArtifact("fraud", id="7", state="MARKED_FOR_DELETION", custom_properties=stamp())
    assert plan_retirement("MARKED_FOR_DELETION", entry, REFERENCE, "7", None, OWNER_ID) is None
