"""Accounts of the cluster with fewer rights than the administrator."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from devcluster.controlplane import ControlPlane
from registrar.api.meta import GROUP
from tests.support.resources import PLURALS, Namespace
from tools.generate import rbac

Rule = dict[str, list[str]]
"""A rule of a Role."""

READ: Rule = {"apiGroups": [GROUP], "resources": [*PLURALS.values()], "verbs": ["get", "list", "watch"]}
PATCH_FINALIZERS: Rule = {"apiGroups": [GROUP], "resources": [*PLURALS.values()], "verbs": ["patch"]}
PATCH_STATUS: Rule = {
    "apiGroups": [GROUP],
    "resources": [f"{plural}/status" for plural in PLURALS.values()],
    "verbs": ["patch"],
}
CREATE_EVENTS: Rule = {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}
PIPELINE_RULES = rbac.manifests(rbac.PIPELINES)
"""Those of the chart's Role for pipelines."""


class Account:
    """A ServiceAccount and its Role, in a namespace.

    Args:
        space: the namespace.
        name: of both.
    """

    def __init__(self, space: Namespace, name: str) -> None:
        self._space = space
        self._name = name
        self._kubectl("create", "serviceaccount", name)
        self._kubectl("create", "rolebinding", name, f"--role={name}", f"--serviceaccount={space.name}:{name}")

    def allow(self, *rules: Mapping[str, Any]) -> None:
        """Give it exactly these rights from now on."""
        role: dict[str, Any] = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": self._name},
            "rules": rules,
        }
        self._kubectl("apply", "-f", "-", stdin=json.dumps(role))

    def token(self, *arguments: str) -> str:
        """Return a new token of it, from ``kubectl create token`` with these arguments."""
        return self._kubectl("create", "token", self._name, *arguments)

    def kubeconfig(self, folder: Path, token: str | None = None) -> Path:
        """Write a kubeconfig with a token of it, a new token by default."""
        return token_kubeconfig(self._space.cluster, token or self.token(), folder / f"{self._name}.kubeconfig")

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        answer = self._space.cluster.run_kubectl(*arguments, "--namespace", self._space.name, stdin=stdin)
        return answer.stdout.strip()


def pipeline_account(space: Namespace) -> Account:
    """Make the account of a pipeline, with the rights of the chart's Role for pipelines."""
    account = Account(space, "pipeline-runner")
    account.allow(*PIPELINE_RULES)
    return account


def token_kubeconfig(cluster: ControlPlane, token: str, path: Path) -> Path:
    """Write the cluster's kubeconfig with a token in place of the administrator's credentials; returns its path."""
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    config["users"] = [{**user, "user": {"token": token}} for user in config["users"]]
    path.write_text(yaml.safe_dump(config))
    return path


def reader_kubeconfig(space: Namespace, folder: Path) -> Path:
    """Write the kubeconfig of an account that may read our resources in a namespace, and nothing else."""
    account = Account(space, "reader")
    account.allow(READ)
    return account.kubeconfig(folder)
