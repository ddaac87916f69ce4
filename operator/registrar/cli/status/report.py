"""What the command reports: pure, from the resources that were read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from registrar.api.bodies import ResourceKey
from registrar.cli.exits import ExitCode
from registrar.cli.status.causes import Assessed, Cause, aliases_of, assess, causes_of, drift_of
from registrar.cli.status.resources import Observed, ancestors
from registrar.cli.status.verdict import judge
from registrar.kinds.table import kind_order


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked for.

    Attributes:
        namespace: the namespace; None for all.
        resource: the resource whose chain was asked for; None for everything.
    """

    namespace: str | None
    resource: ResourceKey | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What could be read of the cluster.

    Attributes:
        resources: the resources.
        unread: the kinds that could not be read, each with the reason.
    """

    resources: tuple[Observed, ...]
    unread: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Report:
    """The state of the resources that were asked for.

    Attributes:
        scope: what was asked for.
        assessed: the resources, by namespace, kind (parents first) and name.
        missing: parents that these resources refer to and that do not exist.
        causes: why resources are not ready.
        drift: what has drifted, which does not make a resource less ready.
        aliases: which aliases wait for their version, which does not either.
        problems: what could not be read.
    """

    scope: Scope
    assessed: tuple[Assessed, ...]
    missing: frozenset[ResourceKey]
    causes: tuple[Cause, ...]
    drift: tuple[Cause, ...]
    aliases: tuple[Cause, ...]
    problems: tuple[str, ...]

    @property
    def ready(self) -> int:
        """How many resources are ready."""
        return sum(one.is_ready for one in self.assessed)

    @property
    def exit_code(self) -> ExitCode:
        """DONE if everything is ready, ATTENTION if something is not, NOT_KNOWN if not everything could be read."""
        if self.problems:
            return ExitCode.NOT_KNOWN
        return ExitCode.DONE if self.ready == len(self.assessed) else ExitCode.ATTENTION

    @property
    def is_settled(self) -> bool:
        """Whether nothing will change by itself: each resource is ready, or waits for a person."""
        waits = (one.origin for one in self.assessed if one.origin is not None)
        return not self.problems and all(origin.needs_person for origin in waits)

    def about(self, keys: Collection[ResourceKey]) -> Report:
        """Return what it says of some of the resources."""
        picked = tuple(one for one in self.assessed if one.resource.key in keys)
        return replace(self, assessed=picked, causes=causes_of(picked), drift=drift_of(picked))

    def without_ready(self) -> frozenset[ResourceKey]:
        """Return the resources that are not ready, have drifted or wait with an alias, and what they belong to."""
        known = {one.resource.key: one.resource for one in self.assessed}
        picked = [one.resource for one in self.assessed if not one.is_ready or one.resource.concern is not None]
        above = [parent for resource in picked for parent in ancestors(resource, known)]
        return frozenset(resource.key for resource in (*picked, *above))


def report(reading: Reading, scope: Scope) -> Report:
    """Return the state of what was asked for; the causes may lie outside of it."""
    known = {resource.key: resource for resource in reading.resources}
    latest = _latest_reports(reading.resources)
    verdicts = {key: judge(resource, latest.get(key.namespace)) for key, resource in known.items()}
    assessed = assess(known, verdicts, reading.unread)
    keys = known.keys() if scope.resource is None else chain(scope.resource, known)
    picked = tuple(assessed[key] for key in sorted(keys, key=order_of))
    parents = (one.resource.parent for one in picked)
    named = (parent.key for parent in parents if parent is not None and parent.kind not in reading.unread)
    return Report(
        scope=scope,
        assessed=picked,
        missing=frozenset(key for key in named if key is not None and key not in known),
        causes=causes_of(picked),
        drift=drift_of(picked),
        aliases=aliases_of(picked),
        problems=tuple(reading.unread.values()),
    )


def _latest_reports(resources: Iterable[Observed]) -> dict[str, datetime]:
    """Return when the operator last changed a condition, by namespace: it may not watch all of them."""
    latest: dict[str, datetime] = {}
    for resource in resources:
        for condition in resource.status.conditions or ():
            namespace, moment = resource.key.namespace, condition.last_transition_time
            latest[namespace] = max(moment, latest.get(namespace, moment))
    return latest


def chain(key: ResourceKey, known: Mapping[ResourceKey, Observed]) -> Iterable[ResourceKey]:
    """Return a resource, what it belongs to, and what belongs to it."""
    above = {resource.key for resource in ancestors(known[key], known)}
    below = {
        resource.key for resource in known.values() if any(parent.key == key for parent in ancestors(resource, known))
    }
    return {key, *above, *below}


def order_of(key: ResourceKey) -> tuple[str, int, str]:
    """Return the place of a resource in a list: by namespace, parents before children, by name."""
    return key.namespace, kind_order(key), key.name
