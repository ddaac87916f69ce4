"""What an account asked of the API server, and what it may ask: both as sets that can be compared."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from devcluster.controlplane import ControlPlane
from tests.support.resources import WAIT_LIMIT

ALL = "*"
"""In place of a namespace: the whole cluster."""


class Right(NamedTuple):
    """Something that may be done, or was.

    Attributes:
        namespace: Where; `ALL` for a request or grant for the whole cluster.
        group: API group; empty for core.
        resource: Plural name, with ``/status`` for that subresource.
        verb: What.
    """

    namespace: str
    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        """For people and the ids of tests."""
        return f"{self.verb} {self.resource}"


class Asked(NamedTuple):
    """One request of the audit log.

    Attributes:
        right: What it takes.
        name: The object's; empty for a list, a watch or a create.
        code: How it was answered.
    """

    right: Right
    name: str
    code: int


class AuditLog:
    """The requests for objects that one account made.

    Args:
        path: The API server's log.
        account: ``<namespace>:<name>`` of the ServiceAccount.

    Attributes:
        path: As given.
    """

    def __init__(self, path: Path, account: str) -> None:
        self.path = path
        self._user = f"system:serviceaccount:{account}"

    def asked(self) -> list[Asked]:
        """All of them, oldest first. Discovery, which every account may do, is not about objects and not listed."""
        lines = self.path.read_text().splitlines()
        events = [json.loads(line) for line in lines if self._user in line and line.endswith("}")]
        return [_asked(one) for one in events if one["user"]["username"] == self._user and "objectRef" in one]

    def used(self) -> set[Right]:
        """What was asked and allowed."""
        return {one.right for one in self.asked() if one.code != 403}

    def refused(self) -> set[Right]:
        """What was asked and forbidden."""
        return {one.right for one in self.asked() if one.code == 403}

    def wait_until_refused(self, right: Right) -> None:
        """Wait until that is asked and forbidden.

        Raises:
            TimeoutError: It is not.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while right not in self.refused():
            if time.monotonic() > deadline:
                raise TimeoutError(f"nobody missed the right to {right}")
            time.sleep(0.05)


def _asked(event: dict[str, Any]) -> Asked:
    about = event["objectRef"]
    subresource = f"/{about['subresource']}" if "subresource" in about else ""
    right = Right(
        about.get("namespace", ALL), about.get("apiGroup", ""), about["resource"] + subresource, event["verb"]
    )
    return Asked(right, about.get("name", ""), event["responseStatus"]["code"])


def granted(plane: ControlPlane, account: str) -> set[Right]:
    """What the roles that are bound to an account let it do, as the API server has them."""
    found = json.loads(
        plane.run_kubectl(
            "get", "clusterroles,clusterrolebindings,roles,rolebindings", "--all-namespaces", "-o", "json"
        ).stdout
    )["items"]
    roles = {(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]): one for one in found}
    rights: set[Right] = set()
    for binding in (one for one in found if one["kind"].endswith("Binding") and _names(one, account)):
        namespace = binding["metadata"].get("namespace")
        ref = binding["roleRef"]
        role = roles[ref["kind"], namespace if ref["kind"] == "Role" else None, ref["name"]]
        rights |= {right for rule in role["rules"] for right in _rights(rule, namespace or ALL)}
    return rights


def _names(binding: dict[str, Any], account: str) -> bool:
    subjects = binding.get("subjects", ())
    return any(f"{one.get('namespace')}:{one['name']}" == account for one in subjects)


def _rights(rule: dict[str, Any], namespace: str) -> Iterable[Right]:
    for group in rule.get("apiGroups", ()):
        for resource in rule.get("resources", ()):
            for verb in rule["verbs"]:
                yield Right(namespace, group, resource, verb)
