"""Which resource represents an entry."""

import pytest
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.exits import ExitCode
from registrar.cli.status.as_json import matches_json, report_json
from registrar.cli.status.find import Entry, find, sorts
from tests.unit.cli.status.cases import artifact, drifted, model, ready, report_of, version, waiting_version

INLINE = [{"name": "report", "type": "doc-artifact", "id": "7"}, {"name": "onnx", "type": "model-artifact", "id": "8"}]
REPORT = report_of(
    model("churn", ready("7"), name="Churn"),
    version("churn-v1", "churn", ready("12", artifacts=INLINE), name="2026-03"),
    artifact("extra", "churn-v1", ready("9")),
    artifact("none", "churn-v1"),
)


def found(entry: Entry) -> list[tuple[str, str, str | None]]:
    return [(match.assessed.resource.key.name, match.kind, match.id) for match in find(entry, REPORT.assessed)]


def test_an_id_is_looked_for_in_one_sort_or_in_all() -> None:
    assert found(Entry(sorts()["model"], id="7")) == [("churn", "RegisteredModel", "7")]
    assert found(Entry(sorts()["version"], id="7")) == []
    assert found(Entry(sorts()["artifact"], id="7")) == [("churn-v1", "doc-artifact", "7")]
    assert found(Entry(None, id="7")) == [("churn", "RegisteredModel", "7"), ("churn-v1", "doc-artifact", "7")]
    assert found(Entry(sorts()["artifact"], id="8")) == [("churn-v1", "model-artifact", "8")]
    assert found(Entry(sorts()["artifact"], id="9")) == [("extra", "model-artifact", "9")]


def test_a_name_is_that_in_the_registry() -> None:
    assert found(Entry(sorts()["version"], name="2026-03")) == [("churn-v1", "ModelVersion", "12")]
    assert found(Entry(None, name="onnx")) == [("churn-v1", "model-artifact", "8")]
    assert found(Entry(None, name="churn-v1")) == []


@pytest.mark.parametrize("word", ["model", "models", "registeredmodel", "registeredmodels", "rmodel"])
def test_a_sort_has_the_names_that_people_and_kubectl_use(word: str) -> None:
    assert sorts()[word] is sorts()["model"]


def test_json_names_entry_and_resource() -> None:
    answer = matches_json(REPORT, find(Entry(None, id="8"), REPORT.assessed))
    assert (answer["formatVersion"], answer["complete"]) == ("1.0", True)
    assert answer["matches"] == [
        {
            "entry": {"kind": "model-artifact", "id": "8", "name": "onnx", "registryUrl": "http://r"},
            "resource": {"kind": "ModelVersion", "namespace": "team", "name": "churn-v1"},
            "health": "Ready",
        }
    ]


def test_json_of_a_report_has_each_resource_with_its_cause() -> None:
    report = report_of(model("m", drifted("1")), waiting_version("v", "frod"), unread={"ModelArtifact": "refused"})
    answer = report_json(report, None, None)
    assert (answer["complete"], answer["errors"]) == (False, ["refused"])
    assert answer["summary"] == {"total": 2, "ready": 1, "notReady": 1, "drifted": 1, "aliasesWaiting": 0}
    assert answer["causes"][0]["origins"] == [
        {
            "subject": "RegisteredModel team/frod",
            "message": "It does not exist.",
            "affected": [{"kind": "ModelVersion", "namespace": "team", "name": "v"}],
        }
    ]
    waiting = next(one for one in answer["resources"] if one["name"] == "v")
    assert waiting["cause"] == {"reason": "WaitingForRegisteredModel", "subject": "RegisteredModel team/frod"}
    assert (waiting["parent"]["name"], waiting["observedGeneration"], waiting["generation"]) == ("frod", 1, 1)
    assert "events" not in answer


REFUSED = {
    "an ID that is none": (["--find", "churn"], "'churn' is not an ID: IDs are numbers; --find-name finds"),
    "a sort that is none": (["--find", "thing/7"], "write model/7, version/12 or artifact/3"),
    "both": (["--find", "7", "--find-name", "x"], "Give --find or --find-name, not both."),
    "an entry and a resource": (["rmodel/x", "--find", "7"], "leave out KIND/NAME"),
    "an entry, and waiting": (["--find", "7", "--wait"], "leave out KIND/NAME, --not-ready, --wait and --watch"),
    "a kind that is none": (["pod/x"], "'pod/x' is not KIND/NAME: write rmodel/churn, with one of the kinds rmodel"),
    "a name without a kind": (["churn"], "'churn' is not KIND/NAME"),
    "a kind without a name": (["rmodel/"], "'rmodel/' is not KIND/NAME"),
    "one namespace and all": (["-n", "a", "-A"], "Give --namespace or --all-namespaces, not both."),
    "a resource in all namespaces": (["rmodel/x", "-A"], "KIND/NAME is in one namespace"),
    "Events of everything": (["--events"], "--events shows the Events about one resource: give KIND/NAME."),
    "a time that is none": (["--wait", "--timeout", "soon"], "'soon' is no duration: write 90s, 5m or 1h"),
    "a time without waiting": (["--timeout", "5m"], "--timeout is for --wait."),
    "a kubeconfig that does not exist": (["--kubeconfig", "/nowhere"], "'/nowhere' does not exist"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=list(REFUSED))
@pytest.mark.parametrize("name", ["status", "trace"])
def test_a_wrong_command_line_is_refused_before_a_cluster_is_asked(
    name: str, arguments: list[str], message: str
) -> None:
    result = CliRunner().invoke(main, [name, *arguments])
    assert result.exit_code == ExitCode.USAGE
    assert message in result.output
