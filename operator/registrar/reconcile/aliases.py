"""Resolves the aliases of a model: which versions they name, and which of them may be written.

An alias that cannot be written keeps its value in the registry: whoever follows it gets the old version, and never one
that does not exist. The model itself does not wait, because its versions wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from model_registry.types import RegistryEntry
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.aliases import AliasStatus, property_of
from registrar.kinds.base import AliasProperties, AnyResource, Desired
from registrar.kinds.desired import declared_aliases
from registrar.kinds.model_version import MODEL_VERSION
from registrar.planning.addresses import LIVE_STATES
from registrar.planning.fields import shown_state, state_of
from registrar.planning.problems import Problem
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import ManagedResource, read_resource, recorded_state
from registrar.registries.followed import Place
from registrar.registries.registry import Registry
from registrar.reporting.outcome import AliasProblem, EntryResult, Facts, OperationResult


@dataclass(frozen=True, slots=True)
class Aliases:
    """The aliases of one model.

    Attributes:
        declared: the names of versions, by alias.
        written: what the status reports of the aliases, for the present entry.
        resolved: the version of each alias that may be written.
        problems: why others wait.
        unread: the aliases whose version may be that of a resource that is not read yet.
        is_provisional: the model's entry was not known yet.
    """

    declared: Mapping[str, str]
    written: Mapping[str, AliasStatus]
    resolved: Mapping[str, AliasStatus]
    problems: tuple[AliasProblem, ...]
    unread: frozenset[str] = frozenset()
    is_provisional: bool = False

    def restrict(self, desired: Desired) -> Desired:
        """Return the desired model without the aliases that wait."""
        if not self.declared:
            return desired
        waiting = frozenset(map(property_of, {*self.unread, *(problem.alias for problem in self.problems)}))
        pending = frozenset(property_of(alias) for alias in self.resolved if self._is_pending(alias))
        properties = {name: value for name, value in desired.properties.items() if name not in waiting}
        return replace(desired, properties=properties, aliases=AliasProperties(desired.aliases.names, waiting, pending))

    def after(self, result: EntryResult) -> tuple[AliasStatus, ...]:
        """Return what the status reports of the aliases once the model's entry was reconciled."""
        is_new = result.operation is OperationResult.CREATED
        reported = {}
        for alias in sorted(self.declared):
            # Nothing is written to a field that other writers keep changing.
            is_held = alias not in self.resolved or (result.is_contested and self._is_pending(alias))
            known = self.written.get(alias) if is_held else self.resolved[alias]
            if known is not None and not is_new:
                reported[alias] = known
        return tuple(reported.values())

    def is_incomplete(self, result: EntryResult) -> bool:
        """Return whether more can be resolved soon: the model's entry is known now, or is another one."""
        return self.is_provisional or (result.operation is OperationResult.CREATED and bool(self.resolved))

    def _is_pending(self, alias: str) -> bool:
        known = self.written.get(alias)
        return known is None or known.version != self.declared[alias]


async def resolve_aliases(
    resource: ManagedResource, declared: AnyResource, known_id: str | None, memory: Memory, registry: Registry
) -> Aliases:
    """Return the aliases of a model, and have it woken when what they name changes.

    Args:
        resource: the model.
        declared: the same, with its valid spec.
        known_id: ID of the model's entry in the status, as far as it counts.
        memory: what is known of all resources.
        registry: the registry.

    Raises:
        RegistryError: a version that no resource of the namespace represents could not be looked up.
    """
    wanted = declared_aliases(declared)
    if not wanted:
        memory.aliases.follow(resource.key, ())
        registry.view.follow(resource.key, ())
        return Aliases({}, {}, {}, ())
    entry = None if known_id is None else registry.view.by_id(resource.kind.entry, known_id)
    is_known = entry is not None and recorded_state(resource, known_id).proves(entry)
    model_id = str(known_id) if is_known else ""
    places = places_of(wanted, model_id)
    registry.view.follow(resource.key, places.values() if is_known else ())
    written = {status.name: status for status in Facts.of(resource.status).aliases} if is_known else {}
    # What an alias that waits names until then can lose its addresses.
    memory.aliases.follow(resource.key, {*wanted.values(), *(status.version for status in written.values())})
    if memory.cache.synced.is_set():
        written = {alias: _with_addresses(one, resource, model_id, memory, registry) for alias, one in written.items()}
    resolved, problems, unread = {}, [], set()
    for alias, place in places.items():
        found = await _resolve(alias, place, written.get(alias), resource, memory, registry)
        if found is None:
            unread.add(alias)
        elif isinstance(found, AliasProblem):
            problems.append(found)
        else:
            resolved[alias] = found
    if not memory.cache.synced.is_set():
        memory.sync_waits.begin(resource.key)
    return Aliases(wanted, written, resolved, tuple(problems), frozenset(unread), is_provisional=not is_known)


def places_of(declared: Mapping[str, str], model_id: str) -> dict[str, Place]:
    """Return where the version of each alias is, under a model's entry."""
    kind = MODEL_VERSION.entry.name
    return {alias: Place(kind, model_id, version) for alias, version in sorted(declared.items())}


async def _resolve(
    alias: str,
    place: Place,
    written: AliasStatus | None,
    resource: ManagedResource,
    memory: Memory,
    registry: Registry,
) -> AliasStatus | AliasProblem | None:
    """Return the version that an alias names, or why the alias has to wait; None while nobody knows."""
    version = _representing(resource, place, memory, registry)
    entry = None if version is None else _entry_of(version, place, registry)
    if entry is None and not memory.cache.synced.is_set():
        # Another resource may represent the version, and nobody knows yet whether it is Ready.
        return written if written is not None and written.version == place.name else None
    if version is None and place.parent_id:
        entry = await registry.followed(MODEL_VERSION.entry, place)
    if version is None and entry is None:
        return _waiting(alias, Reason.VERSION_MISSING, f"the model has no version {place.name!r}")
    is_written = entry is not None and _named_by(written) == (place.name, entry.id)
    is_ready = version is None or (version.is_ready and not version.metadata.terminating)
    # An alias that names the version already does not depend on it being Ready: each edit of it ends that for a moment.
    if entry is None or not (is_ready or is_written):
        return _waiting(alias, Reason.VERSION_NOT_READY, f"{version and version.key} is not Ready; see its conditions")
    if state_of(entry) not in LIVE_STATES:
        unset = ", so status.aliases has no address for it" if is_written else ""
        return _waiting(alias, Reason.VERSION_ARCHIVED, f"the version {place.name!r} is {shown_state(entry)}{unset}")
    return _row(alias, place.name, entry.id, version)


def _with_addresses(
    written: AliasStatus, model: ManagedResource, model_id: str, memory: Memory, registry: Registry
) -> AliasStatus:
    """Return what the status reports of an alias, with the addresses that its version has now."""
    place = Place(MODEL_VERSION.entry.name, model_id, written.version)
    version = _representing(model, place, memory, registry)
    entry = None if version is None else _entry_of(version, place, registry)
    is_served = entry is not None and entry.id == written.version_id and state_of(entry) in LIVE_STATES
    return _row(written.name, written.version, written.version_id, version if is_served else None)


def _row(alias: str, name: str, version_id: str | None, version: ManagedResource | None) -> AliasStatus:
    """Return what the status reports of an alias: the addresses are those that a resource has for its version."""
    return AliasStatus(
        name=alias,
        version=name,
        version_id=version_id,
        uri=getattr(version and version.status, "uri", None),
        storage_uri=getattr(version and version.status, "storage_uri", None),
    )


def _named_by(written: AliasStatus | None) -> tuple[str, str | None] | None:
    return None if written is None else (written.version, written.version_id)


def _representing(model: ManagedResource, place: Place, memory: Memory, registry: Registry) -> ManagedResource | None:
    """Return the resource of the model's namespace that represents a version of it, or wants to; None without one."""
    bodies = (memory.cache.get(key) for key in sorted(memory.aliases.versions(model.key.namespace, place.name)))
    versions = [read_resource(body) for body in bodies if body is not None]
    wanted = [version for version in versions if _is_version_of(version, model, place.parent_id)]
    with_entry = (version for version in wanted if _entry_of(version, place, registry) is not None)
    return next(with_entry, wanted[0] if wanted else None)


def _is_version_of(version: ManagedResource, model: ManagedResource, model_id: str) -> bool:
    if isinstance(version.declared, Problem):
        # Nobody knows what it will refer to.
        return version.status.parent_entry_id in {None, model_id}
    reference = version.declared.spec.registered_model_ref
    if reference.external is None:
        return bool(reference.name == model.metadata.name)
    return (reference.external.id or reference.external.name) in {model_id, model.entry_name}


def _entry_of(version: ManagedResource, place: Place, registry: Registry) -> RegistryEntry | None:
    """Return the entry of a version as the view shows it, if it is at that place."""
    known_id = registry.known_id(version.status)
    entry = None if known_id is None else registry.view.by_id(version.kind.entry, known_id)
    if entry is None or not version.kind.entry.matches(entry, place.name, place.parent_id):
        return None
    return entry if recorded_state(version, known_id).proves(entry) else None


def _waiting(alias: str, reason: Reason, why: str) -> AliasProblem:
    return AliasProblem(alias, reason, f"The alias {alias!r} keeps its value in the registry, because {why}.")
