"""What teaches Argo CD our kinds, in the format of its own tests: health_test.yaml and action_test.yaml."""

import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.conditions import ConditionType
from registrar.api.meta import PAUSED_ANNOTATION, ObjectMeta
from registrar.kinds.table import RESOURCES
from tests.support.argo_lua import run

ROOT = Path(__file__).parents[2] / "integrations" / "argocd"
GROUP = ROOT / "resource_customizations" / "model-registrar.dev"
HEALTH = GROUP / "_"
ACTIONS = GROUP / "RegisteredModel" / "actions"
NAMES = [kind.__name__ for kind in RESOURCES]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


HEALTH_TESTS = _read(HEALTH / "health_test.yaml")["tests"]
ACTION_TESTS = _read(ACTIONS / "action_test.yaml")
REQUESTED = "model-registrar.dev/reconcile-requested-at"


@pytest.mark.parametrize("case", HEALTH_TESTS, ids=[case["inputPath"] for case in HEALTH_TESTS])
def test_health_of_recorded_resources(case: dict[str, Any]) -> None:
    assert run(HEALTH / "health.lua", _read(HEALTH / case["inputPath"])) == case["healthStatus"]


def test_each_health_and_each_kind_is_recorded() -> None:
    recorded = [_read(HEALTH / case["inputPath"]) for case in HEALTH_TESTS]
    assert {resource["kind"] for resource in recorded} == set(NAMES)
    assert {case["healthStatus"]["status"] for case in HEALTH_TESTS} == {
        "Healthy",
        "Progressing",
        "Degraded",
        "Suspended",
    }
    conditions = {condition["type"] for resource in recorded for condition in resource["status"].get("conditions", [])}
    assert conditions == set(ConditionType)


@pytest.mark.parametrize("status", [None, {}, {"observedGeneration": 1}, {"observedGeneration": 1, "conditions": []}])
def test_health_of_a_resource_that_says_nothing_is_progressing(status: dict[str, Any] | None) -> None:
    resource = {"kind": "RegisteredModel", "metadata": {"name": "churn", "generation": 1}}
    health = run(HEALTH / "health.lua", resource if status is None else {**resource, "status": status})
    assert health == {"status": "Progressing", "message": "Waiting for Model Registrar"}


@pytest.mark.parametrize("case", ACTION_TESTS["discoveryTests"], ids=lambda case: case["inputPath"])
def test_actions_that_are_offered(case: dict[str, Any]) -> None:
    offered = run(ACTIONS / "discovery.lua", _read(ACTIONS / case["inputPath"]))
    assert offered == {action.pop("name"): action for action in map(dict, case["result"])}


def _offers_to_resume(annotations: dict[str, str]) -> bool:
    offered = run(ACTIONS / "discovery.lua", {"kind": "RegisteredModel", "metadata": {"annotations": annotations}})
    assert offered["pause"]["disabled"] is not offered["resume"]["disabled"]
    assert offered["reconcile"]["disabled"] is offered["pause"]["disabled"]
    return offered["pause"]["disabled"] is True


SPELLINGS = ["".join(letters) for letters in itertools.product(*zip("false", "FALSE", strict=True))]
VALUES = st.one_of(
    st.sampled_from(["true", "yes", "1", "false\u0000", *SPELLINGS]),
    st.builds("".join, st.tuples(st.sampled_from(["", " ", "\n"]), st.sampled_from(SPELLINGS), st.text(max_size=2))),
    st.text(alphabet="falseFALSE \t\n", max_size=6),
)


@given(VALUES)
def test_a_resource_that_the_operator_considers_paused_offers_to_resume(value: str) -> None:
    annotations = {PAUSED_ANNOTATION: value}
    is_paused = ObjectMeta(name="churn", namespace="team", annotations=annotations).paused
    assert _offers_to_resume(annotations) is is_paused


@pytest.mark.parametrize("value", [None, "", *SPELLINGS])
def test_a_resource_without_a_pause_offers_to_pause(value: str | None) -> None:
    assert not _offers_to_resume({} if value is None else {PAUSED_ANNOTATION: value})


@pytest.mark.parametrize(
    "case", ACTION_TESTS["actionTests"], ids=lambda case: f"{case['action']}-{Path(case['inputPath']).stem}"
)
def test_what_an_action_changes(case: dict[str, Any]) -> None:
    changed = run(ACTIONS / case["action"] / "action.lua", _read(ACTIONS / case["inputPath"]))
    annotations = changed["metadata"].get("annotations", {})
    if REQUESTED in annotations:
        assert annotations[REQUESTED] > "2026"
        annotations[REQUESTED] = "0001-01-01T00:00:00Z"
    assert changed == _read(ACTIONS / case["expectedOutputPath"])


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_has_the_same_in_the_layout_and_in_the_config_map(name: str) -> None:
    data = _read(ROOT / "argocd-cm.yaml")["data"]
    assert data[f"resource.customizations.health.model-registrar.dev_{name}"] == (HEALTH / "health.lua").read_text()
    actions = yaml.safe_load(data[f"resource.customizations.actions.model-registrar.dev_{name}"])
    folder = GROUP / name / "actions"
    assert actions["discovery.lua"] == (folder / "discovery.lua").read_text()
    defined = {action["name"]: action["action.lua"] for action in actions["definitions"]}
    assert defined == {path.parent.name: path.read_text() for path in folder.glob("*/action.lua")}
    assert defined.keys() == {"reconcile", "pause", "resume"}
