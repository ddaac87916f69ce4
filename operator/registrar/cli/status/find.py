"""Which resource represents an entry of the registry: by the entry's ID, or by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model_registry.types import RegistryEntry
from registrar.cli.status.causes import Assessed
from registrar.kinds.table import ENTRY_KINDS, KINDS


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry that is looked for.

    Attributes:
        family: its sort; None for any.
        id: its ID; None to look for a name.
        name: its name; None to look for an ID.
    """

    family: type[RegistryEntry] | None
    id: str | None = None
    name: str | None = None

    def is_at(self, kind: str, entry_id: str | None, name: str) -> bool:
        """Return whether an entry of that kind, ID and name is the one."""
        if self.family is not None and ENTRY_KINDS[kind].family is not self.family:
            return False
        return name == self.name if self.id is None else entry_id == self.id


@dataclass(frozen=True, slots=True)
class Match:
    """A resource, or an artifact inside of one, that represents the entry.

    Attributes:
        assessed: the resource.
        kind: the entry kind's name, such as ``ModelVersion`` or ``doc-artifact``.
        id: the entry's ID, if the status reports one.
        name: the entry's name.
    """

    assessed: Assessed
    kind: str
    id: str | None
    name: str


def sorts() -> dict[str, type[RegistryEntry]]:
    """Return the sorts of entries by what a user may call them, such as ``model`` or ``rmodel``."""
    found = {}
    for row in KINDS:
        resource = row.resource
        short = re.findall("[A-Z][a-z]*", resource.KIND)[-1]
        for word in (short, f"{short}s", resource.KIND, resource.PLURAL, resource.SHORT_NAME):
            found[word.lower()] = row.entry.family
    return found


def find(entry: Entry, assessed: Iterable[Assessed]) -> Iterator[Match]:
    """Yield what represents an entry: resources, and the artifacts inside of them."""
    for one in assessed:
        resource = one.resource
        own = resource.kind.entry.name
        if entry.is_at(own, resource.status.id, resource.entry_name):
            yield Match(one, own, resource.status.id, resource.entry_name)
        for artifact in resource.artifacts:
            if entry.is_at(artifact.type, artifact.id, artifact.name):
                yield Match(one, artifact.type, artifact.id, artifact.name)
