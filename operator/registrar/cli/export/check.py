"""The promise of an export: applying its manifests writes the owner stamp to each entry, and nothing else.

Each document is read back with kubectl's rules, parsed by the operator's models, and planned by the operator's planning
against the entry that it came from, as if no status existed yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from model_registry.types import RegistryEntry
from registrar.api.secrets import is_sensitive_name, is_sensitive_text
from registrar.api.v1alpha1 import AdoptionPolicy, DriftPolicy
from registrar.api.validation import describe
from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.documents.load import DocumentError, load
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.manifests import ASSUMED_NAMESPACE, Manifest, drop, parse
from registrar.cli.export.report import Reason
from registrar.kinds.base import AnyResource, Desired
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.kinds.table import kind_of
from registrar.planning.actions import (
    Action,
    Change,
    Create,
    Leave,
    Patch,
    Policies,
    RecordedState,
    RecordOwnership,
    Refuse,
)
from registrar.planning.ownership import stamp_of
from registrar.planning.plan import after_recording, plan

REGISTRY = "registry"
"""The registry has no name here: there is one."""
_MAX_SHOWN = 60
"""Characters of a value that a message shows."""
_POLICIES = Policies(adoption=AdoptionPolicy.ADOPT, drift=DriftPolicy.CORRECT, deletion=None, take_over=False)


@dataclass(frozen=True, slots=True)
class Checker:
    """Plans manifests against the entries of a registry.

    Attributes:
        catalogue: the registry.
        owner_id: the installation that will manage the entries.
        published: places by the kind and name of the resources that represent them, for references.
    """

    catalogue: Catalogue
    owner_id: str
    published: dict[tuple[str, str], Place]

    def check(self, manifest: Manifest) -> None:
        """Leave out of a manifest what is not exact: an inline entry, or all of it."""
        try:
            (document,) = load(manifest.text())
            resource = parse(manifest.kind, FileManifest(document.content), self._namespace_of(manifest.entry))
        except (DocumentError, ValidationError) as error:
            detail = describe(error) if isinstance(error, ValidationError) else str(error)
            manifest.declared.leave_out(Reason.NOT_EXACT, detail=f"it is not read back as it was written: {detail}")
            return
        parent_id = self.parent_id(resource)
        if parent_id is None:
            manifest.declared.leave_out(Reason.AMBIGUOUS, detail="its reference would lead to several parents")
            return
        differences = self.differences(desired_entry(resource, REGISTRY, parent_id), manifest.entry)
        if differences:
            manifest.declared.leave_out(Reason.NOT_EXACT, detail=_joined(differences))
            return
        items = list(manifest.each_item())
        for item, desired in zip(items, desired_inline(resource, REGISTRY, str(manifest.entry.id)), strict=True):
            if differences := self.differences(desired, item.entry):
                drop(manifest, item, Reason.NOT_EXACT, _joined(differences))

    def _namespace_of(self, entry: RegistryEntry) -> str:
        """Return where a manifest is applied that names no namespace: most likely where the entry's stamp says."""
        stamp = stamp_of(entry, self.owner_id)
        return ASSUMED_NAMESPACE if stamp is None else stamp.namespace

    def parent_id(self, resource: AnyResource) -> str | None:
        """Return the ID of the entry that a resource's reference leads to; empty at the root, None if to none."""
        parent = kind_of(resource.kind).parent
        if parent is None:
            return ""
        reference = getattr(resource.spec, parent.attribute)
        if reference.name is not None:
            place = self.published.get((parent.kind, reference.name))
        elif reference.external.id is not None:
            return str(reference.external.id)
        else:
            place = (
                kind_of(parent.kind).entry.name,
                *(str(getattr(reference.external, name)) for name in parent.external_names),
            )
        found = self.catalogue.at(place) if place else ()
        return str(found[0].id) if len(found) == 1 else None

    def differences(self, desired: Desired, entry: RegistryEntry) -> list[str]:
        """Return what applying a desired entry would change, the owner stamp left out."""
        if not desired.matches(entry):
            return [f"it represents {desired.kind.name} {desired.name!r} under the entry {desired.parent_id}"]
        return list(_changes(plan_first(desired, entry, self.owner_id)))

    def changed_parts(self, desired: Desired, entry: RegistryEntry) -> tuple[str, ...]:
        """Return the paths of what applying a desired entry would change, such as ``customProperties.team``."""
        action = plan_first(desired, entry, self.owner_id)
        return tuple(change.path for change in action.changes) if isinstance(action, Patch) else ()


def plan_first(desired: Desired, entry: RegistryEntry, owner_id: str) -> Action:
    """Return the first write for a resource that the operator has not seen yet."""
    recorded = RecordedState()
    action = plan(desired, entry, recorded, _POLICIES, owner_id)
    if isinstance(action, RecordOwnership):
        action = plan(desired, entry, after_recording(recorded, action), _POLICIES, owner_id)
    return action


def _changes(action: Action) -> Iterator[str]:
    match action:
        case Leave() | Patch(changes=(), fields={}, state=None):
            return
        case Patch(changes=changes):
            yield from map(_described, changes)
        case Refuse(problem):
            yield problem.message
        case Create() | RecordOwnership():
            yield f"the operator would {type(action).__name__}"


def _described(change: Change) -> str:
    """Return a change in words, without what must not get into a log."""
    values = (change.observed, change.wanted)
    if is_sensitive_name(change.path) or any(is_sensitive_text(str(value)) for value in values):
        return f"{change.path} would change; its value is not shown"
    observed, wanted = (_shortened(repr(value)) for value in values)
    if change.wanted in (None, "", []):
        return f"{change.path} {observed} would be cleared"
    return f"{change.path} {observed} would become {wanted}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


def _joined(differences: list[str]) -> str:
    return "; ".join(differences)
