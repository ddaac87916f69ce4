"""What happens to each entry in the other registry: decided before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from model_registry.types import Artifact, RegistryEntry
from model_registry.types.properties import OpaqueProperty
from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.copy.choosing import Chosen
from registrar.cli.copy.problems import Named, Problem, Reason, named
from registrar.kinds.base import PROPERTY_PATH
from registrar.planning.actions import Change
from registrar.planning.copying import changes_digest, copy_of, differences, digest_of_other_address, restores, stamp_on
from registrar.planning.external_ids import ExternalIdSpace, external_id_space
from registrar.planning.fields import describe_entry
from registrar.reporting.values import describe_changes


class OnDifference(StrEnum):
    """What to do about an entry that the other registry has with other values."""

    REPORT = "report"
    """Leave it as it is, and report the fields."""
    UPDATE = "update"
    """Change it to what the first registry holds."""
    FAIL = "fail"
    """Leave it as it is, report the fields, and exit with 1."""


@dataclass(frozen=True, slots=True)
class Different:
    """An entry that the other registry has with other values, and that is left as it is.

    Attributes:
        subject: the entry.
        entry_id: its ID in the other registry.
        changes: from what the other registry has to what the first one has.
        stamp: its owner stamp there; empty for none.
    """

    subject: Named
    entry_id: str
    changes: tuple[Change, ...]
    stamp: str


@dataclass(frozen=True, slots=True)
class Write:
    """One write.

    Attributes:
        subject: the entry.
        place: its place.
        parent: the place of its model or version; None for a model.
        wanted: what it is to be.
        observed: the entry to change; None to create it.
        changes: what is changed.
        original: the place of the artifact that is linked to the parent; None for an entry that is created or changed.
    """

    subject: Named
    place: Place
    parent: Place | None
    wanted: RegistryEntry
    observed: RegistryEntry | None = None
    changes: tuple[Change, ...] = ()
    original: Place | None = None


@dataclass(slots=True)
class Decisions:
    """What is to be done.

    Attributes:
        writes: in order.
        different: the entries that are left as they are, with other values.
        problems: what is not copied.
        equal: how many entries are right already.
    """

    writes: list[Write] = field(default_factory=list)
    different: list[Different] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    equal: int = 0


def decide(chosen: Iterable[Chosen], target: Catalogue, on_difference: OnDifference) -> Decisions:
    """Return what is to be done, in the order in which it must be.

    Args:
        chosen: the entries to copy, parents first.
        target: the registry to copy to.
        on_difference: what to do about entries that it has with other values.
    """
    decider = _Decider(target, on_difference)
    for each in chosen:
        decider.decide(each)
    return decider.decisions


class _Decider:
    def __init__(self, target: Catalogue, on_difference: OnDifference) -> None:
        self._target = target
        self._on_difference = on_difference
        self._holders = _external_ids(target)
        self._reachable: set[Place] = set()
        self.decisions = Decisions()

    def decide(self, chosen: Chosen) -> None:
        """Decide about one entry, after its parent."""
        subject, place, copy = named(chosen.entry, chosen.place), chosen.place, copy_of(chosen.entry)
        there = self._target.at(place)
        if chosen.parent is not None and chosen.parent not in self._reachable:
            self._report(Problem(Reason.PARENT, subject))
            return
        if chosen.original is not None:
            self._link(subject, chosen, chosen.original)
            return
        if len(there) > 1:
            ids = ", ".join(str(one.id) for one in there)
            self._report(Problem(Reason.AMBIGUOUS, subject, detail=f"the ids are {ids} in the other registry"))
            return
        if not there and (stamp := self._stamp_of_version(chosen)):
            self._report(Problem(Reason.MANAGED, subject, detail=f"the stamp of its version is {stamp}"))
            return
        write = Write(subject, place, chosen.parent, copy.entry, there[0] if there else None)
        if self._take(write):
            self._reachable.add(place)
            self.decisions.problems += _unwritable(subject, copy.unwritable, write.observed)

    def _link(self, subject: Named, chosen: Chosen, original: Place) -> None:
        """Decide about one more version that holds an artifact, after the artifact."""
        there = self._target.at(original)
        if original not in self._reachable and not there:
            self._report(Problem(Reason.LINKED, subject, detail=f"it goes with the version {original[2]!r}"))
        elif len(there) > 1:
            self._report(Problem(Reason.AMBIGUOUS, subject))
        elif stamp := self._stamp_of_version(chosen):
            self._report(Problem(Reason.MANAGED, subject, detail=f"the stamp of its version is {stamp}"))
        elif there and (stamp := stamp_on(there[0])):
            self._report(Problem(Reason.LINKED, subject, detail=f"its stamp is {stamp}"))
        elif there and (other := self._other_content(chosen.entry, there[0], original)):
            self._report(
                Problem(Reason.LINKED, subject, detail=f"it is left as it is there: {describe_changes(other)}")
            )
        else:
            self.decisions.writes.append(Write(subject, chosen.place, chosen.parent, chosen.entry, original=original))

    def _stamp_of_version(self, chosen: Chosen) -> str:
        """Return the owner stamp of an artifact's version in the other registry; empty for none, and for no artifact.

        KServe loads a version's newest artifact, so one more changes what an address in Git leads to.
        """
        is_artifact = isinstance(chosen.entry, Artifact)
        there = self._target.at(chosen.parent) if is_artifact and chosen.parent is not None else ()
        return stamp_on(there[0]) if there else ""

    def _other_content(self, wanted: RegistryEntry, observed: RegistryEntry, place: Place) -> tuple[Change, ...]:
        """Return how the content of an artifact that is left as it is differs: it would not be that of the version."""
        if any(write.place == place for write in self.decisions.writes):
            return ()
        changes = differences(copy_of(wanted).entry, observed)
        return tuple(change for change in changes if change.path == "uri" or changes_digest(observed, change))

    def _take(self, write: Write) -> bool:
        """Take a write that is needed and possible; return whether the entry will exist."""
        needed = judge(write, self._on_difference, self.decisions)
        problem = None if needed is None else _external_id_problem(needed, self._holders)
        if problem is not None:
            self._report(problem)
        elif needed is not None:
            self.decisions.writes.append(needed)
        return problem is None or write.observed is not None

    def _report(self, problem: Problem) -> None:
        self.decisions.problems.append(problem)


def judge(write: Write, on_difference: OnDifference, into: Decisions) -> Write | None:
    """Return the write that an entry needs; None if it needs none, or is left as it is.

    Args:
        write: the entry; its `observed` is what the other registry has.
        on_difference: what to do about a difference.
        into: takes what is equal, different, or in the way.
    """
    observed = write.observed
    if observed is None:
        return write
    changes = differences(write.wanted, observed)
    if not changes:
        into.equal += 1
        return None
    stamp = stamp_on(observed)
    if on_difference is not OnDifference.UPDATE:
        into.different.append(Different(write.subject, str(observed.id), changes, stamp))
        return None
    refusal = _refusal(write, observed, changes, stamp)
    if refusal is not None:
        into.problems.append(refusal)
        return None
    kept = tuple(change for change in changes if restores(change))
    if kept:
        into.problems.append(Problem(Reason.ARCHIVED, write.subject, detail=describe_changes(kept)))
    changes = tuple(change for change in changes if change not in kept)
    if not changes:
        return None
    return Write(write.subject, write.place, write.parent, write.wanted, observed, changes)


def _refusal(write: Write, observed: RegistryEntry, changes: tuple[Change, ...], stamp: str) -> Problem | None:
    """Return why an entry is left whole, with all its differences; None if it may be changed."""
    if stamp:
        detail = f"its stamp is {stamp}, and it differs: {describe_changes(changes)}"
        return Problem(Reason.MANAGED, write.subject, detail=detail)
    digests = [change for change in changes if changes_digest(observed, change)]
    if digests:
        return Problem(Reason.DIGEST_CHANGED, write.subject, detail=describe_changes(digests))
    kept = digest_of_other_address(write.wanted, observed)
    if kept is None:
        return None
    moves = [change for change in changes if change.path == "uri"]
    detail = f"{describe_changes(moves)}, and its digest {kept} would stay"
    return Problem(Reason.DIGEST_CHANGED, write.subject, detail=detail)


def external_id_conflict(subject: Named, external_id: str | None, holder: RegistryEntry) -> Problem:
    """Return the problem that another entry has an external ID."""
    detail = f"{external_id!r} belongs to {describe_entry(holder)}"
    return Problem(Reason.EXTERNAL_ID_CONFLICT, subject, detail=detail)


def _external_ids(target: Catalogue) -> dict[tuple[ExternalIdSpace, str], RegistryEntry]:
    inventory = target.inventory
    entries = (*inventory.models, *inventory.versions, *inventory.distinct_artifacts())
    return {_unique(entry, entry.external_id): entry for entry in entries if entry.external_id}


def _unique(entry: RegistryEntry, external_id: str) -> tuple[ExternalIdSpace, str]:
    return external_id_space(type(entry)), external_id


def _external_id_problem(write: Write, holders: dict[tuple[ExternalIdSpace, str], RegistryEntry]) -> Problem | None:
    """Return the conflict that a write would have; otherwise take note of what the write gives up and takes."""
    external_id, observed = write.wanted.external_id, write.observed
    if external_id is None or (observed is not None and observed.external_id == external_id):
        return None
    holder = holders.get(_unique(write.wanted, external_id))
    if holder is not None and holder is not observed:
        return external_id_conflict(write.subject, external_id, holder)
    if observed is not None and observed.external_id:
        holders.pop(_unique(observed, observed.external_id), None)
    holders[_unique(write.wanted, external_id)] = observed or write.wanted
    return None


def _unwritable(
    subject: Named, properties: Mapping[str, OpaqueProperty], observed: RegistryEntry | None
) -> list[Problem]:
    """Return the properties that are not copied; the other registry can have them from elsewhere."""
    held = (None if observed is None else observed.custom_properties) or {}
    return [
        Problem(
            Reason.UNSUPPORTED_TYPE,
            subject,
            part=f"{PROPERTY_PATH}{name}",
            detail=f"a {value.metadata_type}, which no registry takes back",
        )
        for name, value in sorted(properties.items())
        if value != held.get(name)
    ]
