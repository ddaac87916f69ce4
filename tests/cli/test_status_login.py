"""How ``registrar status`` logs in to a cluster, with which rights, and what it says when it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from devcluster.controlplane import ControlPlane
from registrar.api.meta import GROUP
from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.program import PROGRAMS, run, status
from tests.support.accounts import Account
from tests.support.api_server_proxy import kubeconfig_of
from tests.support.resources import PLURALS, Namespace, manifest


def _account(space: Namespace, name: str, *plurals: str) -> Account:
    account = Account(space, name)
    account.allow({"apiGroups": [GROUP], "resources": list(plurals), "verbs": ["get", "list"]})
    return account


def test_a_reader_needs_no_more_than_get_and_list(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    kubeconfig = _account(own_space, "reader", *PLURALS.values()).kubeconfig(tmp_path)
    answer = status(kubeconfig, "rmodel/churn", "-n", own_space.name)
    assert (answer.returncode, answer.stderr) == (ExitCode.ATTENTION, "")
    assert "RegisteredModel/churn" in answer.stdout
    answer = status(kubeconfig, "-A")
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert "You may not list registeredmodels in all namespaces (403): ask for one namespace" in answer.stderr
    # Events are another right, and are asked for with --events only.
    answer = status(kubeconfig, "rmodel/churn", "-n", own_space.name, "--events")
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "You may not list events" in answer.stderr
    assert "RegisteredModel/churn" in answer.stdout


def test_what_may_be_read_is_reported_and_the_rest_is_named(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("ModelVersion", "churn-v0", registeredModelRef={"name": "churn"}))
    kubeconfig = _account(own_space, "half", "modelversions", "modelartifacts").kubeconfig(tmp_path)
    answer = status(kubeconfig, "-n", own_space.name, "-o", "json")
    found = json.loads(answer.stdout)
    assert (answer.returncode, found["complete"]) == (ExitCode.NOT_KNOWN, False)
    assert [resource["name"] for resource in found["resources"]] == ["churn-v0"]
    assert "You may not list registeredmodels" in found["errors"][0]
    assert answer.stderr == f"Error: {found['errors'][0]}\n"


def _exec_kubeconfig(cluster: ControlPlane, folder: Path, script: str) -> Path:
    """Write a kubeconfig whose user is what a plugin beside it prints."""
    plugin = folder / "plugin.sh"
    plugin.write_text(f"#!/bin/sh\n{script}\n")
    plugin.chmod(0o700)
    config = json.loads(cluster.kubeconfig.read_text())
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin.sh", "interactiveMode": "Never"}
    config["users"] = [{**user, "user": {"exec": login}} for user in config["users"]]
    path = folder / "exec.kubeconfig"
    path.write_text(json.dumps(config))
    return path


def test_credentials_may_come_from_an_exec_plugin(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    token = _account(own_space, "reader", *PLURALS.values()).token()
    credential = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    kubeconfig = _exec_kubeconfig(own_space.cluster, tmp_path, f"echo '{json.dumps(credential)}'")
    answer = status(kubeconfig, "-n", own_space.name)
    assert "RegisteredModel/churn" in answer.stdout, answer.stderr


def test_a_plugin_that_fails_is_named_with_what_it_said(cluster: ControlPlane, tmp_path: Path) -> None:
    answer = status(_exec_kubeconfig(cluster, tmp_path, "echo 'the session expired' >&2; exit 3"))
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr == (
        "Error: The kubeconfig's credentials cannot be used: exec: process returned 3. the session expired\n"
    )


def test_context_and_its_namespace_are_those_of_the_kubeconfig(own_space: Namespace, tmp_path: Path) -> None:
    own_space.create(manifest("RegisteredModel", "churn"))
    config = json.loads(own_space.cluster.kubeconfig.read_text())
    (context,) = config["contexts"]
    config["contexts"] = [{"name": "mine", "context": {**context["context"], "namespace": own_space.name}}]
    config["current-context"] = "gone"
    path = tmp_path / "contexts.kubeconfig"
    path.write_text(json.dumps(config))
    assert f"namespace {own_space.name}" in status(path, "--context", "mine").stdout
    # The option wins over the variable.
    answer = status(Path("/nowhere"), "--context", "mine", "--kubeconfig", str(path))
    assert f"namespace {own_space.name}" in answer.stdout
    answer = status(path)
    assert answer.returncode == ExitCode.NOT_KNOWN
    assert "The kubeconfig cannot be used" in answer.stderr
    assert "gone" in answer.stderr


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[",
        "- a",
        "apiVersion: v1",
        "contexts: x",
        "current-context: a\ncontexts: [1]",
        "current-context: a\ncontexts: [{name: a, context: 1}]",
    ],
)
def test_a_kubeconfig_of_another_form_is_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "malformed.kubeconfig"
    path.write_text(content)
    answer = status(path)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr.startswith("Error: The kubeconfig cannot be used: ")
    assert answer.stderr.count("\n") == 1


def test_a_user_that_acts_as_another_is_refused(cluster: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"]["as"] = "system:anonymous"
    path = tmp_path / "as.kubeconfig"
    path.write_text(json.dumps(config))
    answer = status(path, "-A")
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert "acts as another one ('as'), which this command does not support" in answer.stderr


@pytest.mark.parametrize(
    ("server", "user", "message"),
    [
        ("http://127.0.0.1:9", {}, "The API server http://127.0.0.1:9 does not answer: "),
        (None, {"token": "wrong"}, "The API server does not accept the kubeconfig's credentials (401)."),
    ],
)
def test_a_cluster_that_cannot_be_read_is_one_line(
    server: str | None, user: dict[str, str], message: str, cluster: ControlPlane, tmp_path: Path
) -> None:
    config: dict[str, Any] = json.loads(cluster.kubeconfig.read_text())
    if server is None:
        config["users"] = [{**known, "user": user} for known in config["users"]]
    else:
        config = kubeconfig_of(server, user)
    path = tmp_path / "wrong.kubeconfig"
    path.write_text(json.dumps(config))
    answer = status(path)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr.startswith(f"Error: {message}")
    assert answer.stderr.count("\n") == 1


def test_without_the_package_the_extra_is_named() -> None:
    program = "import sys; sys.modules['kubernetes'] = None; from registrar.cli import main; main(['status'])"
    answer = run(Path("/nowhere"), PROGRAMS / "python", "-c", program)
    assert (answer.returncode, answer.stdout) == (ExitCode.NOT_KNOWN, "")
    assert answer.stderr == (
        "Error: To read a cluster, this command needs an extra: install model-registrar[cluster].\n"
    )


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        (None, "~/.kube/config does not exist. Give --kubeconfig, or set KUBECONFIG."),
        ("/nowhere/config", "KUBECONFIG names /nowhere/config, which does not exist."),
    ],
)
def test_without_a_cluster_the_error_says_which_file_was_looked_for(
    variable: str | None, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    if variable is None:
        monkeypatch.delenv("KUBECONFIG", raising=False)
    else:
        monkeypatch.setenv("KUBECONFIG", variable)
    answer = CliRunner().invoke(main, ["status"])
    assert answer.exit_code == ExitCode.NOT_KNOWN
    assert f"No cluster to read: {says}" in answer.stderr
