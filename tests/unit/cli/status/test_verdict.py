"""How one resource is, by itself."""

from typing import Any

import pytest

from registrar.api.bodies import Body
from registrar.api.meta import FINALIZER
from registrar.cli.status.resources import observe
from registrar.cli.status.verdict import Health, judge
from registrar.reporting.advice import ADVICE
from tests.unit.build import body
from tests.unit.cli.status.cases import condition, deleted, drifted, model, not_ready, ready

PAUSED: dict[str, Any] = {
    "observedGeneration": 1,
    "conditions": [condition("Ready", "Unknown", "Paused", "Paused by annotation.")],
}
PAUSE = {"model-registrar.dev/paused": "true"}

CASES: dict[str, tuple[Body, Health, str, bool]] = {
    "ready": (model("m", ready("1")), Health.READY, "Synced", False),
    "drifted": (model("m", drifted("1")), Health.READY, "Synced", False),
    "stalled": (model("m", not_ready("InvalidSpec", stalled=True)), Health.STALLED, "InvalidSpec", True),
    "waiting": (model("m", not_ready("Unauthorized")), Health.WAITING, "Unauthorized", False),
    "new": (model("m"), Health.NOT_SEEN, "NotSeen", False),
    "without a status": ({**model("m"), "status": {}}, Health.NOT_SEEN, "NotSeen", False),
    "edited": (model("m", ready("1"), generation=2), Health.BEHIND, "GenerationBehind", False),
    "stalled before an edit": (
        model("m", not_ready("InvalidSpec", stalled=True), generation=2),
        Health.BEHIND,
        "GenerationBehind",
        False,
    ),
    "paused": (model("m", PAUSED, annotations=PAUSE), Health.PAUSED, "Paused", True),
    "paused a moment ago": (model("m", ready("1"), annotations=PAUSE), Health.PAUSED, "Paused", True),
    "paused before an operator saw it": (model("m", annotations=PAUSE), Health.PAUSED, "Paused", True),
    "resumed a moment ago": (model("m", PAUSED), Health.BEHIND, "GenerationBehind", False),
    "deleted a moment ago": (
        deleted(model("m", ready("1"), generation=2), FINALIZER),
        Health.TERMINATING,
        "Terminating",
        False,
    ),
    "deleted in an outage": (
        deleted(model("m", not_ready("RegistryUnavailable")), FINALIZER),
        Health.TERMINATING,
        "RegistryUnavailable",
        False,
    ),
    "deleted, and held by others": (
        deleted(model("m", ready("1")), "others/one", "others/two"),
        Health.TERMINATING,
        "Terminating",
        True,
    ),
    "deleted, and held by nobody": (deleted(model("m", ready("1"))), Health.TERMINATING, "Terminating", False),
}


@pytest.mark.parametrize(("resource", "health", "reason", "needs_person"), CASES.values(), ids=list(CASES))
def test_each_state_is_told_apart(resource: Body, health: Health, reason: str, needs_person: bool) -> None:  # noqa: FBT001 - a column of the table
    verdict = judge(observe(resource))
    assert (verdict.health, verdict.reason, verdict.needs_person) == (health, reason, needs_person)
    assert verdict.advice.endswith(".")


def test_the_finalizers_of_others_are_named() -> None:
    verdict = judge(observe(deleted(model("m", ready("1")), "others/one", "others/two")))
    assert verdict.message.endswith("others/one, others/two.")


def test_what_to_do_is_that_of_the_reason() -> None:
    verdict = judge(observe(model("m", not_ready("OwnedByOther", stalled=True))))
    assert verdict.advice == ADVICE["OwnedByOther"]  # type: ignore[index]  # a reason is a text


def test_a_reason_of_a_newer_operator_is_shown_as_it_is() -> None:
    verdict = judge(observe(model("m", not_ready("SomethingNew", "What is new.", stalled=True))))
    assert (verdict.reason, verdict.message, verdict.advice) == ("SomethingNew", "What is new.", "See the message.")


@pytest.mark.parametrize(
    ("resource", "parent"),
    [
        (body("ModelVersion", "v", registeredModelRef={"name": "m"}), ("RegisteredModel", "m", "")),
        (
            body("ModelVersion", "v", registeredModelRef={"external": {"name": "churn"}}),
            ("RegisteredModel", None, "name 'churn'"),
        ),
        (
            body("ModelArtifact", "a", modelVersionRef={"external": {"id": "7"}}),
            ("ModelVersion", None, "id '7'"),
        ),
    ],
)
def test_a_parent_is_read_off_the_reference(resource: Body, parent: tuple[str, str | None, str]) -> None:
    found = observe(resource).parent
    assert found is not None
    assert (found.kind, found.key and found.key.name, found.external) == parent


def test_an_invalid_spec_is_read_all_the_same() -> None:
    resource = observe(body("ModelVersion", "v", customProperties={"sizes": [1, 2]}, name="2026-03"))
    assert resource.entry_name == "2026-03"
    assert resource.parent is not None
