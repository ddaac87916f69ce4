"""Why resources are not ready, grouped: a cause is reported once, however many resources wait for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Condition, ConditionType
from registrar.cli.status.resources import Observed
from registrar.cli.status.verdict import WAIT_OR_CHECK, Health, Verdict, advice_for

MAX_ALONE = 3
"""Origins with one reason up to which each is a cause of its own; more of them are one cause."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the reason lies that keeps a resource from being ready.

    Attributes:
        reason: the reason there.
        subject: the resource or entry where it lies; empty for the operator or the registry.
        message: what is the case there.
        advice: what to do.
        needs_person: nothing will happen until a person acts.
    """

    reason: str
    subject: str
    message: str
    advice: str
    needs_person: bool


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing to do, and for which resources.

    Attributes:
        origins: what it is about, those that hold up most resources first; all have one reason and one advice.
        affected: the resources that wait for each origin, by itself or through their parents.
    """

    origins: tuple[Origin, ...]
    affected: tuple[tuple[ResourceKey, ...], ...]

    @property
    def reason(self) -> str:
        """The reason of every origin."""
        return self.origins[0].reason

    @property
    def advice(self) -> str:
        """What to do."""
        return self.origins[0].advice

    @property
    def count(self) -> int:
        """How many resources wait for it."""
        return sum(map(len, self.affected))


@dataclass(frozen=True, slots=True)
class Assessed:
    """One resource, judged.

    Attributes:
        resource: the resource.
        verdict: how it is by itself.
        origin: where the reason lies; None if it is ready.
    """

    resource: Observed
    verdict: Verdict
    origin: Origin | None

    @property
    def is_ready(self) -> bool:
        """Whether its entry matches the present spec."""
        return self.verdict.health is Health.READY


def assess(
    resources: Mapping[ResourceKey, Observed], verdicts: Mapping[ResourceKey, Verdict], unread: Collection[str]
) -> dict[ResourceKey, Assessed]:
    """Return each resource with where its reason lies.

    Args:
        resources: all resources that could be read, by key.
        verdicts: how each is.
        unread: kinds that could not be read: of their resources, absence proves nothing.
    """

    def trace(resource: Observed) -> Origin:
        verdict, parent = verdicts[resource.key], resource.parent
        is_waiting = verdict.health is Health.WAITING and verdict.reason == resource.kind.entry.waiting
        if not is_waiting or parent is None:
            return _own(resource, verdict)
        if parent.key is None:
            subject = f"{parent.kind} with {parent.external} in the registry"
            return Origin(verdict.reason, subject, verdict.message, verdict.advice, needs_person=False)
        above = resources.get(parent.key)
        if above is None and parent.kind not in unread:
            return Origin(verdict.reason, str(parent.key), "It does not exist.", verdict.advice, needs_person=False)
        if above is None:
            return _own(resource, verdict)
        if verdicts[above.key].health is Health.READY:
            return replace(_own(resource, verdict), advice=WAIT_OR_CHECK)
        return trace(above)

    return {
        key: Assessed(resource, verdicts[key], None if verdicts[key].health is Health.READY else trace(resource))
        for key, resource in resources.items()
    }


def causes_of(assessed: Iterable[Assessed]) -> tuple[Cause, ...]:
    """Return the causes of what is not ready, that with most resources first."""
    return _grouped((one.origin, one.resource.key) for one in assessed if one.origin is not None)


def drift_of(assessed: Iterable[Assessed]) -> tuple[Cause, ...]:
    """Return what has drifted, grouped in the same way."""
    return _grouped(
        (_beside(one.resource, drifted), one.resource.key)
        for one in assessed
        if (drifted := one.resource.status.condition(ConditionType.DRIFTED)) is not None
    )


def aliases_of(assessed: Iterable[Assessed]) -> tuple[Cause, ...]:
    """Return which aliases wait for their version, grouped in the same way."""
    return _grouped(
        (_beside(one.resource, waiting), one.resource.key)
        for one in assessed
        if (waiting := one.resource.waiting_aliases) is not None
    )


def _own(resource: Observed, verdict: Verdict) -> Origin:
    subject = "" if verdict.is_shared else str(resource.key)
    return Origin(verdict.reason, subject, verdict.message, verdict.advice, verdict.needs_person)


def _beside(resource: Observed, condition: Condition) -> Origin:
    """Return the origin of a condition that stands beside Ready."""
    advice = advice_for(condition.reason)
    return Origin(condition.reason, str(resource.key), condition.message, advice, needs_person=True)


def _grouped(found: Iterable[tuple[Origin, ResourceKey]]) -> tuple[Cause, ...]:
    by_place: dict[tuple[str, str, str], tuple[Origin, list[ResourceKey]]] = {}
    for origin, key in found:
        by_place.setdefault((origin.reason, origin.advice, origin.subject), (origin, []))[1].append(key)
    alike: defaultdict[tuple[str, str], list[tuple[Origin, list[ResourceKey]]]] = defaultdict(list)
    for (reason, advice, _), place in by_place.items():
        alike[reason, advice].append(place)
    causes = []
    for places in alike.values():
        places.sort(key=lambda place: (-len(place[1]), place[0].subject))
        parts = [places] if len(places) > MAX_ALONE else [[place] for place in places]
        causes += [Cause(tuple(one for one, _ in part), tuple(tuple(keys) for _, keys in part)) for part in parts]
    return tuple(sorted(causes, key=lambda cause: (-cause.count, cause.reason, cause.origins[0].subject)))
