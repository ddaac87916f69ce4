"""What becomes of the entries when a resource is deleted: archived, left, or handed to another resource."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from model_registry.exceptions import AmbiguousEntryError, StoreError
from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey, entry_name
from registrar.api.conditions import Reason
from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy, ModelVersionStatus
from registrar.kinds.base import Claim, Desired, EntryKind
from registrar.kinds.desired import ARTIFACT_KINDS, ENTRY_KINDS
from registrar.planning.actions import Memory, Policies
from registrar.planning.ownership import stamp_of
from registrar.planning.plan import plan_retirement
from registrar.planning.problems import Problem, ReconcileError, Severity
from registrar.reconcile.apply import archive
from registrar.reconcile.conflicts import still_wants
from registrar.reconcile.context import Context
from registrar.reconcile.finalizer import release
from registrar.reconcile.report import report
from registrar.reconcile.resource import Head
from registrar.registries.registry import Registry
from registrar.reporting.outcome import Facts, Outcome
from registrar.workqueue.queue import DONE, Next

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """One entry of a resource that is going.

    Attributes:
        kind: its kind.
        entry_id: its ID.
        name: its name as the resource has it; under an ID of a reset database there is another one.
        reference: who wanted it, as the owner stamp writes it.
        parent_id: ID of its parent entry; empty for registered models, or where nothing tells it.
        remembered: the ID comes from the status, so that an entry without a stamp is believed to be ours.
    """

    kind: EntryKind
    entry_id: str
    name: str
    reference: str
    parent_id: str
    remembered: bool


async def retire(head: Head, context: Context) -> Next:
    """Retire what the resource stands for, then let it go.

    The references in the spec are not followed and the spec is not parsed: parents are probably going too, and a
    spec that became invalid must not hold a deletion.
    """
    if not head.has_finalizer:
        return _give_up_claims(head, context)
    policies = _policies(head, context)
    if head.metadata.paused or policies.deletion is DeletionPolicy.ORPHAN:
        await release(head, context)
        return _give_up_claims(head, context)
    try:
        context.registry.require()
        for target in _targets(head, context):
            await retire_entry(target, head.key, policies, context)
    except (ReconcileError, StoreError) as error:
        problem = context.registry.diagnose(error)
        message = (
            f"The deletion waits for the registry: {problem.message} To delete without archiving the entry, set "
            "spec.deletionPolicy to Orphan."
        )
        severity = Severity.OUTAGE if problem.severity is Severity.OUTAGE else Severity.TRANSIENT
        waiting = Problem(severity, _reason(problem), message, retry_after=problem.retry_after)
        return await report(head, Outcome(Facts.of(head.status), waiting), context)
    await release(head, context)
    return _give_up_claims(head, context)


def _give_up_claims(head: Head, context: Context) -> Next:
    """Let others have the entries at once: finalizers of somebody else may hold the resource for long."""
    context.wake(context.claims.keep_only(head.key, frozenset()))
    return DONE


async def retire_entry(target: Target, key: ResourceKey, policies: Policies, context: Context) -> None:
    """Retire one entry, unless another resource wants it, or it is not ours.

    Args:
        target: the entry.
        key: the resource that lets it go.
        policies: of that resource.
        context: the operator.

    Raises:
        StoreError: the registry could not answer, or refused.
    """
    registry = context.registry
    observed = await target.kind.get(registry.client, target.entry_id)
    if observed is None:
        registry.view.forget(target.kind.ENTRY, target.entry_id)
        return
    registry.view.keep(observed)
    if not _is_at(observed, target) or not await _is_in_parent(observed, target, registry):
        logger.warning("%s: the entry %s is %r now and is left alone", key, target.entry_id, observed.name)
        return
    if await _is_wanted_by_another(Claim(target.kind.NAME, target.parent_id, target.name), key, context):
        logger.info("%s hands %s %s over", key, target.kind.NAME, target.entry_id)
        return
    memory = Memory(target.entry_id if target.remembered else None)
    planned = plan_retirement(target.kind.RETIRED, observed, target.reference, memory, policies, registry.owner_id)
    if planned is not None:
        await archive(target.kind, planned, registry)


async def _is_wanted_by_another(claim: Claim, key: ResourceKey, context: Context) -> bool:
    """Whether it is there and stays: two that are deleted together must not wait for each other to archive."""
    rivals = [one for one in context.claims.claimants(claim) if one.key != key]
    return any([await still_wants(one.key, one.reference, claim, context) for one in rivals])


def _is_at(observed: RegistryEntry, target: Target) -> bool:
    """Whether the entry has the name and, where both are told, the parent that the resource's had."""
    parent_id = getattr(observed, "registered_model_id", None)
    return observed.name == target.name and (not target.parent_id or parent_id in {None, target.parent_id})


async def _is_in_parent(observed: RegistryEntry, target: Target, registry: Registry) -> bool:
    """Whether an artifact, which does not tell its version, is in that version, where no stamp of ours proves it.

    Under an ID that was remembered from before a reset of the database there can be one of the same name elsewhere.
    """
    if target.kind.TELLS_PARENT or stamp_of(observed, registry.owner_id) is not None:
        return True
    if not target.parent_id:
        return False
    place = Desired(target.kind, target.reference, target.name, target.parent_id, {}, {}, None)
    try:
        found = await target.kind.find(registry.client, place)
    except AmbiguousEntryError as several:
        return observed.id in {one.id for one in several.entries}
    return found is not None and found.id == observed.id


def _policies(head: Head, context: Context) -> Policies:
    """Only the deletion policy counts here; it is read from the unparsed spec."""
    written = head.body.get("spec", {}).get("deletionPolicy")
    deletion = DeletionPolicy(written) if written is not None else context.settings.deletion_policy
    return Policies(AdoptionPolicy.ADOPT, DriftPolicy.CORRECT, deletion, take_over=False)


def _targets(head: Head, context: Context) -> list[Target]:
    """The entries of the resource, artifacts first: by their IDs, or by their stamps where no ID was kept."""
    registry = context.registry
    known_id = head.known_id(registry)
    parent_id = getattr(head.status, "parent_id", None) or ""
    kind = ENTRY_KINDS[head.key.kind]
    own = _found(kind, known_id, entry_name(head.body), head.key.path, parent_id, context)
    artifacts: list[Target] = []
    if isinstance(head.status, ModelVersionStatus):
        version_id = own[0].entry_id if own else ""
        known = {(str(one.type), one.name): one.id for one in head.status.artifacts or () if known_id is not None}
        spec = head.body.get("spec", {})
        written = {
            *(("doc-artifact", one["name"]) for one in spec.get("docArtifacts", ())),
            *(("model-artifact", one["name"]) for one in spec.get("artifacts", ())),
        }
        for type_name, name in sorted({*known, *written}):
            reference = f"{head.key.path}#{name}"
            entry_id = known.get((type_name, name))
            artifacts += _found(ARTIFACT_KINDS[type_name], entry_id, name, reference, version_id, context)
    return [*artifacts, *own]


def _found(
    kind: EntryKind, known_id: str | None, name: str, reference: str, parent_id: str, context: Context
) -> list[Target]:
    stamped = [
        str(entry.id) for entry in context.registry.view.stamped(kind.ENTRY, reference) if type(entry) is kind.ENTRY
    ]
    # Other entries with the stamp were left by an earlier resource of the same name, and are none of its business.
    ids = [known_id] if known_id in stamped else [*([known_id] if known_id else []), *stamped]
    return [Target(kind, one, name, reference, parent_id, remembered=one == known_id) for one in ids]


def _reason(problem: Problem) -> Reason:
    return Reason.UNAUTHORIZED if problem.reason is Reason.UNAUTHORIZED else Reason.REGISTRY_UNAVAILABLE
