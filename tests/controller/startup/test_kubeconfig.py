"""Kubeconfigs that cannot be used end the operator with one sentence, which names the file and the entry."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.controlplane import ControlPlane
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.login import log_in
from registrar.fencing import Leadership, WriteFence
from registrar.telemetry.metrics import Metrics
from tests.support.api_server_proxy import kubeconfig_of
from tests.support.operator_process import OperatorProcess
from tests.support.resources import PLURALS

GOOD = kubeconfig_of("https://127.0.0.1:9", {})
NO_PEM = base64.b64encode(b"no certificate").decode()


def _with_user(**user: Any) -> str:
    return json.dumps(kubeconfig_of("https://127.0.0.1:9", user))


def _with_cluster(**cluster: str) -> str:
    return json.dumps(
        {**GOOD, "clusters": [{"name": "proxy", "cluster": {"server": "https://127.0.0.1:9", **cluster}}]}
    )


FILE = "{folder}/config"
USER = f"In the kubeconfig, the user 'proxy' of {FILE}"
CLUSTER = f"In the kubeconfig, the cluster 'proxy' of {FILE}"
WRONG = {
    "not YAML": ("a: [", f"The kubeconfig {FILE} is not YAML: while parsing"),
    "not UTF-8": ("\udcff", f"The kubeconfig {FILE} is not YAML: 'utf-8' codec can't decode"),
    "a list": ("- a", f"The kubeconfig {FILE} is not a kubeconfig: it holds no mapping."),
    "an item without a name": ("users: [{}]", f"The kubeconfig {FILE} is not valid: each item of users needs a name"),
    "empty": ("", f"No current-context is set in {FILE}: choose one with kubectl config use-context."),
    "no such context": (
        json.dumps({**GOOD, "current-context": "prod"}),
        f"The current-context 'prod' does not exist in {FILE}.",
    ),
    "no such cluster": (
        json.dumps({**GOOD, "clusters": None}),
        f"the context 'proxy' of {FILE} names the cluster 'proxy', which does not exist in {FILE}.",
    ),
    "no such user": (
        json.dumps({**GOOD, "users": []}),
        f"the context 'proxy' of {FILE} names the user 'proxy', which does not exist in {FILE}.",
    ),
    "a context without a cluster": (
        json.dumps({**GOOD, "contexts": [{"name": "proxy"}]}),
        f"the context 'proxy' of {FILE} names no cluster.",
    ),
    "a cluster without a server": (json.dumps({**GOOD, "clusters": [{"name": "proxy"}]}), f"{CLUSTER} has no server."),
    "no such authority": (
        _with_cluster(**{"certificate-authority": "ca.crt"}),
        f"{CLUSTER} cannot be used: certificate-authority names {{folder}}/ca.crt, which cannot be read: No such file",
    ),
    "no such certificate": (
        _with_user(**{"client-certificate": "/nowhere/me.crt"}),
        f"{USER} cannot be used: client-certificate names /nowhere/me.crt, which cannot be read: No such file",
    ),
    "no such token file": (
        _with_user(tokenFile="token"),
        f"{USER} cannot be used: tokenFile names {{folder}}/token, which cannot be read: No such file",
    ),
    "an authority that is not base64": (
        _with_cluster(**{"certificate-authority-data": "%%%"}),
        f"{CLUSTER} cannot be used: certificate-authority-data is not base64.",
    ),
    "a key that is not base64": (
        _with_user(**{"client-key-data": "abc"}),
        f"{USER} cannot be used: client-key-data is not base64.",
    ),
    "a certificate that is none": (
        _with_user(**{"client-certificate-data": NO_PEM, "client-key-data": NO_PEM}),
        f"{CLUSTER} or the user 'proxy' of {FILE} cannot be used: ",
    ),
    "an exec plugin": (
        _with_user(exec={"apiVersion": "client.authentication.k8s.io/v1", "command": "false"}),
        f"{USER} logs in with the plugin 'false' (exec), which the operator does not run: give the user a token",
    ),
}


def _sentence_of(places: str, folder: Path, *arguments: str) -> str:
    """Return the last line of an operator that ends by itself."""
    operator = OperatorProcess(
        ["--registry-url=http://127.0.0.1:9", *arguments], folder / "operator.log", {"KUBECONFIG": places}
    )
    operator.start()
    assert operator.wait() == 1
    assert "Traceback" not in operator.log
    return operator.log.splitlines()[-1]


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_kubeconfig_that_cannot_be_used_is_named_with_its_fault(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "config"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    found = _sentence_of(str(file), tmp_path)
    assert found.startswith("Error: ")
    assert sentence.format(folder=tmp_path) in found


def test_each_missing_file_of_a_list_is_named(tmp_path: Path) -> None:
    good, missing = tmp_path / "good", tmp_path / "missing"
    good.write_text(json.dumps(GOOD))
    sentence = f"Error: The kubeconfig {missing} cannot be read: No such file or directory."
    assert _sentence_of(str(missing), tmp_path) == sentence
    assert _sentence_of(f"{good}{os.pathsep}{missing}", tmp_path) == sentence


def test_the_files_of_a_list_are_named_together(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(json.dumps({"current-context": "prod"}))
    second.write_text(json.dumps(GOOD))
    found = _sentence_of(f"{first}{os.pathsep}{second}", tmp_path, f"--kubeconfig={first}")
    assert found == f"Error: The current-context 'prod' does not exist in {first}."
    found = _sentence_of(f"{first}{os.pathsep}{second}", tmp_path)
    assert found == f"Error: The current-context 'prod' does not exist in {first}, {second}."


@pytest.fixture
def split_config(cluster: ControlPlane, tmp_path: Path) -> Path:
    """The cluster's kubeconfig, in a folder with its certificates as files that it names by relative paths."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for values in (config["clusters"][0]["cluster"], config["users"][0]["user"]):
        for key in [key for key in values if key.endswith("-data")]:
            name = key.removesuffix("-data")
            (tmp_path / name).write_bytes(base64.b64decode(values.pop(key)))
            values[name] = name
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(config))
    return file


async def test_relative_paths_start_at_the_folder_of_their_kubeconfig(split_config: Path) -> None:
    kube = KubernetesAPI(log_in(split_config), WriteFence(Leadership(), Metrics().to_kubernetes))
    assert await kube.served_plurals() >= set(PLURALS.values())
    await kube.aclose()
