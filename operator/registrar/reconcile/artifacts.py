"""Reconciles the inline artifacts of a version, after its own entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from model_registry.exceptions import RegistryError
from registrar.api.properties import has_unwritable
from registrar.api.v1alpha1 import DriftPolicy
from registrar.kinds.base import AnyResource, Desired, Identity
from registrar.kinds.desired import desired_inline
from registrar.kinds.table import ENTRY_KINDS
from registrar.planning.actions import Policies
from registrar.planning.problems import ReconcileError
from registrar.planning.tenancy import Permit
from registrar.reconcile.context import Context
from registrar.reconcile.deletion import handing_over, retire_artifact, with_departures
from registrar.reconcile.entry import reconcile_entry
from registrar.reconcile.inline_artifacts import (
    Statuses,
    departed,
    givers_first,
    in_order,
    joined,
    recorded_artifact,
    recorded_since,
    with_artifact,
    without_entry,
)
from registrar.reconcile.report import latest_facts
from registrar.reconcile.request import EntryRequest
from registrar.reconcile.resource import ManagedResource
from registrar.reconcile.targets import Target, departing_artifact, is_same_entry, unrecorded_artifacts
from registrar.registries.diagnosis import diagnose
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts, OperationResult, Outcome


@dataclass(slots=True)
class _Progress:
    """How far the work has come: it counts where a later step fails, too.

    Attributes:
        outcome: the version's outcome.
        statuses: what its status has to record of the artifacts.
        name: the artifact that is being worked on.
        leaving: how many seconds artifacts that left the spec still wait for another resource, by name.
    """

    outcome: Outcome
    statuses: Statuses
    name: str = ""
    leaving: dict[str, float] = field(default_factory=dict)


async def reconcile_artifacts(
    resource: ManagedResource,
    declared: AnyResource,
    version: Identity,
    policies: Policies,
    permit: Permit,
    outcome: Outcome,
    context: Context,
) -> Outcome:
    """Reconcile the inline artifacts of a version, and retire those that left its spec.

    The first artifact that cannot reach its desired state ends the work: KServe serves the newest artifact, so none may
    overtake another.

    Args:
        resource: the version; other kinds have no inline artifacts.
        declared: the same with its valid spec.
        version: its entry.
        policies: how far to go.
        permit: what its namespace may do.
        outcome: the outcome of its own entry.
        context: the operator.

    Returns:
        The outcome with that of the artifacts in it.

    Raises:
        KubernetesError: the API server did not answer, or refused a part of the status.
    """
    if not resource.kind.inline:
        return outcome
    desired = desired_inline(declared, context.registry.name, version.id)
    progress = _Progress(outcome, _recorded_in(resource, outcome.facts))
    try:
        await _retire_departed(resource, desired, version, policies, progress, context)
        await _reconcile_desired(resource, desired, version, policies, permit, progress, context)
    except (ReconcileError, RegistryError) as error:
        name, before = progress.name, Facts.of(resource.status).artifacts
        problem = with_departures(diagnose(error, resource.key, context.registry), progress.leaving)
        problem = replace(problem, message=f"Artifact {name!r}: {problem.message}")
        progress.outcome = replace(progress.outcome, problem=problem)
        now = latest_facts(resource, context.memory).artifacts
        progress.statuses = recorded_since(progress.statuses, name, before=before, now=now)
    facts = replace(progress.outcome.facts, artifacts=in_order(progress.statuses, desired))
    return replace(progress.outcome, facts=facts)


def _recorded_in(resource: ManagedResource, facts: Facts) -> Statuses:
    """Return the recorded artifacts, unless they belong to another entry: a reset registry gives the same IDs again."""
    before = Facts.of(resource.status)
    recorded_entry = before.id, before.create_time_since_epoch or facts.create_time_since_epoch
    return facts.artifacts if recorded_entry == (facts.id, facts.create_time_since_epoch) else ()


async def _retire_departed(
    resource: ManagedResource,
    desired: Sequence[Desired],
    version: Identity,
    policies: Policies,
    progress: _Progress,
    context: Context,
) -> None:
    targets = [departing_artifact(resource, status, version.id) for status in departed(progress.statuses, desired)]
    # What came back behind a settled spec is drift, which not every policy corrects.
    if not resource.is_settled or policies.drift is DriftPolicy.CORRECT:
        targets += await _unrecorded(resource, version, progress, context.registry)
    for target in targets:
        progress.name = target.name
        left, note = await retire_artifact(resource, target, desired, policies.deletion, context)
        if left > 0:
            progress.leaving[target.name] = left
            continue
        progress.statuses = without_entry(progress.statuses, target.name, target.entry_id)
        progress.outcome = progress.outcome.noting(OperationResult.UPDATED, note)
    context.memory.stop_leaving(resource.key, progress.leaving.keys())
    if progress.leaving:
        progress.outcome = replace(progress.outcome, problem=handing_over(progress.leaving))


async def _unrecorded(
    resource: ManagedResource, version: Identity, progress: _Progress, registry: Registry
) -> list[Target]:
    """Return the entries that left the spec before any status recorded them, and that are in this version.

    One that cannot be written was left when it lost its record, and is not reported again by each reconcile.
    """
    targets: list[Target] = []
    for target in unrecorded_artifacts(resource, progress.statuses, version.id, registry):
        progress.name = target.name
        entry = registry.view.by_id(target.kind, target.entry_id)
        if entry is None or has_unwritable(entry.custom_properties or {}):
            continue
        if await is_same_entry(entry, target, registry):
            targets.append(target)
    return targets


async def _reconcile_desired(
    resource: ManagedResource,
    desired: Sequence[Desired],
    version: Identity,
    policies: Policies,
    permit: Permit,
    progress: _Progress,
    context: Context,
) -> None:
    for entry in givers_first(desired, _external_ids(progress.statuses, context.registry)):
        progress.name = entry.name
        request = EntryRequest(
            resource=resource,
            desired=entry,
            parent=version,
            claimant=resource.claimant(entry.name),
            recorded=recorded_artifact(progress.statuses, entry.name, settled=resource.is_settled),
            policies=policies,
            permit=permit,
            holder=replace(progress.outcome.facts, artifacts=progress.statuses),
        )
        result = await reconcile_entry(request, context)
        context.memory.let_go(resource.key, entry.name, result.entry)
        progress.statuses = with_artifact(progress.statuses, entry, result.entry, result.origin, result.owned)
        progress.outcome = joined(progress.outcome, entry, result)


def _external_ids(statuses: Statuses, registry: Registry) -> dict[str, str | None]:
    """Return the external IDs of the artifacts that exist, by name, as the view shows them."""
    entries = ((status.name, registry.view.by_id(ENTRY_KINDS[status.type], str(status.id))) for status in statuses)
    return {name: entry.external_id for name, entry in entries if entry is not None}
