"""`registrar connections`: what it finds in a cluster, and what it finds wrong with ClusterRegistries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from registrar.api.meta import API_VERSION, GROUP
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.plan.manifests import write
from tests.cli.program import PROGRAMS, run
from tests.support.accounts import Account
from tests.support.fault_proxy import always, proxy_to
from tests.support.loopback import Reply
from tests.support.resources import Namespace
from tests.support.rest import Rest

AWAY = "http://127.0.0.1:1"
ADMIN: dict[str, Any] = {"tenants": [{"namespaces": ["team-*"], "modelNames": ["{namespace}.*"]}]}


def connections(kubeconfig: Path, *words: str) -> CompletedProcess[str]:
    return run(kubeconfig, PROGRAMS / "registrar", "connections", *words)


def service(name: str, labels: dict[str, str], port: str = "http-api", **annotations: str) -> dict[str, Any]:
    named = {key.replace("__", "/").replace("_", "-"): value for key, value in annotations.items()}
    metadata = {"name": name, "labels": labels, "annotations": named}
    ports = [{"name": "grpc-api", "port": 9090}, {"name": port, "port": 8080}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports}}


def registry(name: str, url: str, **spec: Any) -> dict[str, Any]:
    full = {"url": url, "tenants": [], **spec}
    return {"apiVersion": API_VERSION, "kind": "ClusterRegistry", "metadata": {"name": name}, "spec": full}


@pytest.fixture
def services(own_space: Namespace, other_space: Namespace) -> tuple[Namespace, Namespace]:
    """A registry in each of two namespaces, and Services that are none."""
    own_space.apply(
        service(
            "kubeflow", {"component": "model-registry"}, displayName="Team\nregistry", description="Of the team: #1"
        ),
        service("catalog", {"component": "model-catalog"}),
        service("ui", {"component": "model-registry-ui"}),
        service("portless", {"component": "model-registry"}, port="metrics"),
    )
    other_space.apply(
        service(
            "odh",
            {"app.kubernetes.io/component": "model-registry"},
            port="https-api",
            routing__external_address_rest="odh.example.com:443",
        )
    )
    return own_space, other_space


@contextmanager
def applied(space: Namespace, *manifests: dict[str, Any]) -> Iterator[None]:
    """Leave no ClusterRegistry to other tests."""
    space.apply(*manifests)
    try:
        yield
    finally:
        names = [each["metadata"]["name"] for each in manifests]
        space.cluster.run_kubectl("delete", ClusterRegistry.PLURAL, *names)


def test_registries_are_printed_as_manifests_that_admit_nobody(services: tuple[Namespace, Namespace]) -> None:
    first, second = services
    answer = connections(first.cluster.kubeconfig, "discover")
    assert answer.returncode == ExitCode.DONE, answer.stderr
    ours = [text for text in answer.stdout.split("---\n") if first.name in text or second.name in text]
    assert len(ours) == 2
    found = {content["metadata"]["name"]: content for content in map(yaml.safe_load, ours)}
    url = f"http://kubeflow.{first.name}.svc:8080"
    assert found[f"kubeflow.{first.name}"] == registry(f"kubeflow.{first.name}", url)
    assert found[f"odh.{second.name}"]["spec"]["url"] == f"https://odh.{second.name}.svc:8080"
    assert "# Team\\nregistry: Of the team: #1\n" in answer.stdout
    assert "# From outside of the cluster: https://odh.example.com:443\n" in answer.stdout
    assert "  # Nobody may use the registry until you name namespaces here.\n  tenants: []\n" in answer.stdout
    assert f"Left out: Service {first.name}/portless has no port named https-api or http-api." in answer.stderr
    first.cluster.run_kubectl("apply", "--dry-run=server", "-f", "-", stdin=answer.stdout)


def test_what_is_connected_already_is_named_and_not_printed_again(services: tuple[Namespace, Namespace]) -> None:
    first, second = services
    name = f"known-{first.name}"
    # Another spelling of the same address.
    with applied(first, registry(name, f"http://kubeflow.{first.name}.svc.cluster.local:8080/")):
        answer = connections(
            first.cluster.kubeconfig, "discover", f"--namespace={first.name}", f"--namespace={second.name}"
        )
        table = connections(first.cluster.kubeconfig, "discover", f"--namespace={first.name}", "--output=table")
        content = json.loads(
            connections(first.cluster.kubeconfig, "discover", "--output=json", f"--namespace={first.name}").stdout
        )
    assert [content["metadata"]["name"] for content in yaml.safe_load_all(answer.stdout)] == [f"odh.{second.name}"]
    assert f"Connected already: Service {first.name}/kubeflow, by ClusterRegistry {name}." in answer.stderr
    assert table.stdout.splitlines()[0].split() == ["NAMESPACE", "SERVICE", "URL", "NAME", "CONNECTED", "BY"]
    assert table.stdout.splitlines()[1].split()[-1] == name
    (one,) = content["registries"]
    assert (one["service"], one["connectedBy"], one["displayName"]) == ("kubeflow", [name], "Team\nregistry")


def test_namespaces_that_the_user_may_not_list_are_named(services: tuple[Namespace, Namespace], tmp_path: Path) -> None:
    first, second = services
    account = Account(first, "seeker")
    account.allow({"apiGroups": [""], "resources": ["services"], "verbs": ["list"]})
    kubeconfig = account.kubeconfig(tmp_path)
    answer = connections(kubeconfig, "discover", f"--namespace={first.name}", f"--namespace={second.name}")
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert yaml.safe_load(answer.stdout)["metadata"]["name"] == f"kubeflow.{first.name}"
    assert f"not searched, because you may not list services there: {second.name}." in answer.stderr
    nowhere = connections(kubeconfig, "discover")
    assert nowhere.returncode == ExitCode.NOT_KNOWN
    assert "You may not list services in all namespaces (403): ask for one namespace" in nowhere.stderr
    role = f"namespaces-{first.name}"
    plane = first.cluster
    plane.run_kubectl("create", "clusterrole", role, "--verb=list", "--resource=namespaces")
    subject = f"--serviceaccount={first.name}:seeker"
    plane.run_kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", subject)
    everywhere = connections(kubeconfig, "discover", "--output=json")
    assert everywhere.returncode == ExitCode.NOT_KNOWN
    content = json.loads(everywhere.stdout)
    assert [each["namespace"] for each in content["registries"]] == [first.name]
    assert (content["complete"], second.name in content["notSearched"]) == (False, True)


def check(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["connections", "check", str(folder), *words])


def rules(result: Result) -> list[tuple[str | None, str]]:
    return [(each["registry"], each["rule"]) for each in json.loads(result.stdout)["findings"]]


def test_a_registry_that_answers_is_right(rest: Rest, tmp_path: Path) -> None:
    rest.model("churn")
    result = check(write(tmp_path, all=[registry("dev", rest.url, isDefault=True, **ADMIN)]), "--namespace=team-a")
    assert (result.exit_code, result.stderr) == (ExitCode.DONE, "")
    table, namespace, summary = result.stdout.splitlines()[1:]
    assert table.split() == ["dev", rest.url, "registry", "-", "-"]
    assert namespace == "Namespace team-a may use dev (models team-a.*, default)."
    assert summary == "1 ClusterRegistry: 0 findings."


def test_what_answers_otherwise_is_a_finding_and_no_token_is_sent(rest: Rest, tmp_path: Path) -> None:
    auth = {"tokenSecretKeyRef": {"name": "s"}}
    with (
        proxy_to(rest.url, always(Reply(401, {}))) as guarded,
        proxy_to(rest.url, always(Reply(200, "<html>"))) as site,
    ):
        manifests = [
            registry("away", AWAY),
            registry("guarded", guarded.url),
            registry("known", guarded.url, auth=auth),
            registry("site", site.url),
        ]
        folder = write(tmp_path, all=manifests)
        result = check(folder, "--output=json")
        silent = check(folder, "--output=json", "--no-connect")
        received = [*guarded.received, *site.received]
    assert result.exit_code == ExitCode.ATTENTION
    assert rules(result) == [("away", "Unreachable"), ("guarded", "Unauthorized"), ("site", "NotARegistry")]
    assert {each.method for each in received} == {"GET"}
    assert all("authorization" not in {name.lower() for name in each.headers} for each in received)
    assert (silent.exit_code, rules(silent)) == (ExitCode.DONE, [])


def test_namespaces_and_manifests_are_judged_as_the_operator_does(tmp_path: Path) -> None:
    both = [{"namespaces": ["team-*"]}]
    manifests = [
        registry("dev", AWAY, isDefault=True, servesKServe=True, tenants=both),
        registry("prod", "http://127.0.0.1:2", isDefault=True, servesKServe=True, tenants=both),
        registry("same", f"{AWAY}/", tenants=[]),
        registry("wrong", "ftp://r"),
    ]
    result = check(
        write(tmp_path, all=manifests), "--output=json", "--no-connect", "--namespace=team-a", "--namespace=others"
    )
    assert result.exit_code == ExitCode.ATTENTION
    found = [rule for _, rule in rules(result)]
    assert found == ["InvalidValue", "KServeConflict", "OtherTenants", "AmbiguousRegistry", "NotAdmitted"]
    places = [each["place"] for each in json.loads(result.stdout)["findings"]]
    assert places[0] is not None
    assert places[0].startswith(f"{tmp_path}/all.yaml:")
    admissions = {each["namespace"]: each for each in json.loads(result.stdout)["namespaces"]}
    assert "dev" not in str(admissions["team-a"]), "it has the address of another one, so neither is served"
    assert "prod" in str(admissions["team-a"])
    unread = check(tmp_path / "nothing.yaml", "--no-connect")
    assert unread.exit_code == ExitCode.NOT_KNOWN


BY_LABEL = [{"namespaceSelector": {"matchLabels": {"example.com/ml": "true"}}}]


def test_a_selector_is_decided_by_the_namespaces_in_the_files(tmp_path: Path) -> None:
    manifests = [
        registry("labelled", AWAY, isDefault=True, tenants=[*BY_LABEL, {"namespaces": ["team-a"]}]),
        registry("named", "http://127.0.0.1:2", tenants=[{"namespaces": ["team-*"]}, *BY_LABEL]),
    ]
    asked = [f"--namespace={name}" for name in ("team-a", "team-b", "other")]
    folder = write(tmp_path, all=manifests)
    blind = check(folder, "--no-connect", *asked)
    assert blind.exit_code == ExitCode.DONE, "what is not known is not wrong"
    assert blind.stdout.splitlines()[3:6] == [
        f"Namespace {name} may use {certain}. Whether {unknown} may be used depends on the namespace's labels, which "
        "are not known here."
        for name, certain, unknown in (
            ("team-a", "named (all models)", "labelled"),
            ("team-b", "named (all models)", "labelled"),
            ("other", "no registry", "labelled and named"),
        )
    ]
    namespaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-a"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team-b", "labels": {"example.com/ml": "true"}}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "other", "labels": {"example.com/ml": "no"}}},
    ]
    folder = write(tmp_path, all=[*manifests, *namespaces])
    result = check(folder, "--no-connect", "--output=json", *asked)
    assert rules(result) == [(None, "NotAdmitted")]
    found = {each["namespace"]: each for each in json.loads(result.stdout)["namespaces"]}
    admitted = {name: [one["name"] for one in each["registries"]] for name, each in found.items()}
    assert admitted == {"team-a": ["labelled", "named"], "team-b": ["labelled", "named"], "other": []}
    assert all(each["undecided"] == [] for each in found.values())
    assert [each["default"] for each in found.values()] == ["labelled", "labelled", None]


def test_a_default_that_names_a_namespace_needs_no_labels(tmp_path: Path) -> None:
    tenants = [{"namespaces": ["team-a"]}, *BY_LABEL]
    folder = write(tmp_path, all=[registry("prod", AWAY, isDefault=True, tenants=tenants)])
    result = check(folder, "--no-connect", "--output=json", "--namespace=team-a", "--namespace=other")
    named, other = json.loads(result.stdout)["namespaces"]
    assert (named["default"], named["undecided"]) == ("prod", [])
    assert (other["default"], other["undecided"]) == (None, ["prod"])


def test_a_selector_is_decided_by_the_namespaces_of_the_cluster(own_space: Namespace, tmp_path: Path) -> None:
    name, label = f"labelled-{own_space.name}", own_space.name
    tenants = [{"namespaceSelector": {"matchLabels": {"example.com/ml": label}}}]
    own_space.cluster.run_kubectl("label", "namespace", own_space.name, f"example.com/ml={label}")
    asked = ("check", "--no-connect", "--output=json", f"--namespace={own_space.name}")
    with applied(own_space, registry(name, AWAY, tenants=tenants)):
        admitted = json.loads(connections(own_space.cluster.kubeconfig, *asked).stdout)
        # Whoever may not list namespaces learns what is not decided.
        plane, role = own_space.cluster, f"registries-{own_space.name}"
        right = ("--verb=list", f"--resource={ClusterRegistry.PLURAL}.{GROUP}")
        plane.run_kubectl("create", "clusterrole", role, *right)
        subject = f"--serviceaccount={own_space.name}:checker"
        plane.run_kubectl("create", "clusterrolebinding", role, f"--clusterrole={role}", subject)
        kubeconfig = Account(own_space, "checker").kubeconfig(tmp_path)
        unknown = json.loads(connections(kubeconfig, *asked).stdout)
    assert [one["name"] for one in admitted["namespaces"][0]["registries"]] == [name]
    assert unknown["namespaces"][0] == {
        "namespace": own_space.name,
        "registries": [],
        "default": None,
        "undecided": [name],
    }


def test_conditions_of_the_cluster_are_findings_with_what_to_do(own_space: Namespace, rest: Rest) -> None:
    names = {name: f"{name}-{own_space.name}" for name in ("unseen", "refused", "one", "two", "marked")}
    status = {
        "observedGeneration": 1,
        "resources": 3,
        "conditions": [
            {
                "type": "Ready",
                "status": "False",
                "reason": "Unauthorized",
                "message": "No.",
                "observedGeneration": 1,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    }
    manifests = [
        registry(names["unseen"], rest.url),
        registry(names["refused"], AWAY),
        registry(names["one"], "http://127.0.0.1:2", servesKServe=True),
        registry(names["marked"], "http://127.0.0.1:3", servesKServe=True),
        registry(names["two"], "http://127.0.0.1:2/", tenants=[{"namespaces": ["a"]}]),
    ]
    with applied(own_space, *manifests):
        patch = json.dumps({"status": status})
        own_space.cluster.run_kubectl(
            "patch", "clusterregistry", names["refused"], "--subresource=status", "--type=merge", f"--patch={patch}"
        )
        answer = connections(own_space.cluster.kubeconfig, "check", "--no-connect", "--output=json")
        text = connections(own_space.cluster.kubeconfig, "check", "--no-connect")
    assert answer.returncode == ExitCode.ATTENTION
    found = {(each["registry"], each["rule"]): each for each in json.loads(answer.stdout)["findings"]}
    assert (names["unseen"], "NotSeen") in found
    assert found[names["refused"], "Unauthorized"]["message"] == "No."
    assert (names["refused"], "NotSeen") not in found
    for one, other in (("one", "two"), ("two", "one")):
        assert names[other] in found[names[one], "OtherTenants"]["message"]
    for one, other in (("one", "marked"), ("marked", "one")):
        assert names[other] in found[names[one], "KServeConflict"]["message"]
    line = next(line for line in text.stdout.splitlines() if line.startswith(names["refused"]))
    assert line.split() == [names["refused"], AWAY, "-", "Unauthorized", "3"]
    assert f"ClusterRegistry {names['unseen']}: NotSeen: " in text.stderr


def test_a_registry_whose_authorities_are_in_the_cluster_is_not_asked(tmp_path: Path) -> None:
    service = {"namespace": "ml", "name": "registry", "port": 8443, "scheme": "https"}
    manifest = registry("prod", "", serviceRef=service, ca={"configMapKeyRef": {"name": "authorities"}})
    del manifest["spec"]["url"]
    wrong = registry(
        "wrong", "https://127.0.0.1:1", ca={"bundle": "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----"}
    )
    result = check(write(tmp_path, all=[manifest, wrong]), "--output=json")
    assert result.exit_code == ExitCode.ATTENTION
    assert [rule for _, rule in rules(result)] == ["InvalidValue", "Unreachable"]
    (first, _) = json.loads(result.stdout)["registries"]
    assert first["url"] == "https://registry.ml.svc:8443"
    assert first["answers"].startswith("not asked: spec.ca names")


def test_files_and_a_cluster_are_two_questions(tmp_path: Path) -> None:
    result = check(write(tmp_path, all=[]), "--context=x")
    assert result.exit_code == ExitCode.USAGE
    assert "Files need no cluster" in result.stderr
