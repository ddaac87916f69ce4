"""Which resources a plan is about: those of the one registry that it compares them with.

A resource belongs to the ClusterRegistry that assigned its ID, or that it names, or that its parent belongs to. The
rule is the operator's (`registrar.planning.resolution`), as far as manifests and statuses say so. What belongs to none
of these may be in any registry, so it is planned.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from registrar.api.bodies import Body, ResourceKey, declared_registry_of, pinned_registry_of, recorded_id
from registrar.cli.console import counted
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.documents.references import ByResource, named_registry, reference_in
from registrar.cli.plan.manifests import Manifests
from registrar.cli.validate.problems import Problem, Rule
from registrar.kinds.table import kind_of

MAX_NAMED = 5
"""Resources that a sentence names at once."""
Cluster = Mapping[ResourceKey, Body]


@dataclass(frozen=True, slots=True)
class Divided:
    """What a plan is about, and what it is not about.

    Attributes:
        manifests: the manifests of its registry.
        base: those of the base.
        cluster: the resources that exist, of its registry; None where no cluster is known.
        elsewhere: the resources of manifests and base that belong to other ClusterRegistries, by the names of these.
    """

    manifests: Manifests
    base: Manifests
    cluster: Cluster | None
    elsewhere: Mapping[str, list[ResourceKey]] = field(default_factory=dict)

    def warnings(self) -> Iterator[str]:
        """Yield what is not in the plan, and how to plan it."""
        for name, keys in sorted(self.elsewhere.items()):
            hidden = len(keys) - MAX_NAMED
            named = ", ".join(f"{key.kind} {key.path}" for key in keys[:MAX_NAMED])
            named += f" and {hidden:,} more" if hidden > 0 else ""
            yield (
                f"Not in this plan: {counted(len(keys), 'resource')} of ClusterRegistry {name} ({named}). Plan "
                f"{'it' if len(keys) == 1 else 'them'} with --registry-ref={name} and the address of that registry."
            )


def divide(manifests: Manifests, base: Manifests, cluster: Cluster | None, registry: str | None) -> Divided:
    """Leave out what belongs to another registry than the one that is planned for.

    Args:
        manifests: the manifests.
        base: those of the base.
        cluster: the resources that exist; None where no cluster is known.
        registry: the name of the ClusterRegistry that is planned for; None for the registry of the operator's flags.
    """
    owners = _Owners(manifests, base, cluster)
    elsewhere: defaultdict[str, list[ResourceKey]] = defaultdict(list)
    moved: dict[ResourceKey, Problem] = {}
    left_out = set[ResourceKey]()
    for key in dict.fromkeys((*manifests.found, *base.found, *(cluster or ()))):
        owner, wanted = owners.of(key), owners.wanted(key)
        is_here = owner in {None, registry}
        if not is_here:
            left_out.add(key)
        if wanted is not None and owner not in {None, wanted} and (is_here or wanted == registry):
            moved[key] = _moved(manifests, key, str(owner))
        elif owner is not None and not is_here and (key in manifests.found or key in base.found):
            elsewhere[owner].append(key)
    kept = manifests.without(left_out - moved.keys())
    refused = {**kept.refused, **{key: [*kept.refused.get(key, ()), problem] for key, problem in moved.items()}}
    return Divided(
        manifests=replace(kept, refused=refused, problems=[*kept.problems, *moved.values()]),
        base=base.without(left_out),
        cluster=None if cluster is None else {key: body for key, body in cluster.items() if key not in left_out},
        elsewhere=elsewhere,
    )


def of_registry(cluster: Cluster, registry: str | None) -> Cluster:
    """Return the resources of a cluster that may belong to a registry; see `divide`."""
    nothing = Manifests({}, {}, [])
    return divide(nothing, nothing, cluster, registry).cluster or {}


def _moved(manifests: Manifests, key: ResourceKey, owner: str) -> Problem:
    message = (
        f"spec.registryRef cannot name another registry: the entry is in that of ClusterRegistry {owner}; set it back, "
        "or delete this resource and create another"
    )
    return manifests.found[key].problem(Rule.INVALID_VALUE, message, ("spec", "registryRef", "name"))


@dataclass(frozen=True, slots=True)
class _Owners:
    """The ClusterRegistries that resources belong to."""

    manifests: Manifests
    base: Manifests
    cluster: Cluster | None

    def of(self, key: ResourceKey) -> str | None:
        """Return the ClusterRegistry that a resource belongs to; None if it names none, and nothing above it does."""
        if (found := self._own(key)) is not None:
            return found
        parent = self._parent(key)
        return None if parent is None else self.of(parent)

    def wanted(self, key: ResourceKey) -> str | None:
        """Return the ClusterRegistry that the manifest of a resource names."""
        return _named_in(self.manifests, key)

    def _own(self, key: ResourceKey) -> str | None:
        body = (self.cluster or {}).get(key)
        pinned = None if body is None or recorded_id(body) is None else pinned_registry_of(body)
        if pinned is not None:
            return pinned[1]
        # Without a cluster, the base counts as applied.
        before = _named_in(self.base, key) if self.cluster is None else None
        declared = None if body is None else declared_registry_of(body)
        in_cluster = None if declared is None else declared[1]
        return before or self.wanted(key) or _named_in(self.base, key) or in_cluster

    def _parent(self, key: ResourceKey) -> ResourceKey | None:
        for manifests in (self.manifests, self.base):
            found = manifests.found.get(key)
            if found is not None and found.manifest is not None:
                return _parent_of(key, found.manifest)
        body = (self.cluster or {}).get(key)
        return None if body is None else _parent_of(key, FileManifest(body))


def _named_in(manifests: Manifests, key: ResourceKey) -> str | None:
    found = manifests.found.get(key)
    return None if found is None or found.manifest is None else named_registry(found.manifest)


def _parent_of(key: ResourceKey, manifest: FileManifest) -> ResourceKey | None:
    match reference_in(manifest), kind_of(key.kind).parent:
        case ByResource(name), parent if parent is not None:
            return ResourceKey(parent.kind, key.namespace, name)
    return None
