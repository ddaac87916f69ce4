"""A digest is a property that is never replaced, but to correct what others changed."""

import dataclasses
from typing import Any

import pytest

from model_registry.types import ModelArtifact
from registrar.api.conditions import Reason
from registrar.api.v1alpha1 import DriftPolicy
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.base import Desired
from registrar.planning.actions import (
    Create,
    FieldSet,
    Leave,
    Patch,
    RecordedState,
    RecordOwnership,
    Refuse,
    owned_after,
)
from registrar.planning.plan import after_recording, owned_on, plan
from registrar.planning.problems import Disposition
from tests.unit.build import OWNER_ID, artifact, desired, model, policies, stamp

ZEROS, ONES, TWOS = (f"sha256:{digit * 64}" for digit in "012")
FIELDS = {"uri": "s3://bucket/model"}


def wanted(digest: str | None = ZEROS, **properties: Any) -> Desired:
    """An artifact with a digest, as `registrar.kinds.desired` builds it."""
    declared = {**properties, **({} if digest is None else {"digest": digest})}
    return dataclasses.replace(desired(MODEL_ARTIFACT, fields={**FIELDS}, properties=declared), digest=digest)


def found(digest: Any = None, /, **more: Any) -> ModelArtifact:
    """Our entry, with the digest that the registry has."""
    return artifact(custom_properties={**({} if digest is None else {"digest": digest}), **more, **stamp()})


def recorded(digest: str | None = None, *names: str, settled: bool = False) -> RecordedState:
    """What the status records of that entry."""
    return RecordedState(entry_id="7", owned=FieldSet(frozenset(FIELDS), frozenset(names), digest), settled=settled)


def test_a_new_entry_has_it() -> None:
    action = plan(wanted(), None, RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, Create)
    assert action.properties == {"digest": ZEROS, **stamp()}


@pytest.mark.parametrize("empty", [None, ""])
def test_an_entry_without_one_gets_it_and_the_status_records_it_first(empty: str | None) -> None:
    entry = found(empty)
    action = plan(wanted(), entry, recorded(), policies(), OWNER_ID)
    assert isinstance(action, RecordOwnership)
    assert (action.owned.properties, action.owned.digest) == (frozenset({"digest"}), ZEROS)
    action = plan(wanted(), entry, after_recording(recorded(), action), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert [(change.path, change.observed, change.wanted) for change in action.changes] == [("digest", empty, ZEROS)]
    assert owned_after(wanted(), recorded(), entry).digest == ZEROS


def test_an_entry_that_has_it_is_adopted() -> None:
    entry = artifact(custom_properties={"digest": ZEROS})
    action = plan(wanted(), entry, RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, RecordOwnership)
    assert action.owned.digest == ZEROS


@pytest.mark.parametrize("known", [ONES, "2c26", 7, f"{ZEROS}\n"])
@pytest.mark.parametrize("before", [RecordedState(), recorded(), recorded("x", "digest"), recorded(TWOS, settled=True)])
def test_another_one_is_refused_whatever_else_is_wrong(known: Any, before: RecordedState) -> None:
    action = plan(wanted(team="a"), found(known, team="b"), before, policies(), OWNER_ID)
    assert isinstance(action, Refuse)
    assert (action.problem.disposition, action.problem.reason) == (Disposition.TERMINAL, Reason.DIGEST_CHANGED)
    assert f"{str(known)!r} in the registry, and the spec says {ZEROS!r}" in action.problem.message


def test_a_digest_of_any_length_makes_no_long_message() -> None:
    action = plan(wanted(), found("x" * 100_000), RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, Refuse)
    assert len(action.problem.message) < 1000


@pytest.mark.parametrize("known", [ONES, None, ""])
@pytest.mark.parametrize("settled", [True, False])
def test_what_others_made_of_a_digest_that_we_set_is_corrected(known: str | None, *, settled: bool) -> None:
    """The spec may have changed elsewhere in the meantime: the status knows which digest was ours."""
    action = plan(wanted(), found(known), recorded(ZEROS, "digest", settled=settled), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"digest": ZEROS, **stamp()}
    assert [(change.path, change.observed, change.wanted) for change in action.changes] == [("digest", known, ZEROS)]


@pytest.mark.parametrize("policy", [DriftPolicy.REPORT, DriftPolicy.IGNORE])
def test_drift_is_left_where_the_policy_says_so(policy: DriftPolicy) -> None:
    before = recorded(ZEROS, "digest", settled=True)
    action = plan(wanted(), found(ONES), before, policies(drift=policy), OWNER_ID)
    assert isinstance(action, Leave)
    assert [change.path for change in action.drift] == (["digest"] if policy is DriftPolicy.REPORT else [])
    # What was ours stays known, so that the drift never counts as a change of the spec.
    assert owned_after(wanted(), before, found(ONES)).digest == ZEROS


def test_a_digest_that_left_the_spec_stays_in_the_registry() -> None:
    spec = wanted(None, team="a")
    action = plan(spec, found(ZEROS, team="a", gone=1), recorded(ZEROS, "digest", "team", "gone"), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"digest": ZEROS, "team": "a", **stamp()}
    owned = owned_after(spec, recorded(ZEROS, "digest", "team"), found(ZEROS))
    assert (owned.properties, owned.digest) == (frozenset({"team"}), None)
    # So the next one is compared with it.
    action = plan(wanted(ONES), found(ZEROS, team="a"), recorded(None, "team"), policies(), OWNER_ID)
    assert isinstance(action, Refuse)


@pytest.mark.parametrize("known", [ZEROS, "2c26"])
def test_a_digest_stays_however_it_was_declared(known: str) -> None:
    """Before the field had the name for itself, a status could record the property like any other."""
    before = recorded(None, "digest", "gone")
    action = plan(wanted(None), found(known, gone=1), before, policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.properties == {"digest": known, **stamp()}
    # A model has nothing to digest: there, it is a property like any other.
    entry = model(custom_properties={"digest": known, **stamp()})
    action = plan(desired(), entry, recorded(None, "digest"), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert [change.path for change in action.changes] == ["customProperties.digest"]


def test_a_create_whose_answer_was_lost_has_set_the_digest() -> None:
    entry = artifact(
        custom_properties={"digest": ZEROS, **stamp()},
        create_time_since_epoch="5",
        last_update_time_since_epoch="5",
    )
    assert owned_on(entry, wanted(None), RecordedState(), OWNER_ID).digest == ZEROS
    action = plan(wanted(None), entry, RecordedState(), policies(), OWNER_ID)
    assert isinstance(action, Leave)
    assert isinstance(plan(wanted(ONES), entry, RecordedState(), policies(), OWNER_ID), Refuse)


MOVED = "s3://bucket/other"


def found_at(uri: str | None, digest: Any) -> ModelArtifact:
    """Our entry at another address than the spec's."""
    return artifact(uri=uri, custom_properties={"digest": digest, **stamp()})


@pytest.mark.parametrize("before", [RecordedState(), recorded(), recorded(ZEROS, "digest")])
def test_an_address_is_not_changed_beside_a_digest_that_the_spec_does_not_declare(before: RecordedState) -> None:
    """The registry would say that the old content is at the new address."""
    action = plan(wanted(None), found_at(MOVED, ZEROS), before, policies(), OWNER_ID)
    assert isinstance(action, Refuse)
    assert (action.problem.disposition, action.problem.reason) == (Disposition.TERMINAL, Reason.DIGEST_CHANGED)
    assert f"has the digest {ZEROS!r} in the registry, for the uri {MOVED!r}" in action.problem.message
    assert f"the spec says the uri {FIELDS['uri']!r} and no digest" in action.problem.message
    # The same content can move.
    assert not isinstance(plan(wanted(ZEROS), found_at(MOVED, ZEROS), before, policies(), OWNER_ID), Refuse)


def test_long_addresses_make_no_long_message() -> None:
    action = plan(wanted(None), found_at("s3://" + "x" * 100_000, ZEROS), recorded(), policies(), OWNER_ID)
    assert isinstance(action, Refuse)
    assert len(action.problem.message) < 1500


@pytest.mark.parametrize("address", [None, "", FIELDS["uri"]])
def test_an_entry_gets_its_first_address_and_keeps_it_whatever_its_digest_is(address: str | None) -> None:
    action = plan(wanted(None), found_at(address, ZEROS), recorded(), policies(), OWNER_ID)
    assert isinstance(action, Leave if address else Patch)


@pytest.mark.parametrize("known", ["", "2c26", 7])
def test_a_property_that_is_no_digest_says_nothing_about_the_content(known: Any) -> None:
    action = plan(wanted(None), found_at(MOVED, known), recorded(), policies(), OWNER_ID)
    assert isinstance(action, Patch)


def test_an_address_that_others_changed_in_the_registry_is_corrected() -> None:
    action = plan(wanted(None), found_at(MOVED, ZEROS), recorded(settled=True), policies(), OWNER_ID)
    assert isinstance(action, Patch)
    assert action.fields == FIELDS


def test_the_address_of_an_image_can_say_the_digest() -> None:
    image = dataclasses.replace(wanted(None), fields={"uri": f"oci://registry/image@{ZEROS}"})
    assert isinstance(plan(image, found_at(MOVED, ZEROS), recorded(), policies(), OWNER_ID), Patch)
    assert isinstance(plan(image, found_at(MOVED, ONES), recorded(), policies(), OWNER_ID), Refuse)
