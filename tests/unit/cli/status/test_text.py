"""What people see."""

from typing import Any

import click
import pytest

from registrar.api.bodies import Body, ResourceKey
from registrar.api.conditions import Reason
from registrar.cli.events import Event
from registrar.cli.status.report import Report, Scope
from registrar.cli.status.text import events_text, one_line, report_text, table
from registrar.reporting.advice import ADVICE
from tests.unit.cli.status.cases import (
    alias_waits,
    drifted,
    model,
    not_ready,
    ready,
    report_of,
    version,
    waiting_version,
)

REFUSED = not_ready("OwnedByOther", "The entry carries\na stamp.", stalled=True)


def plain(report: Report, *, wide: bool = False) -> list[str]:
    return [click.unstyle(line) for line in report_text(report, None, wide=wide)]


def test_causes_come_first_each_with_what_to_do_and_then_the_tree() -> None:
    report = report_of(model("risk", REFUSED), waiting_version("v1", "risk"), model("fine", ready("7")))
    assert plain(report) == [
        "2 of 3 resources are not ready in namespace team, for 1 cause:",
        "     2  RegisteredModel team/risk: OwnedByOther",
        "        The entry carries a stamp.",
        f"        To do: {ADVICE[Reason.OWNED_BY_OTHER]}",
        "",
        "RESOURCE               ID   STATE   READY   REASON",
        "RegisteredModel/fine   7    LIVE    True    Synced",
        "RegisteredModel/risk   -    -       False   OwnedByOther",
        "  ModelVersion/v1      -    -       False   WaitingForRegisteredModel",
    ]


def test_thousands_are_separated() -> None:
    many = [model(f"m{number}", ready(str(number + 1))) for number in range(1500)]
    assert plain(report_of(*many))[0] == "All 1,500 resources in namespace team are ready."
    headline, cause, *_ = plain(report_of(*many[:1], *(model(f"n{number}") for number in range(1200))))
    assert headline == "1,200 of 1,201 resources are not ready in namespace team, for 1 cause:"
    assert cause.split() == ["1,200", "NotSeen"]


def test_a_cause_of_many_resources_names_those_that_hold_up_most() -> None:
    report = report_of(*(model(f"m{number}", REFUSED) for number in range(5)), waiting_version("v", "m3"))
    subjects, message = plain(report)[1:3]
    named = "RegisteredModel team/m3 (2), RegisteredModel team/m0, RegisteredModel team/m1 and 2 more"
    assert subjects == f"     6  {named}: OwnedByOther"
    assert message == "        First: The entry carries a stamp."


def test_a_parent_that_does_not_exist_is_a_line_of_the_tree() -> None:
    assert plain(report_of(waiting_version("v1", "frod")))[-2:] == [
        "RegisteredModel/frod   -    -       -       does not exist",
        "  ModelVersion/v1      -    -       False   WaitingForRegisteredModel",
    ]


def test_artifacts_inside_a_version_have_their_ids() -> None:
    status = ready("2", artifacts=[{"name": "onnx", "type": "model-artifact", "id": "5"}])
    assert plain(report_of(model("m", ready("1")), version("v", "m", status)))[-1] == (
        "    model-artifact/onnx   5    -       -"
    )


def test_drift_is_named_with_what_to_do() -> None:
    lines = plain(report_of(model("m", drifted("1"))))
    assert lines[0] == "The only resource in namespace team is ready."
    assert lines[1:5] == [
        "1 resource drifted: the registry differs from the spec, and the operator leaves it so.",
        "     1  RegisteredModel team/m: ChangedOutside",
        "        owner is 'x'",
        "        To do: Put the new value into the spec, or set driftPolicy: Correct.",
    ]
    assert lines[-1] == "RegisteredModel/m   1    LIVE    True    ChangedOutside"


def test_an_alias_that_waits_is_named_with_what_to_do() -> None:
    lines = plain(report_of(model("m", alias_waits("1"))))
    assert lines[0] == "The only resource in namespace team is ready."
    assert lines[1:5] == [
        "The aliases of 1 resource wait for their version, and keep their values in the registry.",
        "     1  RegisteredModel team/m: VersionMissing",
        "        The alias 'champion' waits",
        "        To do: Check the name in spec.aliases, or create the version.",
    ]
    assert lines[-1] == "RegisteredModel/m   1    LIVE    True    VersionMissing"


def test_wide_adds_entry_generations_registry_and_message() -> None:
    resource = model("m", ready("1", lastSyncTime="2026-11-23T12:00:00Z"), generation=3, name="My Model")
    heading, line = plain(report_of(resource), wide=True)[-2:]
    assert heading.split() == [
        *("RESOURCE", "ID", "STATE", "READY", "REASON"),
        *("ENTRY", "GENERATION", "LAST-SYNC", "REGISTRY", "MESSAGE"),
    ]
    shown = (
        "My Model   1/3          2026-11-23T12:00:00Z   http://r   The operator has not processed the last edit yet."
    )
    assert shown in line


@pytest.mark.parametrize(
    ("bodies", "namespace", "sentence"),
    [
        ([], "team", "No resources in namespace team."),
        ([], None, "No resources in all namespaces."),
        ([model("m", ready("1"))], "team", "The only resource in namespace team is ready."),
        ([model("m", ready("1")), model("n", ready("2"))], None, "All 2 resources in all namespaces are ready."),
        ([model("m", REFUSED)], "team", "1 of 1 resource is not ready in namespace team, for 1 cause:"),
    ],
)
def test_the_first_line_says_how_everything_is(bodies: list[Body], namespace: str | None, sentence: str) -> None:
    found = report_of(*bodies)
    report = Report(Scope(namespace), found.assessed, found.missing, found.causes, found.drift, (), ())
    assert plain(report)[0] == sentence


def test_the_first_line_names_the_resource_that_was_asked_for() -> None:
    key = ResourceKey("RegisteredModel", "team", "m")
    both = [model("m", ready("1")), version("v", "m", ready("2"))]
    assert plain(report_of(*both[:1], resource=key))[0] == "RegisteredModel team/m is ready."
    assert plain(report_of(*both, resource=key))[0] == (
        "RegisteredModel team/m and what belongs to it: all 2 resources are ready."
    )


def test_more_causes_than_fit_are_counted() -> None:
    lines = plain(report_of(*(waiting_version(f"v{number}", f"m{number}") for number in range(3))))
    assert not any("more causes" in line for line in lines)
    reasons = [f"Reason{number:02}" for number in range(22)]
    lines = plain(report_of(*(model(reason.lower(), not_ready(reason)) for reason in reasons)))
    assert "and 2 more causes; -o json lists them" in lines


def test_columns_are_aligned_whatever_is_styled() -> None:
    rows = [[click.style("a", fg="red"), "1"], ["bbb", "2"]]
    assert [click.unstyle(line) for line in table(["X", "Y"], rows)] == ["X     Y", "a     1", "bbb   2"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\n  lines\t.", "two lines ."),
        ("\x1b[2J\x07gone", r"\x1b[2J\x07gone"),
        ("\u202eevil", r"\u202eevil"),
        ("Größe 日本語", "Größe 日本語"),
        ("x" * 500, "x" * 400 + "…"),
    ],
)
def test_texts_of_others_reach_a_terminal_on_one_line_and_without_control_characters(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_events_are_a_table_and_their_absence_is_a_sentence() -> None:
    event = Event("2026-11-23T12:00:00Z", "Normal", "Synced", "Created: id 1.", 2)
    assert list(events_text([event]))[-1] == "2026-11-23T12:00:00Z   Normal   Synced   2       Created: id 1."
    assert list(events_text([]))[-1].startswith("No Events")


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        (not_ready("NameConflict"), "red"),
        (not_ready("ExternalIdConflict"), "red"),
        (not_ready("OwnedByOther", stalled=True), "red"),
        (not_ready("RegistryUnavailable"), "yellow"),
        (ready("1"), "green"),
    ],
)
def test_what_is_refused_does_not_look_like_what_waits(status: dict[str, Any], colour: str) -> None:
    """The operator keeps trying after a conflict of names, and only a person ends it."""
    lines = list(report_text(report_of(model("m", status)), None, wide=False))
    reason = status["conditions"][0]["reason"]
    assert lines[-1].endswith(click.style(reason, fg=colour))
    if colour != "green":
        assert click.style(reason, fg=colour, bold=True) in lines[1]
