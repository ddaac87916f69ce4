"""Makes a plan: manifests and a registry in, a report out."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from registrar.api.bodies import Body, ResourceKey, key_of, managing_owner
from registrar.api.tenants import Tenant
from registrar.cli.plan.affected import affected
from registrar.cli.plan.anyway import Anyway, is_in_doubt
from registrar.cli.plan.build import Builder, WriteLog
from registrar.cli.plan.change import Action, Cause, EntryName, PlannedChange, merged
from registrar.cli.plan.edits import has_refused_digest
from registrar.cli.plan.manifests import Manifests
from registrar.cli.plan.population import Population
from registrar.cli.plan.report import Report, Source
from registrar.cli.plan.waiting import find_waiting_aliases
from registrar.cli.validate.problems import Problem, Rule
from registrar.cluster.dry_run import DryRunCluster
from registrar.kinds.table import kind_of, kind_order
from registrar.reconcile.dry_run import DryRun
from registrar.registries.connection import dry_run
from registrar.registries.inventory import Inventory
from registrar.registries.registry import Registry
from registrar.registries.replacement import MAX_MISSING, MAX_MISSING_SHARE
from registrar.reporting.writes import EntryWrite
from registrar.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for.

    Attributes:
        manifests: the manifests.
        base: those of the base; none without a base.
        cluster: the resources that exist; None where no cluster is known.
        only_changed: plan only what differs from the base, and what is below it.
        fail_on: see `Report`.
        shows_drift: see `Report`.
        left_out: sentences about resources that the plan is not about.
        tenants: who may use the registry; None lets every namespace use it.
        tenants_before: the same before the change.
    """

    manifests: Manifests
    base: Manifests
    cluster: Mapping[ResourceKey, Body] | None = None
    only_changed: bool = False
    fail_on: Collection[Action] = ()
    shows_drift: bool = False
    left_out: Sequence[str] = ()
    tenants: Sequence[Tenant] | None = None
    tenants_before: Sequence[Tenant] | None = None

    def namespaces(self) -> frozenset[str]:
        """Return the namespaces that the manifests are about."""
        return frozenset(key.namespace for key in (*self.manifests.found, *self.base.found))


@dataclass(frozen=True, slots=True)
class Made:
    """A plan, and what shows whether enough of the registry was read for it.

    Attributes:
        report: the plan.
        turned: the resources that were reconciled.
        has_homeless: whether the version of an artifact is not known.
    """

    report: Report
    turned: frozenset[ResourceKey]
    has_homeless: bool


def make(wanted: Wanted, inventory: Inventory, settings: Settings, source: Source) -> Report:
    """Return the plan for an inventory that has all."""
    return asyncio.run(make_with(wanted, inventory, settings, source))[0]


async def make_with(
    wanted: Wanted, inventory: Inventory, settings: Settings, source: Source
) -> tuple[Report, Collection[str]]:
    """Return the plan, and the versions whose artifacts it needs and the inventory lacks: with any, it is not whole."""
    needed: list[Collection[str]] = []

    def connect() -> Registry:
        registry, asked_for = dry_run(inventory, source.registry_url, source.owner_id)
        needed.append(asked_for)
        return registry

    made = await make_in(connect, inventory, wanted, settings, source)
    return made.report, {*chain(*needed), *(inventory.unread if made.has_homeless else ())}


async def make_in(
    connect: Callable[[], Registry], inventory: Inventory, wanted: Wanted, settings: Settings, source: Source
) -> Made:
    """Return the plan for a registry that takes writes in memory.

    Args:
        connect: returns the registry, without any write.
        inventory: what was read of it.
        wanted: what the user asked for.
        settings: the operator's.
        source: what the report says that the plan was made from.
    """
    # What the stages log is in the report.
    logging.getLogger("registrar").addHandler(logging.NullHandler())

    async def loaded(tenants: Sequence[Tenant] | None = wanted.tenants_before) -> Registry:
        registry = connect()
        registry.tenants = tenants
        await registry.load()
        return registry

    registry = await loaded(wanted.tenants)
    population = Population(wanted.manifests, wanted.base, registry, inventory.holders(), wanted.cluster)
    await find_waiting_aliases(population)
    unknown = (*_unread(wanted.base), *_in_doubt(population))
    tried = await _find_corrigible(population, loaded, settings)
    turns = list(turns_of(population, wanted))
    played = await _play(population, list(population.bodies()), turns, wanted, settings)
    builder = Builder(population, registry.backend, played.cluster.body)
    found = await _changes(builder, played)
    if any(map(is_in_doubt, found)):
        before = await _play_without_change(population, loaded, turns, wanted, settings)
        tried |= before.turned
        builder = replace(builder, anyway=before.as_anyway(replace(builder, body=before.cluster.body)))
        found = await _changes(builder, played)
    changes = sorted([*found, *_refused(wanted.manifests)], key=_place)
    touched = {(change.origin.key, change.entry.kind, change.entry.names[-1]) for change in changes}
    declared = set(turns) - wanted.manifests.refused.keys()
    entries = [entry for entry in wanted.manifests.entries() if entry[0] in declared]
    report = Report(
        source=source,
        changes=tuple(changes),
        unchanged=sum(entry not in touched for entry in entries),
        problems=(*wanted.manifests.problems, *unknown),
        warnings=(*wanted.left_out, *_warnings(population, changes)),
        unreadable=inventory.unreadable,
        fail_on=wanted.fail_on,
        shows_drift=wanted.shows_drift,
    )
    return Made(report, played.turned | tried, bool(population.homeless))


@dataclass(frozen=True, slots=True)
class _Played:
    """A dry run.

    Attributes:
        cluster: the resources as it left them.
        writes: what it wrote.
        turns: the resources that it began with.
        turned: the resources that were reconciled.
    """

    cluster: DryRunCluster
    writes: Sequence[EntryWrite]
    turns: Sequence[ResourceKey]
    turned: frozenset[ResourceKey]

    def as_anyway(self, builder: Builder) -> Anyway:
        """Return a dry run without the change as what the other one is compared with."""
        writes: defaultdict[tuple[str, str], list[EntryWrite]] = defaultdict(list)
        for write in self.writes:
            writes[write.reference, write.kind.name].append(write)
        return Anyway(writes, builder.of_resource)


async def _play(
    population: Population, bodies: list[Body], turns: Sequence[ResourceKey], wanted: Wanted, settings: Settings
) -> _Played:
    cluster, log = DryRunCluster(bodies, wanted.namespaces() if wanted.cluster is not None else ()), WriteLog()
    turned = await DryRun(settings, cluster, population.registry, log).run(bodies, turns)
    return _Played(cluster, log.writes, turns, turned)


async def _play_without_change(
    population: Population,
    loaded: Callable[[], Awaitable[Registry]],
    turns: Sequence[ResourceKey],
    wanted: Wanted,
    settings: Settings,
) -> _Played:
    """Play what the operator does to the same resources as they were before the change."""
    before = replace(population, registry=await loaded())
    bodies = before.applied()
    known = {key_of(body) for body in bodies}
    return await _play(before, bodies, [key for key in turns if key in known], wanted, settings)


async def _changes(builder: Builder, played: _Played) -> list[PlannedChange]:
    """Return what a dry run wrote, and what keeps resources from being in sync."""
    written = [change for write in played.writes if (change := await builder.of_write(write)) is not None]
    refusals = builder.population.manifests.refused
    accepted = (key for key in played.turns if key not in refusals)
    return [*merged(written), *(change for key in accepted if (change := builder.of_resource(key)) is not None)]


async def _find_corrigible(
    population: Population, loaded: Callable[[], Awaitable[Registry]], settings: Settings
) -> frozenset[ResourceKey]:
    """Find the resources of the base whose digest the operator refuses: the API server lets only them have another.

    Without a cluster, no condition says so. But the base counts as applied, so a dry run of it finds the same.

    Returns:
        The resources that were reconciled for that.
    """
    edited = population.digest_edits()
    if not edited:
        return frozenset()
    registry, bodies = await loaded(), population.applied()
    cluster = DryRunCluster(bodies)
    tried = await DryRun(settings, cluster, registry, WriteLog()).run(bodies, edited)
    found = ((key, cluster.body(key)) for key in edited)
    population.corrigible.update(key for key, body in found if body is not None and has_refused_digest(body))
    return tried


def turns_of(population: Population, wanted: Wanted) -> Iterator[ResourceKey]:
    """Yield the resources to reconcile, those of refused manifests and parents first, and deleted ones last."""
    accepted = wanted.manifests.accepted()
    is_part = wanted.only_changed and wanted.tenants == wanted.tenants_before
    selected = affected(population) if is_part else set(accepted)
    yield from population.kept()
    yield from (key for key in accepted if key in selected)
    yield from population.departed()


def _refused(manifests: Manifests) -> Iterator[PlannedChange]:
    """Yield the resources that the API server refuses, or that this plan cannot decide about."""
    for key, problems in manifests.refused.items():
        found = manifests.found.get(key)
        manifest = None if found is None else found.manifest
        name = key.name if manifest is None else manifest.entry_name
        entry = EntryName(kind_of(key.kind).entry.name, (name,), None)
        message = "; ".join(dict.fromkeys(problem.message for problem in problems))
        message = message if message.endswith(("?", ".")) else f"{message}."
        reason = str(problems[0].rule)
        yield PlannedChange(manifests.origin(key), entry, Action.REFUSE, Cause.CHANGE, reason=reason, message=message)


def _place(change: PlannedChange) -> tuple[object, ...]:
    origin, key = change.origin, change.origin.key
    return origin.file is None, origin.file or "", origin.line or 0, kind_order(key), key, change.is_inline


def _unread(base: Manifests) -> Iterator[Problem]:
    """Yield what could not be read of the base: which resources and fields leave with this change is not known then."""
    for problem in base.problems:
        if problem.rule in {Rule.UNREADABLE, Rule.INVALID_YAML}:
            message = f"{problem.message} So the plan does not show what leaves the base."
            yield replace(problem, rule=Rule.UNREADABLE, message=message)


def _in_doubt(population: Population) -> Iterator[Problem]:
    """Yield what is wrong with resources of the base of which it is not known, therefore, what was applied."""
    for key in population.in_doubt():
        for problem in population.base.refused[key]:
            message = f"{problem.message} In the base, so the plan does not show what leaves {key.kind} {key.name}."
            yield replace(problem, rule=Rule.UNREADABLE, message=message)


def _warnings(population: Population, changes: list[PlannedChange]) -> Iterator[str]:
    """Yield what makes it likely that the plan is about another registry, or another installation, than it should."""
    owners = {managing_owner(body) for body in (population.cluster or {}).values()} - {None}
    for owner in sorted(map(str, owners - {population.registry.owner_id})):
        yield f"The installation {owner} manages resources of the cluster: if it applies this, give --owner-id={owner}."
    unchanged = [key for key in population.manifests.accepted() if population.is_unchanged(key)]
    missing = {change.origin.key for change in changes if change.action is Action.CREATE} & set(unchanged)
    if len(missing) > MAX_MISSING and len(missing) > MAX_MISSING_SHARE * len(unchanged):
        yield (
            f"{len(missing):,} of {len(unchanged):,} resources that this change leaves as they are have no entry in "
            "this registry. If they were applied before, this is another registry, or it was reset: the operator would "
            "stop with RegistryReplaced."
        )
