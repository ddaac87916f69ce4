"""Which entries of the first registry are copied, in which order, and what stands in the way of some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from model_registry.types import Artifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.cli.catalogue import Catalogue, Held, Place
from registrar.cli.copy.problems import Problem, Reason, named
from registrar.cli.selection import EVERYTHING, Selection
from registrar.planning.fields import RETIRED, state_of
from registrar.registries.inventory import id_number


@dataclass(frozen=True, slots=True)
class Chosen:
    """An entry to copy.

    Attributes:
        entry: the entry in the first registry.
        place: its place, which is the same in both.
        parent: the place of its model or version; None for a model.
        original: the place of the artifact with the oldest version that holds it, where this is another version that
            holds it too; None for an entry of its own.
    """

    entry: RegistryEntry
    place: Place
    parent: Place | None
    original: Place | None = None


@dataclass(slots=True)
class Choice:
    """The entries to copy, and the others.

    Attributes:
        models: the models, by ID.
        versions: the versions, by ID.
        artifacts: the artifacts, by ID.
        links: the artifacts with further versions that hold them.
        archived: how many are left out because they are archived, or marked for deletion, or below such an entry.
        problems: those that cannot be copied.
    """

    models: list[Chosen] = field(default_factory=list)
    versions: list[Chosen] = field(default_factory=list)
    artifacts: list[Chosen] = field(default_factory=list)
    links: list[Chosen] = field(default_factory=list)
    archived: int = 0
    problems: list[Problem] = field(default_factory=list)

    def in_order(self) -> Iterator[Chosen]:
        """Yield the entries as they are written: parents first, and the older of two first.

        KServe serves the newest version of a model, and the newest artifact of a version; an export names entries by
        the order of their IDs.
        """
        for chosen in (self.models, self.versions, self.artifacts, self.links):
            yield from sorted(chosen, key=lambda each: id_number(each.entry))


def choose(source: Catalogue, target: Catalogue, selection: Selection, *, with_archived: bool) -> Choice:
    """Return what is copied.

    Args:
        source: the registry to copy from.
        target: the registry to copy to, in which an artifact may have been linked already.
        selection: the entries that are asked for.
        with_archived: also those that are archived, or marked for deletion.
    """
    chooser = _Chooser(source, target, selection, with_archived=with_archived)
    for model in source.inventory.models:
        chooser.choose_model(model)
    # An orphan has no name to be selected by.
    if selection == EVERYTHING:
        for entry in source.orphans:
            reason = Reason.NO_MODEL if isinstance(entry, ModelVersion) else Reason.NO_VERSION
            place = (type(entry).__name__, str(entry.name))
            chooser.choice.problems.append(Problem(reason, named(entry, place), detail=f"id {entry.id}"))
    return chooser.choice


class _Chooser:
    def __init__(self, source: Catalogue, target: Catalogue, selection: Selection, *, with_archived: bool) -> None:
        self._source = source
        self._target = target
        self._selection = selection
        self._with_archived = with_archived
        self.choice = Choice()

    def choose_model(self, model: RegisteredModel) -> None:
        versions = [one for one in self._source.versions_of(model) if self._selection.takes_version(model, one)]
        if not versions and not self._selection.takes_model(model):
            return
        if self._is_archived(model):
            self.choice.archived += 1 + sum(1 + len(self._source.artifacts_of(version)) for version in versions)
            return
        place = self._source.place(model)
        self._take(self.choice.models, model, place, None)
        for version in versions:
            self._choose_version(version, place)

    def _choose_version(self, version: ModelVersion, model: Place) -> None:
        artifacts = self._source.artifacts_of(version)
        if self._is_archived(version):
            self.choice.archived += 1 + len(artifacts)
            return
        place = self._source.place(version)
        self._take(self.choice.versions, version, place, model)
        for held in artifacts:
            if self._is_archived(held.artifact):
                self.choice.archived += 1
            elif self._selection.takes(held.artifact):
                self._take(self.choice.artifacts, held.artifact, self._source.place(held.artifact, version), place)
        for held in self._source.links_of(version):
            self._choose_link(held, version, place)

    def _take(self, into: list[Chosen], entry: RegistryEntry, place: Place, parent: Place | None) -> None:
        """Take an entry, unless something in the first registry stands in its way already."""
        problem: Problem | None = None
        subject = named(entry, place)
        if not entry.name:
            problem = Problem(Reason.NO_NAME, subject, detail=f"id {entry.id}")
        elif type(entry) is Artifact:
            problem = Problem(Reason.UNSUPPORTED_TYPE, subject, detail=f"the type is {entry.artifact_type}")
        elif len(same := self._source.at(place)) > 1:
            ids = ", ".join(str(one.id) for one in same)
            problem = Problem(Reason.AMBIGUOUS, subject, detail=f"the ids are {ids} in the first registry")
        if problem is None:
            into.append(Chosen(entry, place, parent))
        elif problem not in self.choice.problems:
            self.choice.problems.append(problem)

    def _choose_link(self, held: Held, version: ModelVersion, parent: Place) -> None:
        if self._is_archived(held.artifact) or not self._selection.takes(held.artifact):
            return
        place = self._source.place(held.artifact, version)
        linked = (
            self._target.place(one.artifact, there)
            for there in self._target.at(parent)
            if isinstance(there, ModelVersion)
            for one in self._target.links_of(there)
        )
        if not self._target.at(place) and place not in linked:
            original = self._source.place(held.artifact, held.version)
            self.choice.links.append(Chosen(held.artifact, place, parent, original))

    def _is_archived(self, entry: RegistryEntry) -> bool:
        return state_of(entry) in RETIRED and not self._with_archived
