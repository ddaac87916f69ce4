"""Tenants: what a list of them accepts, and what their patterns match."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from registrar.api.rules import VALIDATIONS
from registrar.api.schema import StructuralSchema
from registrar.api.tenants import (
    MODEL_NAME_PATTERN,
    NAMESPACE_PATTERN,
    OWNER_PATTERN,
    LabelIndex,
    Tenant,
    read_tenants,
    tenant_of,
)

CHART = Path(__file__).parents[3] / "charts/model-registrar"
NAMESPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
NAMES = st.text(st.sampled_from("ab-.*?[{\n"), max_size=8)
TAILS = st.text(st.sampled_from("a-.*"), max_size=4)


def tenant(*namespaces: str, **fields: Any) -> Tenant:
    return Tenant.model_validate({"namespaces": namespaces, **fields})


@pytest.mark.parametrize(
    ("pattern", "namespace", "admits"),
    [
        ("team", "team", True),
        ("team", "team-a", False),
        ("team", "a-team", False),
        ("team-*", "team-a", True),
        ("team-*", "team", False),
        ("*-dev", "team-dev", True),
        ("a*c", "abbc", True),
        ("*", "anything", True),
    ],
)
def test_a_pattern_matches_the_whole_name_of_a_namespace(pattern: str, namespace: str, admits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert tenant(pattern).admits(namespace) is admits


@pytest.mark.parametrize(
    ("pattern", "name", "allows"),
    [
        ("{namespace}.*", "team.churn", True),
        ("{namespace}.*", "team-a.churn", False),
        ("{namespace}.*", "team", False),
        ("ml.{namespace}.*", "ml.team.churn", True),
        ("churn", "churn", True),
        ("churn", "Churn", False),
        ("chu?n[a]*", "chu?n[a]", True),
        ("chu?n", "churn", False),
        ("[a]", "a", False),
        ("a*", "a\nb", True),
        ("a", "a\n", False),
    ],
)
def test_a_pattern_matches_the_whole_name_of_a_model(pattern: str, name: str, allows: bool) -> None:  # noqa: FBT001 - the same
    assert tenant("*", modelNames=[pattern]).allows_name(name, "team") is allows


def test_without_patterns_any_name_is_allowed() -> None:
    assert tenant("*").allows_name("of-others", "team")


@pytest.mark.parametrize(
    "pattern",
    ["{namespace}-*", "{namespace}", "{namespace}*", "*{namespace}.x", "a*.{namespace}.x", "{namespace}.{namespace}.",
     "{namespaces}.x", "{Namespace}.x", "{", "}", ""],
)  # fmt: skip
def test_a_pattern_that_could_match_the_names_of_others_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="modelNames"):
        tenant("*", modelNames=[pattern])


@given(NAMESPACES, NAMESPACES, TAILS, st.text(st.sampled_from("a-."), max_size=4), NAMES)
def test_two_namespaces_never_match_the_same_name(one: str, other: str, tail: str, before: str, name: str) -> None:
    """Whatever literal text stands before {namespace}, and whatever pattern after the dot."""
    speaks = tenant("*", modelNames=[f"{before}{{namespace}}.{tail}"])
    names = [name, f"{before}{one}.{name}", f"{before}{other}.{name}", f"{before}{one}-{name}", f"{before}{one}{name}"]
    if one != other:
        assert not any(speaks.allows_name(each, one) and speaks.allows_name(each, other) for each in names)


@given(NAMES, NAMES)
def test_a_pattern_matches_as_its_plain_reading_does(pattern: str, name: str) -> None:
    if "{" in pattern or not pattern:
        return
    plain = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    assert tenant("*", modelNames=[pattern]).allows_name(name, "team") is (plain.fullmatch(name) is not None)


def test_the_first_tenant_that_admits_a_namespace_speaks_for_it() -> None:
    first, second = tenant("team"), tenant("*", modelNames=["x"])
    assert tenant_of("team", [first, second]) is first
    assert tenant_of("other", [first, second]) is second
    assert tenant_of("other", [first]) is None
    assert tenant_of("team", []) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no field tenants"),
        ("[]", "no field tenants"),
        ("{}", "tenants: is missing; add it"),
        ("tenants: [{}]", "tenants[0]: set exactly one of namespaces and namespaceSelector"),
        ("tenants: [{namespaces: []}]", "tenants[0].namespaces: "),
        ("tenants: [{namespaces: [Team]}]", "tenants[0].namespaces[0]: must be the name of a namespace"),
        ("tenants: [{namespaces: ['team?']}]", "tenants[0].namespaces[0]: must be the name of a namespace"),
        ("tenants: [{namespaces: [a], modelNames: []}]", "tenants[0].modelNames: "),
        (
            "tenants: [{namespaces: [a], modelName: [b]}]",
            "tenants[0].modelName: unknown field; did you mean modelNames",
        ),
        ("tenants: [{namespaces: [a], owner: '{name}'}]", "tenants[0].owner: must be {namespace}, or"),
        ("tenants: [{namespaces: [a], externalReferences: none}]", "tenants[0].externalReferences: "),
        ("tenants: []\nothers: 1", "others: unknown field; remove it"),
        ("tenants: [", "no YAML"),
        ("tenants:\n- namespaces: [a]\n  takeOver: false\n  takeOver: true", "line 2: takeOver appears more than once"),
        ("tenants: []\ntenants: [{namespaces: ['*']}]", "line 1: tenants appears more than once"),
        ("tenants: []\n---\ntenants: [{namespaces: ['*']}]", "no YAML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_name_of_the_field(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        read_tenants(text)


def test_one_wrong_item_is_one_problem() -> None:
    with pytest.raises(ValueError, match="namespaces") as caught:
        read_tenants("tenants: [{namespaces: [A]}]")
    assert str(caught.value).count("namespaces") == 1


def test_a_file_may_admit_nobody() -> None:
    assert read_tenants("tenants: []") == ()


def test_a_file_says_it_all() -> None:
    (found,) = read_tenants(
        "tenants: [{namespaces: [a, b-*], modelNames: ['{namespace}.*'], owner: '{namespace}', adoptionPolicy: Fail, "
        "externalReferences: None, takeOver: true}]"
    )
    assert found.model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "namespaces": ["a", "b-*"],
        "modelNames": ["{namespace}.*"],
        "owner": "{namespace}",
        "adoptionPolicy": "Fail",
        "externalReferences": "None",
        "takeOver": True,
    }
    assert found.owner_of("b-1") == "b-1"


def test_the_schema_is_structural() -> None:
    schema = Tenant.model_json_schema(schema_generator=StructuralSchema)
    for strict in (schema, schema["properties"]["namespaceSelector"]):
        assert "additionalProperties" not in strict
        assert strict["x-kubernetes-preserve-unknown-fields"], "a misspelt limit would be dropped"
    # The API server refuses with the regular expression what the model refuses with a sentence.
    pattern = schema["properties"]["modelNames"]["items"]["pattern"]
    assert re.fullmatch(pattern, "ml.{namespace}.*")
    assert not re.fullmatch(pattern, "{namespace}-*")


def test_the_chart_accepts_what_the_operator_accepts() -> None:
    """Its schema has no patterns, because Helm would show those: they are among the forms of texts."""
    chart = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))["$defs"]["tenant"]
    described = Tenant.model_json_schema(schema_generator=StructuralSchema)
    properties = {
        name: _without(field, "description")
        # A file selects no namespaces.
        for name, field in described["properties"].items()
        if name != "namespaceSelector"
    }
    assert chart == {
        "type": "object",
        "additionalProperties": False,
        "required": ["namespaces"],
        "properties": {name: _without_patterns(field) for name, field in properties.items()},
    }
    forms = yaml.safe_load((CHART / "files/forms.yaml").read_text(encoding="utf-8"))["forms"]
    for form, pattern in (
        ("tenantNamespace", NAMESPACE_PATTERN),
        ("tenantModelName", MODEL_NAME_PATTERN),
        ("tenantOwner", OWNER_PATTERN),
    ):
        assert (forms[form]["pattern"], f"must be {forms[form]['write']}") == (pattern.regex, pattern.message)


def _without(field: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in field.items() if key not in names}


def _without_patterns(field: dict[str, Any]) -> dict[str, Any]:
    kept = _without(field, "pattern", VALIDATIONS)
    return {**kept, "items": _without_patterns(kept["items"])} if "items" in kept else kept


SELECTOR = {"namespaceSelector": {"matchLabels": {"example.com/ml": "true", "stage": "prod"}}}


def test_a_selector_needs_all_of_its_labels() -> None:
    tenant = Tenant.model_validate(SELECTOR)
    both = {"example.com/ml": "true", "stage": "prod", "other": "x"}
    found = tenant.selecting(
        LabelIndex({"both": both, "one": {"stage": "prod"}, "another": {**both, "stage": "dev"}, "none": {}})
    )
    assert {name for name in ("both", "one", "another", "none", "unknown") if found.admits(name)} == {"both"}
    assert not tenant.admits("both"), "whom it is for is not known yet"


def test_a_tenant_differs_only_where_it_is_for_others() -> None:
    labels = {"example.com/ml": "true", "stage": "prod"}
    tenant = Tenant.model_validate(SELECTOR)
    found = tenant.selecting(LabelIndex({"team": labels}))
    assert found == tenant.selecting(LabelIndex({"team": {**labels, "other": "x"}, "another": {}}))
    assert found != tenant.selecting(LabelIndex({"team": labels, "another": labels}))
    named = Tenant(namespaces=("team",))
    assert named.selecting(LabelIndex({"team": labels})) is named


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"namespaces": ["team"], **SELECTOR},
        {"namespaceSelector": {}},
        {"namespaceSelector": {"matchLabels": {}}},
        {"namespaceSelector": {"matchLabels": {"a": "no value"}}},
        # It would have to be ignored: an expression is a limit that the operator does not know.
        {"namespaceSelector": {"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]}},
    ],
)
def test_a_tenant_says_in_one_way_whom_it_is_for(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Tenant.model_validate(wrong)


def test_a_file_selects_no_namespaces() -> None:
    text = "tenants: [{namespaces: [a]}, {namespaceSelector: {matchLabels: {a: b}}}]"
    with pytest.raises(ValueError, match=r"^tenants\[1\]\.namespaceSelector: only a ClusterRegistry selects"):
        read_tenants(text)
