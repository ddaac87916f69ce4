"""The judgement: whether a namespace may use a registry for a model."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.tenants import Tenant
from registrar.api.v1alpha1 import AdoptionPolicy
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.actions import RecordedState, Refuse
from registrar.planning.ownership import Origin
from registrar.planning.plan import plan
from registrar.planning.problems import Disposition, Problem
from registrar.planning.tenancy import EVERYTHING, External, Permit, Use, judge, named
from tests.unit.build import OWNER_ID, desired, model, policies, stamp

OWN = {"namespaces": ["team"], "modelNames": ["{namespace}.*"]}
BY_NAME = External("spec.registeredModelRef", "RegisteredModel with name 'x'", has_id=False)
BY_ID = External("spec.registeredModelRef", "RegisteredModel with id '42'", has_id=True)
NAMESPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)


def tenants(*fields: dict[str, Any]) -> list[Tenant]:
    return [Tenant.model_validate(each) for each in fields]


def refused(use: Use, *fields: dict[str, Any]) -> Problem:
    verdict = judge(use, tenants(*fields))
    assert isinstance(verdict, Problem)
    assert (verdict.reason, verdict.disposition) == (Reason.REGISTRY_NOT_PERMITTED, Disposition.TERMINAL)
    return verdict


def permitted(use: Use, *fields: dict[str, Any]) -> Permit:
    verdict = judge(use, tenants(*fields))
    assert isinstance(verdict, Permit), verdict
    return verdict


def test_without_tenants_everybody_may_do_everything() -> None:
    assert judge(Use("team", "x", BY_ID, "me", is_absent=True), None) == EVERYTHING


@given(NAMESPACES, st.text(max_size=5), st.sampled_from([None, BY_NAME, BY_ID]))
def test_an_empty_list_admits_nobody(namespace: str, root: str, external: External | None) -> None:
    assert namespace in refused(Use(namespace, root, external)).message
    assert namespace in refused(Use(namespace, None, external)).message


@given(NAMESPACES, NAMESPACES, st.text(max_size=5))
def test_two_namespaces_never_meet_under_a_pattern_of_their_own(one: str, other: str, rest: str) -> None:
    both = {"namespaces": ["*"], "modelNames": ["{namespace}.*"]}
    permitted(Use(one, f"{one}.{rest}"), both)
    if one != other:
        refused(Use(other, f"{one}.{rest}"), both)
        refused(Use(other, f"{one}-{rest}"), both)


def test_a_namespace_that_no_tenant_names_is_told_what_to_do() -> None:
    message = refused(Use("other", "other.x"), OWN).message
    assert message.startswith("The namespace 'other' may not use this registry.")
    assert "team" not in message


def test_a_name_that_does_not_match_is_refused_with_the_patterns_of_the_namespace() -> None:
    message = refused(Use("team", "a.x"), {**OWN, "modelNames": ["{namespace}.*", "shared"]}).message
    assert "'a.x': the names of its models must match 'team.*' or 'shared'. Set spec.name to such a name" in message


def test_a_long_list_of_patterns_is_cut() -> None:
    message = refused(Use("team", "x"), {**OWN, "modelNames": [f"m{number}" for number in range(8)]}).message
    assert "'m4' or one of 3 more patterns" in message
    assert "m5" not in message


def test_while_the_name_is_not_known_the_rest_is_judged() -> None:
    permitted(Use("team", None), OWN)
    refused(Use("other", None), OWN)
    refused(Use("team", None, BY_ID), {**OWN, "externalReferences": "None"})


@pytest.mark.parametrize("policy", [None, "Own"])
def test_an_external_model_has_to_match_unless_any_may_be_used(policy: str | None) -> None:
    own = OWN if policy is None else {**OWN, "externalReferences": policy}
    permitted(Use("team", "team.x", BY_NAME), own)
    assert "Change spec.registeredModelRef" in refused(Use("team", "a.x", BY_NAME), own).message
    permitted(Use("team", "a.x", BY_NAME), {**OWN, "externalReferences": "Any"})
    permitted(Use("team", None, BY_ID, is_absent=True), {**OWN, "externalReferences": "Any"})
    # It is about references alone: a model of the namespace's own still has to match.
    refused(Use("team", "a.x"), {**OWN, "externalReferences": "Any"})


def test_external_references_may_be_refused_altogether() -> None:
    message = refused(Use("team", "team.x", BY_NAME), {**OWN, "externalReferences": "None"}).message
    assert "Name a resource of this namespace in spec.registeredModelRef" in message
    permitted(Use("team", "team.x"), {**OWN, "externalReferences": "None"})


def test_an_id_that_is_absent_and_one_that_is_forbidden_give_the_same_problem() -> None:
    absent, forbidden = (
        refused(use, OWN) for use in (Use("team", None, BY_ID, is_absent=True), Use("team", "a.secret", BY_ID))
    )
    assert absent == forbidden
    assert absent.message.startswith("The registry has no RegisteredModel with id '42' that the namespace 'team' may")
    assert absent.requeue_after


def test_an_absent_id_is_no_secret_where_every_model_may_be_used() -> None:
    permitted(Use("team", None, BY_ID, is_absent=True), {"namespaces": ["team"]})


def test_an_owner_is_set_where_absent_and_refused_where_different() -> None:
    owned = {**OWN, "owner": "{namespace}"}
    assert permitted(Use("team", "team.x"), owned).owner == "team"
    assert permitted(Use("team", "team.x", owner="team"), owned).owner == "team"
    assert "Set spec.owner to that, or remove it" in refused(Use("team", "team.x", owner="me"), owned).message
    refused(Use("team", "team.x", owner=""), owned)
    assert permitted(Use("team", "team.x", owner="me"), OWN).owner is None


def test_the_owner_completes_a_model_and_nothing_else() -> None:
    permit = Permit(owner="team")
    assert permit.complete(desired(fields={"description": "x"})).fields == {"description": "x", "owner": "team"}
    version = desired(MODEL_VERSION.entry)
    assert permit.complete(version) is version
    assert Permit().complete(desired()).fields == {}


def test_a_permit_only_makes_policies_stricter() -> None:
    lax, strict = policies(take_over=True), policies(adoption=AdoptionPolicy.FAIL)
    assert EVERYTHING.limit(lax) == lax
    assert EVERYTHING.limit(strict) == strict
    bound = permitted(Use("team", "team.x"), {**OWN, "adoptionPolicy": "Fail"}).limit(lax)
    assert (bound.adoption, bound.may_adopt) == (AdoptionPolicy.FAIL, False)
    assert (bound.take_over, bound.may_take_over) == (False, False)
    free = permitted(Use("team", "team.x"), {**OWN, "adoptionPolicy": "Adopt", "takeOver": True})
    assert free.limit(strict).adoption is AdoptionPolicy.FAIL
    assert free.limit(lax).take_over
    assert not free.limit(strict).take_over


@pytest.mark.parametrize("origin", Origin)
@pytest.mark.parametrize("recorded", [RecordedState(), RecordedState("7")])
def test_who_may_not_adopt_gets_nothing_that_another_namespace_has_left(
    origin: Origin, recorded: RecordedState
) -> None:
    bound = Permit(may_adopt=False).limit(policies())
    theirs = model(state="ARCHIVED", custom_properties=stamp(origin, "others/fraud"))
    action = plan(desired(), theirs, recorded, bound, OWNER_ID)
    assert isinstance(action, Refuse)
    assert action.problem.reason is Reason.REGISTRY_NOT_PERMITTED
    assert "this namespace may not adopt entries" in action.problem.message
    assert "others" not in action.problem.message
    # What the namespace itself has left comes back, and the policy of a spec is about unmanaged entries alone.
    own = model(state="ARCHIVED", custom_properties=stamp(origin, "team/other-name"))
    assert not isinstance(plan(desired(), own, recorded, bound, OWNER_ID), Refuse)
    assert not isinstance(plan(desired(), theirs, recorded, policies(adoption=AdoptionPolicy.FAIL), OWNER_ID), Refuse)


def test_resources_of_other_namespaces_are_named_only_without_tenants() -> None:
    other = ResourceKey("RegisteredModel", "a", "secret")
    assert named(other, "team", None) == "RegisteredModel a/secret"
    assert named(other, "a", []) == "RegisteredModel a/secret"
    assert named(other, "team", []) == "a resource of another namespace"


def test_who_may_not_adopt_has_an_entry_without_a_stamp_only_if_it_is_not_older_than_the_resource() -> None:
    """A backup can restore any status, but not when the API server created the resource."""
    entry, recorded = model(create_time_since_epoch="1764331200000"), RecordedState("7", "1764331200000")
    for since, is_proved in (
        ("2025-11-28T12:00:00Z", True),
        ("2025-11-28T12:00:59Z", True),
        ("2025-11-28T12:01:01Z", False),
    ):
        bound = Permit(may_adopt=False).limit(policies(), since)
        assert isinstance(plan(desired(), entry, recorded, bound, OWNER_ID), Refuse) is not is_proved
        # With the stamp, the age does not matter; and where no tenant forbids it, it could adopt the entry anyway.
        stamped = model(create_time_since_epoch="1764331200000", custom_properties=stamp(Origin.CREATED))
        assert not isinstance(plan(desired(), stamped, recorded, bound, OWNER_ID), Refuse)
        free = Permit().limit(policies(adoption=AdoptionPolicy.FAIL), since)
        assert not isinstance(plan(desired(), entry, recorded, free, OWNER_ID), Refuse)
