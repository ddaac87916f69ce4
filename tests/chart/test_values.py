"""Texts and numbers among the values: what the operator would refuse when it starts, Helm refuses with a sentence."""

import json
from typing import Any

import click
import pytest
import yaml

from registrar.api.registry_url import valid_registry_url
from registrar.cli.options import parse
from registrar.cli.run import run
from registrar.settings import Settings
from tests.chart.helm import CHART, MINIMAL, Helm, HelmError, documents, the

SCHEMA = (CHART / "values.schema.json").read_text()
DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
FORMS = yaml.safe_load((CHART / "files/forms.yaml").read_text())
ROOT = "write the root address of the registry, such as http://model-registry-service.kubeflow:8080."

WRONG_ADDRESSES = {
    "registry:8080": f"registry.url does not begin with http:// or https:// and a host: {ROOT}",
    "ftp://r": "does not begin with http:// or https://",
    "http:///models": "does not begin with http:// or https:// and a host",
    "https://user:secret@registry.example": "registry.url contains a user name or password: leave it out, put a token",
    "http://r?tenant=a": "registry.url contains a query or a fragment: leave out everything from the '?' or '#' on.",
    "http://r/models#a": "contains a query or a fragment",
    "http://r:99999": "registry.url has the port 99999: write a number from 1 to 65535.",
    "http://r:0": "registry.url has the port 0: write a number",
    "http://r:80a": "registry.url has no valid host and port: write both as in http://",
    "http://:8080": "has no valid host and port",
    "http://[::1": "and an IPv6 address in brackets.",
    "http://::1": "and an IPv6 address in brackets.",
    "http://régistry": "registry.url has a host with other letters than ASCII: write it as DNS has it (xn--…).",
    "http://r/a/../b": "registry.url has a path with '.' or '..': write the path without them.",
    "http://r/%2E%2e": "registry.url has a path with '.' or '..'",
}
RIGHT_ADDRESSES = [
    "http://r",
    "HTTPS://r:8443/models/",
    "http://[::1]:80",
    "http://r:00080",
    "http://r/..a",
    "http://r/%zz",
]
SPACE = "registry.url contains white space: write the address without it."

FORM_OF = {
    "objectName": ("A_b", ["a", "a-b.c"]),
    "namespace": ("a.b", ["a", "0-b"]),
    "watchedNamespace": ("*", ["a", "0-b"]),
    "key": ("a/b", ["..data", "a_B"]),
    "ownerId": ("a/", ["a", "cluster-a/b.c"]),
    "labelValue": (".a", ["a_B.c"]),
    "imageTag": ("-1", ["1.0_a"]),
    "imageDigest": ("latest", [f"sha256:{'0a' * 32}"]),
    "duration": ("30", ["30s", "1m30s"]),
    "podCount": ("half", ["1", "25%"]),
}
"""Of each form a text that is none, and some that are."""


def rendered(helm: Helm, path: str, value: object) -> str:
    """What the chart renders with one value, or else the sentence that refuses it."""
    values: dict[str, Any] = {"registry": {"url": "http://r"}}
    inner, *names = (values, *path.split("."))
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
    inner[names[-1]] = value
    try:
        return helm.template(values)
    except HelmError as error:
        return str(error)


@pytest.mark.parametrize(("address", "sentence"), WRONG_ADDRESSES.items(), ids=WRONG_ADDRESSES)
def test_an_address_that_the_operator_refuses_is_refused(helm: Helm, address: str, sentence: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        valid_registry_url(address)
    values = {"registry": {"url": address}}
    for policy in ({}, {"networkPolicy": {"enabled": True}}):
        with pytest.raises(HelmError) as refused:
            helm.template({**values, **policy})
        assert sentence in str(refused.value)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("address", RIGHT_ADDRESSES)
def test_an_address_that_the_operator_accepts_is_accepted(helm: Helm, address: str) -> None:
    valid_registry_url(address)
    values = {"registry": {"url": address}, "networkPolicy": {"enabled": True}}
    policy = the(helm.manifests(values), "NetworkPolicy")
    ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert (8443 if "8443" in address else 80) in ports


def test_an_address_with_white_space_is_refused_although_the_operator_strips_it(helm: Helm) -> None:
    assert SPACE in rendered(helm, "registry.url", "http://r ")


def test_the_schema_shows_nobody_a_pattern() -> None:
    assert "pattern" not in SCHEMA


def test_every_form_is_used_and_every_value_exists() -> None:
    used = {*FORMS["texts"].values(), *FORMS["lists"].values()}
    assert used | {"tenantNamespace", "tenantModelName", "tenantOwner"} == FORMS["forms"].keys()
    assert used == FORM_OF.keys()
    for path in (*FORMS["texts"], *FORMS["lists"], *FORMS["needed"]):
        value = DEFAULTS
        for name in path.split("."):
            value = value[name]
        assert value is not None


@pytest.mark.parametrize("path", [*FORMS["texts"], *FORMS["lists"]])
def test_a_text_in_another_form_is_refused_with_what_to_write(helm: Helm, path: str) -> None:
    form = FORMS["texts"].get(path) or FORMS["lists"][path]
    wrong, right = FORM_OF[form]
    is_list = path in FORMS["lists"]
    place = f"{path}[1]" if is_list else path
    said = rendered(helm, path, [right[0], wrong] if is_list else wrong)
    assert f"{place} is {json.dumps(wrong)}: write {FORMS['forms'][form]['write']}." in said
    for text in right:
        assert f"{place} is " not in rendered(helm, path, ["a", text] if is_list else text)


@pytest.mark.parametrize("path", FORMS["needed"])
def test_a_value_that_is_needed_cannot_be_removed(helm: Helm, path: str) -> None:
    # Helm 3 hands the null to the schema.
    said = rendered(helm, path, None)
    assert f"{path} is null: give it a value" in said or f"at '/{path.replace('.', '/')}': got null" in said


IN_LISTS = {
    "rbac.pipelines": (
        [{"namespace": "A", "serviceAccounts": ["a"]}],
        'rbac.pipelines[0].namespace is "A": write the full name of a namespace',
    ),
    "rbac.pipelines of accounts": (
        [{"namespace": "a", "serviceAccounts": ["a", "b_"]}],
        'rbac.pipelines[0].serviceAccounts[1] is "b_": write lower-case letters',
    ),
    "registry.tenants": (
        [{"namespaces": ["a", "Team"]}],
        "registry.tenants[0].namespaces[1] is \"Team\": write the name of a namespace, in which '*' matches any text",
    ),
    "registry.tenants of names": (
        [{"namespaces": ["a"]}, {"namespaces": ["b"], "modelNames": ["{namespace}-*"]}],
        'registry.tenants[1].modelNames[0] is "{namespace}-*": write the name of a model',
    ),
    "registry.tenants of owners": (
        [{"namespaces": ["a"], "owner": "{team}"}],
        'registry.tenants[0].owner is "{team}": write {namespace}, or the name of a person or team',
    ),
}


@pytest.mark.parametrize("case", IN_LISTS)
def test_a_text_of_an_object_in_a_list_is_refused_too(helm: Helm, case: str) -> None:
    value, sentence = IN_LISTS[case]
    assert sentence in rendered(helm, case.partition(" ")[0], value)


ODD: dict[str, list[object]] = {
    "ownerId": ["", "a" * 101, "a b", 1],
    "watchNamespaces": [[""], ["a,b"], ["a", "a"], ["a" * 64]],
    "workers": [0, -1, 65, 1.5, "16", 1, 64],
    "feedInterval": [0, -1, 3601, "15s", 0.1, 3600],
    "resyncInterval": [0, 86401, 86400],
    "handoverGrace": [-1, 3601, 0],
    "orphanedEntries": ["", "archive"],
    "leaderElection.leaseDuration": [0, 1, 3601, 15.5],
    "leaderElection.renewDeadline": [0, -1, 15, 14.5],
    "leaderElection.retryPeriod": [0, 10, 0.5],
    "metrics.port": [0, 65536, 65535],
    "metrics.address": ["", "::1"],
    "log.level": ["", "loud", "INFO"],
    "log.format": ["", "xml"],
    "policies.deletion": ["delete", ""],
    "policies.adoption": ["adopt", ""],
    "policies.drift": ["correct", ""],
    "registry.apiVersion": ["v2", ""],
    "nameOverride": ["a" * 253, "a."],
    "fullnameOverride": ["a..b"],
    "namespaceOverride": ["a.b", "a" * 64],
}


@pytest.mark.parametrize(("path", "value"), [(path, value) for path, values in ODD.items() for value in values])
def test_what_the_chart_renders_the_operator_accepts(helm: Helm, path: str, value: object) -> None:
    text = rendered(helm, path, value)
    if text.startswith("Error"):
        return
    (container,) = the(documents(text), "Deployment")["spec"]["template"]["spec"]["containers"]
    context = run.make_context("run", container["args"][1:])
    parse(Settings, context.params)


def test_a_default_owner_id_that_is_too_long_is_refused(helm: Helm) -> None:
    place = ("--namespace", "n" * 63, "--values", str(MINIMAL))
    with pytest.raises(HelmError, match="longer than the 100 characters of an owner ID: set a shorter ownerId"):
        helm.run("template", "r" * 53, CHART, *place)
    assert "--owner-id=short" in helm.run("template", "r" * 53, CHART, *place, "--set=ownerId=short")
    with pytest.raises(click.UsageError, match="at most 100 characters"):
        parse(Settings, {"registry_url": "http://r", "owner_id": f"{'n' * 63}/{'r' * 53}"})
