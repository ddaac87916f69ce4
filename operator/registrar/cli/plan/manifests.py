"""The manifests of a plan: what can be reconciled, and what is wrong with the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import click

from registrar.api.bodies import Body, ResourceKey, annotations_of
from registrar.api.meta import is_paused, takes_over
from registrar.api.tenants import Labels
from registrar.cli.plan.change import Origin
from registrar.cli.validate.entries import Entry, Index, Key
from registrar.cli.validate.everything import problems_of
from registrar.cli.validate.found import Found, FoundRegistry
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.validate.reading import Reading, read
from registrar.cli.validate.together import rivals
from registrar.kinds.table import kind_order
from registrar.planning.external_ids import external_id_space

_REJECTIONS = frozenset({Rule.UNKNOWN_FIELD, Rule.INVALID_VALUE, Rule.TOO_LARGE})
"""Rules of the API server. Some values only the operator refuses: a plan takes these for the same."""

Switches = tuple[bool, bool]
"""What annotations decide about whether the operator writes an entry at all: paused, and taken over."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """What was read.

    Attributes:
        found: each resource, in the order of files and lines.
        refused: why a resource cannot be reconciled: errors of its manifest, or of another one beside it.
        problems: everything that is wrong, warnings too.
        elsewhere: the resources of a base that were outside of the plan's paths, such as for another cluster.
        registries: the ClusterRegistries.
        labels: the labels of the Namespaces, by name.
    """

    found: Mapping[ResourceKey, Found]
    refused: Mapping[ResourceKey, list[Problem]]
    problems: list[Problem]
    elsewhere: frozenset[ResourceKey | None] = frozenset()
    registries: Sequence[FoundRegistry] = ()
    labels: Mapping[str, Labels] = field(default_factory=dict)

    def without(self, keys: Collection[ResourceKey]) -> Manifests:
        """Return the manifests but for some resources, and what is wrong with these."""
        if not keys:
            return self
        return replace(
            self,
            found={key: found for key, found in self.found.items() if key not in keys},
            refused={key: problems for key, problems in self.refused.items() if key not in keys},
            problems=[problem for problem in self.problems if resource_of(problem) not in keys],
            elsewhere=self.elsewhere - {*keys},
        )

    def accepted(self) -> list[ResourceKey]:
        """Return the resources that can be reconciled: parents first, in the order of files and lines."""
        return sorted((key for key in self.found if key not in self.refused), key=kind_order)

    def reached(self) -> list[ResourceKey]:
        """Return the resources that reach the operator, in the same order: those that are accepted, and rivals."""
        return sorted((key for key in self.found if not self.is_rejected(key)), key=kind_order)

    def index(self) -> Index:
        """Return the manifests by what references name them by."""
        return Index({(key.kind, key.namespace, key.name): found for key, found in self.found.items()})

    def parents(self) -> dict[ResourceKey, ResourceKey]:
        """Return the resource that each manifest refers to as its parent, where it refers to one."""
        index, found = self.index(), {}
        for key, each in self.found.items():
            parent = None if each.manifest is None else index.parent_of(each, each.manifest)
            if parent is not None:
                found[key] = ResourceKey(parent[0], key.namespace, parent[2])
        return found

    def entries(self) -> Iterator[tuple[ResourceKey, str, str]]:
        """Yield the entries that manifests declare: resource, kind and name."""
        for entry in self.index().entries():
            key = key_of_found(entry.found)
            if key is not None:
                yield key, entry.kind.name, entry.name

    def sharing_entries(self, others: Iterable[Found]) -> list[Found]:
        """Return those of some other manifests that want the same entry as one of these, or the same external ID."""
        named: dict[Key, Found] = {}
        for each in (*others, *self.found.values()):
            if each.manifest is not None:
                named[each.kind.name, each.namespace, each.manifest.name] = each
        entries = list(Index(named).entries())
        own = set(map(id, self.found.values()))
        wanted = {claim for entry in entries if id(entry.found) in own for claim in _claims(entry)}
        others_entries = (entry for entry in entries if id(entry.found) not in own)
        return [entry.found for entry in others_entries if not wanted.isdisjoint(_claims(entry))]

    def is_rejected(self, key: ResourceKey) -> bool:
        """Return whether a manifest never reaches the operator; rivals do, and one of them gets what they want."""
        return any(problem.rule in _REJECTIONS for problem in self.refused.get(key, ()))

    def origin(self, key: ResourceKey) -> Origin:
        """Return where a resource is declared."""
        found = self.found.get(key)
        return Origin(key, None, None) if found is None else Origin(key, found.file, found.line())

    def annotations(self, key: ResourceKey) -> dict[str, str]:
        """Return the annotations that a manifest has."""
        manifest = self.found[key].manifest
        return {} if manifest is None else manifest.metadata.get("annotations") or {}

    def switches(self, key: ResourceKey) -> Switches:
        """Return what the annotations of a manifest switch; nothing without one."""
        return _switches(self.annotations(key) if key in self.found else {})

    def spec(self, key: ResourceKey) -> dict[str, Any]:
        """Return the spec of a resource as the API server keeps it."""
        manifest = self.found[key].manifest
        spec = {} if manifest is None else manifest.spec
        return {name: value for name, value in spec.items() if value is not None}


def _claims(entry: Entry) -> Iterator[tuple[object, ...]]:
    """Yield what only one resource can have: the entry itself, and its external ID."""
    yield entry.registry, entry.kind.name, entry.place
    if entry.external_id is not None:
        yield entry.registry, external_id_space(entry.kind.entry), entry.external_id


def switches_of(body: Body | None) -> Switches:
    """Return what the annotations of a resource switch; nothing without one."""
    return _switches({} if body is None else annotations_of(body))


def _switches(annotations: Mapping[str, str]) -> Switches:
    return is_paused(annotations), takes_over(annotations)


NOTHING = Manifests({}, {}, [])


def read_manifests(paths: Iterable[Path], stdin: BinaryIO, namespace: str | None) -> Manifests:
    """Return the manifests of files and folders; ``-`` is stdin.

    Raises:
        click.UsageError: a manifest names no namespace, and neither does the command line.
    """
    return checked(read(paths, stdin, namespace))


def checked(reading: Reading) -> Manifests:
    """Return what was read, with what the rules of `registrar validate` find in it.

    Raises:
        click.UsageError: a manifest names no namespace, and neither does the command line.
    """
    # A parent that is not among the manifests can have an entry all the same.
    problems = [problem for problem in problems_of(reading) if problem.rule is not Rule.MISSING_PARENT]
    found: dict[ResourceKey, Found] = {}
    for each in reading.manifests:
        key = key_of_found(each)
        if key is not None:
            # Of two, the one that is applied last replaces the other.
            found[key] = each
    refused: defaultdict[ResourceKey, list[Problem]] = defaultdict(list)
    for problem in problems:
        resource = resource_of(problem)
        if not problem.rule.is_warning and resource is not None:
            refused[resource].append(problem)
    manifests = Manifests(
        found, refused, problems, registries=tuple(reading.registries), labels=dict(reading.namespaces)
    )
    # The second of two rivals has a problem already.
    for _, first, second in rivals(list(manifests.index().entries())):
        key = key_of_found(first.found)
        if key is not None and first.found is not second.found:
            refused[key].append(first.found.problem(Rule.DUPLICATE_ENTRY, _rivalry(first, second), first.name_path))
    return replace(manifests, refused=dict(refused))


def resource_of(problem: Problem) -> ResourceKey | None:
    """Return the resource that a problem is about; None if it is about none that has a name."""
    subject = problem.subject
    if subject is None or subject.name is None:
        return None
    return ResourceKey(subject.kind, str(subject.namespace), subject.name)


def key_of_found(found: Found) -> ResourceKey | None:
    """Return the resource that a manifest declares; None if it declares none.

    Raises:
        click.UsageError: the manifest names no namespace, and neither does the command line.
    """
    if found.manifest is not None and found.namespace is None:
        raise click.UsageError(f"{found.place()}: the manifest names no namespace: give --namespace.")
    return found.key


def _rivalry(first: Entry, second: Entry) -> str:
    return (
        f"{first} and {second} in {second.name_place} want the same entry or external ID, and this plan cannot know "
        "which one gets it; change one of them"
    )
