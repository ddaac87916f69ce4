"""docs/reference/plan.schema.json against what the command prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from registrar.cli.exits import ExitCode
from registrar.cli.plan.change import Action, Cause
from tests.cli.plan.manifests import model, stamped, version, write
from tests.cli.plan.review import run, texts
from tests.support.rest import STRUCT, Rest

REPOSITORY = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((REPOSITORY / "docs" / "reference" / "plan.schema.json").read_text())


def closed(node: Any) -> Any:
    """The schema without room for fields that it does not describe."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {name: closed(each) for name, each in node.items()}
    # A record of a change is a change with a type.
    return found | {"unevaluatedProperties": False} if node.get("type") == "object" and "$ref" not in node else found


def record_schema() -> dict[str, Any]:
    return {"$schema": SCHEMA["$schema"], "$ref": "#/$defs/record", "$defs": SCHEMA["$defs"]}


@pytest.fixture
def folders(rest: Rest, tmp_path: Path) -> list[str]:
    """A change whose plan has all that a plan can have: manifests, and the base."""
    rest.model(
        "churn", owner="me", customProperties={**stamped("team/churn", hf_token="old")["customProperties"], "s": STRUCT}
    )
    rest.model("free")
    rest.model("drifted", owner="by hand", **stamped("team/drifted"))
    rest.model("archived", state="ARCHIVED", **stamped("team/archived"))
    rest.model("gone", **stamped("team/gone"))
    rest.model("taken", customProperties=texts(**{"model-registrar.dev/owner": "created:other/other/team/taken"}))
    properties = {"hf_token": "new", "d": {"double": 2}, "b": True}
    changed = model("churn", owner="us", customProperties=properties)
    paused = {**model("paused"), "metadata": {"name": "paused", "annotations": {"model-registrar.dev/paused": "true"}}}
    drifted = model("drifted", owner="me", driftPolicy="Report")
    artifacts = [{"name": "weights", "uri": "s3://b/w"}]
    after = write(
        tmp_path / "after",
        a=[changed, version("v", "churn", artifacts=artifacts), model("free"), model("archived"), model("taken")],
        b=[paused, drifted, version("w", "absent"), model("wrong", ownr="x")],
    )
    (after / "broken.yaml").write_text("a: [")
    return [str(after), f"--base={write(tmp_path / 'before', a=[model('gone'), drifted])}"]


def test_every_field_of_the_json_is_in_the_schema_and_the_other_way_round(rest: Rest, folders: list[str]) -> None:
    result = run(rest.url, *folders, "-o", "json", "--drift")
    assert result.exit_code == ExitCode.ATTENTION
    found = json.loads(result.stdout)
    jsonschema_rs.validator_for(closed(SCHEMA)).validate(found)
    done = {change["action"] for change in found["changes"]}
    assert done == {"create", "adopt", "update", "restore", "archive", "refuse", "pause", "leave", "wait"}
    with_reason = next(change for change in found["changes"] if change["action"] == "refuse")
    described = SCHEMA["$defs"]["change"]["properties"]
    assert with_reason.keys() == described.keys()
    assert found.keys() == SCHEMA["properties"].keys()
    assert {"before", "after", "path", "sensitive", "drift"} == described["fields"]["items"]["properties"].keys()
    assert any(field["sensitive"] for change in found["changes"] for field in change["fields"])


def test_every_line_of_the_ndjson_is_a_record_and_the_same_plan(rest: Rest, folders: list[str]) -> None:
    whole = json.loads(run(rest.url, *folders, "-o", "json").stdout)
    records = [json.loads(line) for line in run(rest.url, *folders, "-o", "ndjson").stdout.splitlines()]
    validator = jsonschema_rs.validator_for(record_schema())
    for record in records:
        validator.validate(record)
    head, *changes, summary = records
    assert [head.pop("type"), summary.pop("type"), *{change.pop("type") for change in changes}] == [
        "head",
        "summary",
        "change",
    ]
    head["registry"].pop("readAt"), whole["registry"].pop("readAt")
    assert {**head, "changes": changes, **summary} == whole


@pytest.mark.parametrize("wrong", ["action", "id", "before", "version"])
def test_the_schema_refuses_what_is_no_plan(rest: Rest, folders: list[str], wrong: str) -> None:
    found = json.loads(run(rest.url, *folders, "-o", "json").stdout)
    secret = next(field for change in found["changes"] for field in change["fields"] if field["sensitive"])
    match wrong:
        case "action":
            found["changes"][0]["action"] = "delete"
        case "id":
            found["changes"][0]["entry"]["id"] = 7
        case "before":
            secret["before"] = "old"
        case "version":
            found["formatVersion"] = "2.0"
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(found)


def test_the_schema_knows_every_action_and_cause() -> None:
    change = SCHEMA["$defs"]["change"]["properties"]
    assert change["action"]["enum"] == list(Action)
    assert change["cause"]["enum"] == list(Cause)
