"""Which state an entry gets: the tables of the design."""

import pytest

from model_registry.types import RegistryEntry
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Desired, EntryKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import Change, FieldSet, Leave, Patch, RecordedState, owned_by
from registrar.planning.ownership import Origin
from registrar.planning.plan import plan
from tests.unit.build import OWNER_ID, artifact, desired, policies, stamp

MODEL_STATES = [
    # declared, observed, written
    (None, "LIVE", None),
    (None, "ARCHIVED", "LIVE"),
    (None, None, None),
    ("LIVE", None, "LIVE"),
    ("LIVE", "ARCHIVED", "LIVE"),
    ("ARCHIVED", "LIVE", "ARCHIVED"),
    ("ARCHIVED", "ARCHIVED", None),
]
ARTIFACT_STATES = [
    (None, "LIVE", None),
    (None, "UNKNOWN", None),
    (None, "PENDING", None),
    (None, "REFERENCE", None),
    (None, None, None),
    (None, "MARKED_FOR_DELETION", "LIVE"),
    (None, "DELETED", "LIVE"),
    (None, "ABANDONED", "LIVE"),
    ("PENDING", "LIVE", "PENDING"),
    ("PENDING", None, "PENDING"),
    ("MARKED_FOR_DELETION", "MARKED_FOR_DELETION", None),
]


def _written_state(wanted: Desired, observed: RegistryEntry) -> str | None:
    recorded = RecordedState("7", owned=owned_by(wanted))
    action = plan(wanted, observed, recorded, policies(), OWNER_ID)
    if isinstance(action, Leave):
        return None
    assert isinstance(action, Patch)
    before = getattr(observed, "state", None)
    assert action.changes == (Change("state", before, action.state),)
    assert action.restores == (before == wanted.kind.retired_state)
    return action.state


@pytest.mark.parametrize(("declared", "observed", "written"), MODEL_STATES)
@pytest.mark.parametrize("kind", [REGISTERED_MODEL.entry, MODEL_VERSION.entry], ids=["model", "version"])
def test_states_of_models_and_versions(
    kind: EntryKind, declared: str | None, observed: str | None, written: str | None
) -> None:
    parent = {} if kind.parent_attribute is None else {kind.parent_attribute: "5"}
    entry = kind.entry("fraud", id="7", state=observed, custom_properties=stamp(), **parent)
    assert _written_state(desired(kind, state=declared, parent_id=kind.parent_id_of(entry)), entry) == written


@pytest.mark.parametrize(("declared", "observed", "written"), ARTIFACT_STATES)
def test_states_of_artifacts(declared: str | None, observed: str | None, written: str | None) -> None:
    entry = artifact(state=observed, custom_properties=stamp())
    wanted = desired(MODEL_ARTIFACT, state=declared, fields={"uri": "s3://bucket/model"})
    assert _written_state(wanted, entry) == written


def test_a_state_that_left_the_spec_is_released() -> None:
    wanted = desired(MODEL_ARTIFACT)
    entry = artifact(state="PENDING", custom_properties=stamp())
    action = plan(wanted, entry, RecordedState("7", owned=FieldSet(frozenset({"state"}))), policies(), OWNER_ID)
    assert action == Leave(entry, Origin.CREATED)
