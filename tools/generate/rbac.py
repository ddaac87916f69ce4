"""What the operator may do in the cluster, and what people may: the one source of the chart's roles and of the docs.

`tests/chart/test_least_privilege.py` compares this with what the API server's audit log says that the operator does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.meta import GROUP
from registrar.kinds.table import RESOURCES

PLURALS = tuple(kind.PLURAL for kind in RESOURCES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a Role or ClusterRole.

    Attributes:
        group: API group; empty for core.
        resources: plural names, with ``/status`` for that subresource.
        verbs: what may be done with them.
        why: what stops working without it, for people.
    """

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str

    def manifest(self) -> dict[str, Any]:
        """The rule as Kubernetes has it."""
        return {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)}


WORK = (
    Rule(GROUP, PLURALS, ("list", "watch"), "The resources are read, and their changes seen."),
    Rule(GROUP, PLURALS, ("get",), "A resource is read again when a write meets a newer version of it."),
    Rule(GROUP, PLURALS, ("patch",), "The finalizer is set and taken off; nothing else of a resource is written."),
    Rule(GROUP, tuple(f"{name}/status" for name in PLURALS), ("patch",), "The status is written: IDs, conditions."),
    Rule("", ("events",), ("create",), "Events are posted about what happened to a resource."),
)
"""In each namespace that is watched."""

LEASE = Rule("coordination.k8s.io", ("leases",), ("get", "update"), "One of several replicas leads.")
"""In the release's namespace, for the one Lease by its name."""

LEASE_CREATE = Rule("coordination.k8s.io", ("leases",), ("create",), "The Lease is made at the first start.")
"""In the release's namespace. RBAC knows no name before there is an object."""

VIEW = (Rule(GROUP, PLURALS, ("get", "list", "watch"), "See the resources and their status."),)
"""For people; added to the cluster's ``view``, ``edit`` and ``admin`` roles."""

EDIT = (
    Rule(
        GROUP,
        PLURALS,
        ("create", "delete", "deletecollection", "patch", "update"),
        "Write and delete the resources, never their status.",
    ),
)
"""For people; added to the cluster's ``edit`` and ``admin`` roles."""


def manifests(rules: Iterable[Rule]) -> list[Mapping[str, Any]]:
    """The rules as Kubernetes has them; rules that differ in their verbs only become one."""
    merged: dict[tuple[str, tuple[str, ...]], Rule] = {}
    for rule in rules:
        key = (rule.group, rule.resources)
        before = merged.get(key)
        verbs = tuple(sorted({*rule.verbs, *(before.verbs if before else ())}))
        merged[key] = Rule(rule.group, rule.resources, verbs, rule.why)
    return [rule.manifest() for rule in merged.values()]
