"""The artifacts that stand inside a version: each an entry of its own, written in order after the version."""

from __future__ import annotations

from dataclasses import replace

from model_registry.exceptions import StoreError
from registrar.api.v1alpha1 import ModelVersionStatus
from registrar.api.v1alpha1.model_version import ArtifactType, InlineArtifactStatus
from registrar.kinds.base import Desired
from registrar.kinds.desired import ARTIFACT_KINDS
from registrar.planning.actions import Memory, Owned, Policies
from registrar.planning.fields import owned_from_status, owned_to_status
from registrar.planning.problems import ReconcileError
from registrar.reconcile.context import Context
from registrar.reconcile.deletion import Target, retire_entry
from registrar.reconcile.entry import Converged, Task, converge
from registrar.reconcile.report import persist
from registrar.reconcile.resource import Head
from registrar.reporting.outcome import Deed, Outcome

Statuses = dict[str, InlineArtifactStatus]
"""By name; the schema keeps names apart over both lists."""


async def converge_artifacts(
    head: Head, desired: tuple[Desired, ...], policies: Policies, outcome: Outcome, context: Context
) -> Outcome:
    """Bring the artifacts of a version about, and retire those that left its spec.

    Args:
        head: the version.
        desired: its artifacts, in the order of writing.
        policies: the version's.
        outcome: how the version itself ended.
        context: the operator.

    Returns:
        The outcome with the artifacts in it. The first that cannot be as written ends the work: KServe serves the
        newest artifact, so none may overtake another.
    """
    statuses = _known(head, outcome, context)
    name = ""
    try:
        for name in _left(statuses, desired):
            await _retire(head, statuses[name], policies, context)
            del statuses[name]
            outcome = replace(outcome, deed=outcome.deed or Deed.UPDATED)
        for one in desired:
            name = one.name
            converged = await converge(_task(head, one, statuses, policies, context), context)
            statuses[name] = _status(one, converged.entry.id, converged.owned)
            outcome = _joined(outcome, one, converged)
    except (ReconcileError, StoreError) as error:
        problem = context.registry.diagnose(error)
        outcome = replace(outcome, problem=replace(problem, message=f"Artifact {name!r}: {problem.message}"))
    order = {one.name: place for place, one in enumerate(desired)}
    artifacts = sorted(statuses.values(), key=lambda one: order.get(one.name, len(order)))
    return replace(outcome, facts=replace(outcome.facts, artifacts=tuple(artifacts)))


def _left(statuses: Statuses, desired: tuple[Desired, ...]) -> list[str]:
    """Names that left the spec, or stand there for an artifact of another type now."""
    wanted = {(one.kind.NAME, one.name) for one in desired}
    return [name for name, one in statuses.items() if (str(one.type), name) not in wanted]


def _known(head: Head, outcome: Outcome, context: Context) -> Statuses:
    """What the status tells of the artifacts, if it is of this very version: those of a void one are void too."""
    status = head.status
    if not isinstance(status, ModelVersionStatus) or head.known_id(context.registry) != outcome.facts.id:
        return {}
    return {one.name: one for one in status.artifacts or ()}


def _task(head: Head, desired: Desired, statuses: Statuses, policies: Policies, context: Context) -> Task:
    known = statuses.get(desired.name)

    async def persist_owned(entry_id: str, owned: Owned) -> None:
        # What is persisted stays, also if the write that follows fails: it may have been carried out.
        statuses[desired.name] = _status(desired, entry_id, owned)
        artifacts = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in statuses.values()]
        await persist(head.key, {"artifacts": artifacts}, context)

    memory = Memory()
    if known is not None:
        owned = owned_from_status(desired.kind.ENTRY, known.owned_fields, known.owned_properties)
        memory = Memory(known.id, owned, head.is_settled)
    return Task(
        desired=desired,
        claimant=head.claimant(desired.name),
        memory=memory,
        policies=policies,
        look=head.pending_request is not None,
        persist=persist_owned,
    )


def _status(desired: Desired, entry_id: str | None, owned: Owned) -> InlineArtifactStatus:
    fields, properties = owned_to_status(desired.kind.ENTRY, owned)
    return InlineArtifactStatus(
        name=desired.name,
        type=ArtifactType(desired.kind.NAME),
        id=entry_id,
        owned_fields=fields or None,
        owned_properties=properties or None,
    )


def _joined(outcome: Outcome, desired: Desired, converged: Converged) -> Outcome:
    drift = tuple(replace(one, path=f"{desired.kind.NAME} {desired.name}: {one.path}") for one in converged.drift)
    deed = outcome.deed or (Deed.UPDATED if converged.deed is not None else None)
    is_contested = outcome.is_contested or converged.is_contested
    return replace(outcome, deed=deed, drift=(*outcome.drift, *drift), is_contested=is_contested)


async def _retire(head: Head, left: InlineArtifactStatus, policies: Policies, context: Context) -> None:
    if left.id is not None:
        kind = ARTIFACT_KINDS[left.type]
        parent_id = head.status.id or ""
        target = Target(kind, left.id, left.name, f"{head.key.path}#{left.name}", parent_id, remembered=True)
        await retire_entry(target, head.key, policies, context)
