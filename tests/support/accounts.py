"""Accounts of the cluster that may do less than the administrator."""

import json
from pathlib import Path
from typing import Any

import yaml

from registrar.api.meta import GROUP
from tests.support.resources import PLURALS, Namespace

Rule = dict[str, list[str]]
"""Of a Role."""

READ: Rule = {"apiGroups": [GROUP], "resources": [*PLURALS.values()], "verbs": ["get", "list", "watch"]}
PUT_FINALIZERS: Rule = {"apiGroups": [GROUP], "resources": [*PLURALS.values()], "verbs": ["patch"]}
WRITE_STATUS: Rule = {
    "apiGroups": [GROUP],
    "resources": [f"{plural}/status" for plural in PLURALS.values()],
    "verbs": ["patch"],
}
TELL_EVENTS: Rule = {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]}


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

    def allow(self, *rules: Rule) -> None:
        """Let it do exactly this from now on."""
        role: dict[str, Any] = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": self._name},
            "rules": rules,
        }
        self._kubectl("apply", "-f", "-", stdin=json.dumps(role))

    def token(self, *arguments: str) -> str:
        """A new token of it: ``kubectl create token`` with more arguments."""
        return self._kubectl("create", "token", self._name, *arguments)

    def kubeconfig(self, folder: Path, token: str | None = None) -> Path:
        """Write a kubeconfig with this token of it, or a new one."""
        config = yaml.safe_load(self._space.cluster.kubeconfig.read_text())
        token = token or self.token()
        config["users"] = [{**user, "user": {"token": token}} for user in config["users"]]
        path = folder / f"{self._name}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        answer = self._space.cluster.run_kubectl(*arguments, "--namespace", self._space.name, stdin=stdin)
        return answer.stdout.strip()


def reader_kubeconfig(space: Namespace, folder: Path) -> Path:
    """Log-in of an account that may read our resources in a namespace, and nothing else."""
    account = Account(space, "reader")
    account.allow(READ)
    return account.kubeconfig(folder)
