"""From resources to causes, trees and exit codes."""

from registrar.api.bodies import ResourceKey
from registrar.cli.exits import ExitCode
from registrar.cli.status.causes import Cause
from registrar.cli.status.report import Report
from registrar.cli.status.tree import lines_of
from registrar.reporting.advice import ADVICE
from tests.unit.build import body
from tests.unit.cli.status.cases import (
    OUTAGE,
    alias_waits,
    artifact,
    deleted,
    drifted,
    model,
    not_ready,
    ready,
    report_of,
    version,
    waiting_artifact,
    waiting_version,
)

REFUSED = not_ready("OwnedByOther", "The entry carries a stamp.", stalled=True)


def named(cause: Cause) -> list[tuple[str, int]]:
    return [(origin.subject, len(keys)) for origin, keys in zip(cause.origins, cause.affected, strict=True)]


def tree(report: Report, **only: frozenset[ResourceKey]) -> list[str]:
    return [f"{'  ' * line.depth}{line.name}" for line in lines_of(report, **only)]


def test_what_waits_for_a_parent_has_the_cause_of_the_highest_parent_that_is_not_ready() -> None:
    report = report_of(
        model("risk", REFUSED), waiting_version("v1", "risk"), waiting_artifact("a", "v1"), model("fine", ready("1"))
    )
    (cause,) = report.causes
    assert named(cause) == [("RegisteredModel team/risk", 3)]
    assert (cause.reason, cause.advice) == ("OwnedByOther", ADVICE["OwnedByOther"])  # type: ignore[index]  # a text
    assert (report.ready, report.exit_code) == (1, ExitCode.ATTENTION)


def test_a_parent_that_does_not_exist_is_one_cause_for_all_its_children() -> None:
    (cause,) = report_of(waiting_version("v1", "frod"), waiting_version("v2", "frod")).causes
    assert named(cause) == [("RegisteredModel team/frod", 2)]
    assert cause.origins[0].message == "It does not exist."
    assert "registeredModelRef" in cause.advice


def test_a_parent_of_a_kind_that_could_not_be_read_is_not_said_to_be_missing() -> None:
    report = report_of(waiting_version("v1", "risk"), unread={"RegisteredModel": "You may not list it."})
    assert named(report.causes[0]) == [("ModelVersion team/v1", 1)]
    assert report.missing == frozenset()
    assert report.exit_code == ExitCode.NOT_KNOWN


def test_versions_of_one_external_model_have_one_cause() -> None:
    waiting = not_ready("WaitingForRegisteredModel", "The registry has no RegisteredModel with name 'churn'.")
    versions = [
        body("ModelVersion", name, status=waiting, registeredModelRef={"external": {"name": "churn"}})
        for name in ("v1", "v2")
    ]
    (cause,) = report_of(*versions).causes
    assert named(cause) == [("RegisteredModel with name 'churn' in the registry", 2)]


def test_a_child_of_a_ready_parent_is_its_own_cause() -> None:
    (cause,) = report_of(model("risk", ready("1")), waiting_version("v1", "risk")).causes
    assert named(cause) == [("ModelVersion team/v1", 1)]
    assert cause.advice.startswith("Wait a moment.")


def test_an_outage_is_one_cause_for_all_kinds_and_deletions() -> None:
    down = not_ready(*OUTAGE)
    bodies = [model("a", down), version("v", "a", down), deleted(model("b", down), "model-registrar.dev/archive")]
    (cause,) = report_of(*bodies).causes
    assert named(cause) == [("", 3)]


def test_what_no_operator_has_seen_is_one_cause() -> None:
    (cause,) = report_of(model("a"), version("v", "a"), artifact("x", "v")).causes
    assert (cause.reason, named(cause)) == ("NotSeen", [("", 3)])
    assert "--namespace" in cause.advice


def test_what_is_behind_others_in_the_queue_is_not_said_to_be_without_an_operator() -> None:
    created = ready("1")["conditions"][0]["lastTransitionTime"]
    busy = ready("1")
    busy["conditions"][0]["lastTransitionTime"] = created.replace("12:00:00", "12:00:01")
    elsewhere = model("c")
    elsewhere["metadata"]["namespace"] = "other"
    queued, unseen = report_of(model("a", busy), model("b"), version("v", "b"), elsewhere).causes
    assert [cause.reason for cause in (queued, unseen)] == ["NotSeen", "NotSeen"]
    assert queued.affected == ((ResourceKey("RegisteredModel", "team", "b"), ResourceKey("ModelVersion", "team", "v")),)
    assert queued.origins[0].message.startswith("The operator has not processed it yet")
    assert queued.advice.startswith("Wait a moment.")
    assert unseen.affected == ((ResourceKey("RegisteredModel", "other", "c"),),)
    assert unseen.origins[0].message == "No operator has seen it."


def test_a_report_from_before_a_creation_does_not_prove_that_an_operator_runs() -> None:
    (cause,) = report_of(model("a", ready("1")), model("b")).causes
    assert cause.origins[0].message == "No operator has seen it."


def test_few_resources_with_one_reason_are_causes_of_their_own_and_many_are_one() -> None:
    invalid = not_ready("InvalidSpec", "spec.x: wrong", stalled=True)
    three = report_of(*(model(f"m{number}", invalid) for number in range(3)))
    assert [named(cause) for cause in three.causes] == [[(f"RegisteredModel team/m{number}", 1)] for number in range(3)]
    four = report_of(*(model(f"m{number}", invalid) for number in range(4)), waiting_version("v", "m2"))
    (cause,) = four.causes
    assert cause.count == 5
    assert named(cause)[0] == ("RegisteredModel team/m2", 2)


def test_the_cause_with_most_resources_comes_first() -> None:
    report = report_of(
        model("alone", not_ready("AmbiguousEntry", stalled=True)),
        *(waiting_version(f"v{number}", "frod") for number in range(3)),
        model("risk", REFUSED),
        waiting_version("w", "risk"),
    )
    assert [cause.count for cause in report.causes] == [3, 2, 1]


def test_drift_is_reported_beside_readiness() -> None:
    report = report_of(model("a", drifted("1")), model("b", drifted("2", "Contested")), model("c", ready("3")))
    assert (report.causes, report.ready, report.exit_code) == ((), 3, ExitCode.DONE)
    assert sorted(cause.reason for cause in report.drift) == ["ChangedOutside", "Contested"]


def test_nothing_settles_while_anything_may_change_by_itself() -> None:
    assert report_of(model("a", ready("1"))).is_settled
    assert report_of(model("a", REFUSED), waiting_version("v", "a")).is_settled
    assert not report_of(model("a", REFUSED), model("b")).is_settled
    assert not report_of(waiting_version("v", "frod")).is_settled
    assert not report_of(model("a", ready("1")), unread={"ModelVersion": "refused"}).is_settled


def test_the_tree_has_versions_below_models_and_artifacts_below_versions() -> None:
    inline = [
        {"name": "report", "type": "doc-artifact", "id": "1"},
        {"name": "onnx", "type": "model-artifact", "id": "2"},
    ]
    report = report_of(
        artifact("extra", "v1", ready("3")),
        version("v1", "churn", ready("2", artifacts=inline)),
        model("churn", ready("1")),
        waiting_version("v9", "frod"),
        model("alone", ready("4")),
    )
    assert tree(report) == [
        "RegisteredModel/alone",
        "RegisteredModel/churn",
        "  ModelVersion/v1",
        "    doc-artifact/report",
        "    model-artifact/onnx",
        "    ModelArtifact/extra",
        "RegisteredModel/frod",
        "  ModelVersion/v9",
    ]


def test_a_resource_is_reported_with_what_is_above_and_below_it() -> None:
    bodies = [
        model("churn", ready("1")),
        version("v1", "churn", ready("2")),
        version("v2", "churn", ready("3")),
        artifact("a1", "v1", ready("4")),
        artifact("a2", "v2", ready("5")),
        model("other", REFUSED),
    ]
    report = report_of(*bodies, resource=ResourceKey("ModelVersion", "team", "v1"))
    assert tree(report) == ["RegisteredModel/churn", "  ModelVersion/v1", "    ModelArtifact/a1"]
    assert report.exit_code == ExitCode.DONE


def test_only_what_is_not_ready_or_drifted_is_listed_with_its_parents() -> None:
    bodies = [
        model("churn", ready("1")),
        version("v1", "churn", ready("2")),
        artifact("a1", "v1", not_ready("InvalidSpec", stalled=True)),
        version("v2", "churn", ready("3")),
        model("moved", drifted("4")),
        model("fine", ready("5")),
        model("named", alias_waits("6")),
    ]
    report = report_of(*bodies)
    assert tree(report, only=report.without_ready()) == [
        "RegisteredModel/churn",
        "  ModelVersion/v1",
        "    ModelArtifact/a1",
        "RegisteredModel/moved",
        "RegisteredModel/named",
    ]
