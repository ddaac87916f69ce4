"""The manifests of a plan: what can be reconciled, and what is wrong with the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import click

from registrar.api.bodies import ResourceKey
from registrar.cli.plan.change import Origin
from registrar.cli.validate import alone, together
from registrar.cli.validate.entries import Entry, Index
from registrar.cli.validate.found import Found
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.validate.reading import Reading, read
from registrar.kinds.base import EntryKind
from registrar.kinds.table import KINDS

_ORDER = {kind.name: place for place, kind in enumerate(KINDS)}
_REJECTIONS = frozenset({Rule.UNKNOWN_FIELD, Rule.INVALID_VALUE, Rule.TOO_LARGE})
"""Rules of the API server. Some values only the operator refuses: a plan takes these for the same."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """What was read.

    Attributes:
        found: each resource, in the order of files and lines.
        refused: why a resource cannot be reconciled: errors of its manifest, or of another one beside it.
        problems: everything that is wrong, warnings too.
    """

    found: Mapping[ResourceKey, Found]
    refused: Mapping[ResourceKey, list[Problem]]
    problems: list[Problem]

    def accepted(self) -> list[ResourceKey]:
        """Return the resources that can be reconciled: parents first, in the order of files and lines."""
        return sorted((key for key in self.found if key not in self.refused), key=lambda key: _ORDER[key.kind])

    def is_rejected(self, key: ResourceKey) -> bool:
        """Return whether a manifest never reaches the operator; rivals do, and one of them gets what they want."""
        return any(problem.rule in _REJECTIONS for problem in self.refused.get(key, ()))

    def origin(self, key: ResourceKey) -> Origin:
        """Return where a resource is declared."""
        found = self.found.get(key)
        return Origin(key, None, None) if found is None else Origin(key, found.file, found.line())

    def spec(self, key: ResourceKey) -> dict[str, Any]:
        """Return the spec of a resource as the API server keeps it."""
        manifest = self.found[key].manifest
        spec = {} if manifest is None else manifest.spec
        return {name: value for name, value in spec.items() if value is not None}


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
    is_complete = not any(problem.rule in {Rule.UNREADABLE, Rule.INVALID_YAML} for problem in reading.problems)
    problems = [
        *reading.problems,
        *(problem for found in reading.manifests for problem in alone.check(found)),
        # A parent that is not among the manifests can have an entry all the same, and rivals are reported below.
        *(
            problem
            for problem in together.check(reading.manifests, is_complete=is_complete)
            if problem.rule is not Rule.MISSING_PARENT
        ),
    ]
    found: dict[ResourceKey, Found] = {}
    for each in reading.manifests:
        key = _key_of(each)
        if key is not None:
            found.setdefault(key, each)
    refused: defaultdict[ResourceKey, list[Problem]] = defaultdict(list)
    for problem in problems:
        subject = problem.subject
        if not problem.rule.is_warning and subject is not None and subject.name is not None:
            refused[ResourceKey(subject.kind, str(subject.namespace), subject.name)].append(problem)
    for first, second in _rivals(found):
        key = _key_of(first.found)
        if key is not None:
            refused[key].append(first.found.problem(Rule.DUPLICATE_ENTRY, _rivalry(first, second), first.name_path))
    return Manifests(found, dict(refused), problems)


def _key_of(found: Found) -> ResourceKey | None:
    manifest = found.manifest
    if manifest is None:
        return None
    if found.namespace is None:
        raise click.UsageError(f"{found.place()}: the manifest names no namespace: give --namespace.")
    return ResourceKey(found.kind.name, found.namespace, manifest.name)


def _rivals(found: Mapping[ResourceKey, Found]) -> Iterator[tuple[Entry, Entry]]:
    """Yield the first of two manifests that want the same entry or external ID; the second has a problem already."""
    index = Index({(key.kind, key.namespace, key.name): each for key, each in found.items()})
    entries: dict[tuple[object, ...], Entry] = {}
    for entry in index.entries():
        for wanted in _wanted(entry):
            first = entries.setdefault(wanted, entry)
            if first.found is not entry.found:
                yield first, entry


def _wanted(entry: Entry) -> Iterator[tuple[object, ...]]:
    yield entry.kind.name, entry.place
    if entry.external_id is not None:
        yield "externalId", _group(entry.kind), entry.external_id


def _group(kind: EntryKind) -> bool:
    """Return whether the external IDs of a kind are those of artifacts: models and versions share theirs."""
    return kind.family is not kind.entry


def _rivalry(first: Entry, second: Entry) -> str:
    return (
        f"{first} and {second} in {second.name_place} want the same entry or external ID, and this plan cannot know "
        "which one gets it; change one of them"
    )
