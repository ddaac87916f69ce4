"""The rights of the operator and of people in the cluster: the one source of the chart's roles and of the docs.

`tests/chart/test_least_privilege.py` compares the operator's rights with the API server's audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from registrar.api.meta import GROUP
from registrar.api.v1alpha1 import ModelVersion, RegisteredModel
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.kinds.table import RESOURCES

PLURALS = tuple(kind.PLURAL for kind in RESOURCES)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a Role or ClusterRole.

    Attributes:
        group: API group; empty for core.
        resources: plural names, with ``/status`` for that subresource.
        verbs: what the rule allows.
        why: what the operator needs it for, for the docs.
    """

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str

    def manifest(self) -> dict[str, Any]:
        """Return the rule in Kubernetes' format."""
        return {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)}


WORK = (
    Rule(GROUP, PLURALS, ("list", "watch"), "Read the resources, and see their changes."),
    Rule(GROUP, PLURALS, ("get",), "Read a resource again when a write conflicts with a newer version of it."),
    Rule(
        GROUP,
        PLURALS,
        ("patch",),
        "Add and remove the finalizer. The operator changes nothing else outside of the status.",
    ),
    Rule(GROUP, tuple(f"{name}/status" for name in PLURALS), ("patch",), "Write the status: IDs and conditions."),
    Rule("", ("events",), ("create", "patch"), "Report what happened to a resource as Events."),
)
"""In each namespace that is watched."""

LEASE = Rule("coordination.k8s.io", ("leases",), ("get", "update"), "Elect one of several replicas as the leader.")
"""In the release's namespace, for the Lease of that name only."""

LEASE_CREATE = Rule("coordination.k8s.io", ("leases",), ("create",), "Create the Lease when the operator first starts.")
"""In the release's namespace. RBAC cannot limit a creation to a name."""

CONNECTIONS = (
    Rule(GROUP, (ClusterRegistry.PLURAL,), ("list", "watch"), "Read the ClusterRegistries, and see their changes."),
    Rule(GROUP, (ClusterRegistry.PLURAL,), ("patch",), "Add and remove the finalizer of a ClusterRegistry in use."),
    Rule(GROUP, (f"{ClusterRegistry.PLURAL}/status",), ("patch",), "Write the status of a ClusterRegistry."),
)
"""In the whole cluster, for ``connections.enabled``."""

CONNECTION_EVENTS = Rule("", ("events",), ("create", "patch"), "Report what happened to a ClusterRegistry as Events.")
"""In the namespace ``default``, where Events about objects without a namespace are, for ``connections.enabled``."""

CONNECTION_NAMESPACES = Rule("", ("namespaces",), ("list", "watch"), "Read the labels of namespaces.")
"""In the whole cluster, for ``connections.namespaceSelectors``."""

CONNECTION_SECRETS = Rule("", ("secrets",), ("get",), "Read the tokens of ClusterRegistries, or their authorities.")
"""In the release's namespace, for the Secrets of ``connections.secrets`` only."""

CONNECTION_CONFIG_MAPS = Rule("", ("configmaps",), ("get",), "Read the certificate authorities of ClusterRegistries.")
"""In the release's namespace, for the ConfigMaps of ``connections.configMaps`` only."""

CONNECTION_ACCOUNTS = Rule("", ("serviceaccounts/token",), ("create",), "Get tokens to send to registries.")
"""In the release's namespace, for the ServiceAccounts of ``connections.serviceAccounts`` only."""

CONNECTION_CREDENTIALS = (CONNECTION_SECRETS, CONNECTION_CONFIG_MAPS, CONNECTION_ACCOUNTS)

VIEW = (Rule(GROUP, PLURALS, ("get", "list", "watch"), "See the resources and their status."),)
"""For people; added to the cluster's ``view``, ``edit`` and ``admin`` roles."""

VIEW_CONNECTIONS = (
    Rule(GROUP, (ClusterRegistry.PLURAL,), ("get", "list", "watch"), "See the ClusterRegistries and their status."),
)
"""For people, with ``connections.enabled``; added as `VIEW`. Nobody gets the right to write them."""

EDIT = (
    Rule(
        GROUP,
        PLURALS,
        ("create", "delete", "deletecollection", "patch", "update"),
        "Write and delete the resources, but not their status.",
    ),
)
"""For people; added to the cluster's ``edit`` and ``admin`` roles."""

PIPELINES = (
    Rule(GROUP, (ModelVersion.PLURAL,), ("create", "patch"), "Apply a version; a new one takes both rights."),
    Rule(GROUP, (ModelVersion.PLURAL,), ("get",), "Compare a version that exists, and wait until it is ready."),
    Rule(GROUP, (RegisteredModel.PLURAL,), ("get",), "Make sure that the model exists."),
)
"""For the accounts of pipelines that run ``registrar register``, in the namespaces of ``rbac.pipelines``."""


def manifests(rules: Iterable[Rule]) -> list[Mapping[str, Any]]:
    """Return the rules in Kubernetes' format; rules that differ in their verbs only are merged."""
    merged: dict[tuple[str, tuple[str, ...]], Rule] = {}
    for rule in rules:
        key = (rule.group, rule.resources)
        before = merged.get(key)
        verbs = tuple(sorted({*rule.verbs, *(before.verbs if before else ())}))
        merged[key] = Rule(rule.group, rule.resources, verbs, rule.why)
    return [rule.manifest() for rule in merged.values()]
