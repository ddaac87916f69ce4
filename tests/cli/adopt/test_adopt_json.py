"""`registrar adopt --output json`: one object, whatever comes of it, as its schema says."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import jsonschema_rs

from registrar.cli.exits import ExitCode
from tests.cli.adopt.conftest import REGISTRAR, Adopt
from tests.cli.adopt.test_adopt_git import to_folder
from tests.cli.plan.test_plan_schema import closed
from tests.cli.program import run
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace, manifest
from tests.support.rest import Rest

REPOSITORY = Path(__file__).parents[3]
SCHEMA: dict[str, Any] = json.loads((REPOSITORY / "docs" / "reference" / "adopt.schema.json").read_text())


def parsed(answer: CompletedProcess[str]) -> dict[str, Any]:
    """What a command printed, which has every field of the schema and no other."""
    found: dict[str, Any] = json.loads(answer.stdout)
    jsonschema_rs.validator_for(closed(SCHEMA)).validate(found)
    assert found.keys() == SCHEMA["properties"].keys()
    return found


def names(resources: list[dict[str, str]]) -> list[str]:
    return [one["name"] for one in resources]


def test_what_was_applied_and_what_became_of_it(
    adopt: Adopt, filled: Rest, own_space: Namespace, start_operator: StartOperator
) -> None:
    filled.create("artifacts", artifactType="doc-artifact", name="loose", uri="s3://b")
    dry = parsed(adopt("*", "--dry-run", "-o", "json"))
    assert (dry["complete"], dry["dryRun"], dry["applied"], dry["state"]) == (True, True, [], None)
    assert dry["plan"]["summary"]["adopt"] == 6
    assert (dry["archived"], dry["target"]["namespace"]) == (1, own_space.name)
    own_space.create(manifest("RegisteredModel", "fraud", name="Something else"))
    start_operator(filled.url, own_space)
    done = parsed(adopt("*", "--yes", "--timeout=1h", "-o", "json"))
    assert names(done["applied"]) == ["churn", "churn-2026-03"]
    assert names(done["refused"]) == ["fraud"]
    assert "exists already for the entry" in done["refused"][0]["message"]
    assert done["state"]["summary"]["ready"] == 2
    assert done["complete"] is True


def test_what_is_not_ready_has_its_cause(adopt: Adopt, filled: Rest) -> None:
    assert filled.entries()
    answer = adopt("fraud", "--yes", "-o", "json")
    assert answer.returncode == ExitCode.ATTENTION
    (cause,) = parsed(answer)["state"]["causes"]
    assert (cause["reason"], cause["count"]) == ("NotSeen", 2)


def test_files_are_listed_and_what_is_left_out(filled: Rest, tmp_path: Path) -> None:
    version = filled.version("1", "no address")
    filled.artifact(version, "notes", state="LIVE")
    folder = tmp_path / "models"
    answer = to_folder(filled, folder, "Churn", "-o", "json")
    assert answer.returncode == ExitCode.ATTENTION
    found = parsed(answer)
    assert sorted(found["filesWritten"]) == sorted(map(str, folder.rglob("*.yaml")))
    assert [(one["reason"], one["name"]) for one in found["leftOut"]] == [("NoUri", "notes")]
    assert found["target"] == {"directory": str(folder), "namespace": None}


def test_an_outage_is_an_object_too(adopt: Adopt, tmp_path: Path) -> None:
    answer = adopt("*", "--yes", "-o", "json", "--registry-url=http://127.0.0.1:1")
    assert answer.returncode == ExitCode.NOT_KNOWN
    found = parsed(answer)
    assert (found["complete"], found["plan"]) == (False, None)
    nowhere = tmp_path / "none"
    asked = run(nowhere, REGISTRAR, "adopt", "*", "-o", "json", "--registry-url=http://127.0.0.1:1")
    assert asked.returncode == ExitCode.USAGE
    assert "--output json asks nothing: give --yes, or --dry-run" in asked.stderr


def test_a_plan_that_needs_a_cluster_says_how_to_make_it_without(adopt: Adopt, filled: Rest, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}], "
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: u, user: {}}]}"
    )
    answer = adopt("*", "--dry-run", kubeconfig=kubeconfig)
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "--dry-run with --git DIR makes a plan without a cluster." in answer.stderr
    assert to_folder(filled, tmp_path / "models", "*", "--dry-run").returncode == ExitCode.DONE
