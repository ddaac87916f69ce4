"""From the entries of a registry to manifests, each of which is exact or left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.documents.references import ref_to
from registrar.cli.export.artifacts import reason_against, sort_out
from registrar.cli.export.check import Checker
from registrar.cli.export.choices import Choices
from registrar.cli.export.fields import declare, omission
from registrar.cli.export.known import Known
from registrar.cli.export.manifests import Manifest, fit, spec_class
from registrar.cli.export.names import Nameable, assign
from registrar.cli.export.report import Omission, Reason
from registrar.cli.selection import EVERYTHING
from registrar.kinds.artifacts import MODEL_ARTIFACT_RESOURCE
from registrar.kinds.base import ResourceKind
from registrar.kinds.model_version import MODEL_VERSION
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.fields import RETIRED, state_of
from registrar.planning.ownership import stamp_of


@dataclass(slots=True)
class Export:
    """What came of it.

    Attributes:
        manifests: parents before children.
        omissions: what is not in them.
        archived: how many entries are left out because they are archived.
    """

    manifests: list[Manifest] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    archived: int = 0


def names_of(catalogue: Catalogue, known: Known, choices: Choices) -> Mapping[tuple[str, str], str]:
    """Return the name of the resource for each entry, by the kind of the resource and the entry's ID."""

    def nameable(kind: ResourceKind, entry: RegistryEntry, place: Place) -> Nameable:
        stamp = stamp_of(entry, choices.owner_id)
        names = known.name_at(place)
        if stamp is not None and "#" not in stamp.reference:
            names = (*names, stamp.reference.partition("/")[2])
        return Nameable(kind.name, place, str(entry.id), names, choices.templates[len(place) - 1])

    models = (nameable(REGISTERED_MODEL, each, catalogue.place(each)) for each in catalogue.inventory.models)
    versions = (nameable(MODEL_VERSION, each, catalogue.place(each)) for each in catalogue.inventory.versions)
    artifacts = (
        nameable(MODEL_ARTIFACT_RESOURCE, held.artifact, catalogue.place(held.artifact, held.version))
        for held in catalogue.held
        if isinstance(held.artifact, ModelArtifact)
    )
    return assign([*models, *versions, *artifacts], lambda entry: int(entry.entry_id))


class Builder:
    """Builds the manifests of one export.

    Args:
        catalogue: the registry.
        known: what the folder or the cluster has already; it decides names, and whether an artifact is inline.
        choices: what is asked for.
    """

    def __init__(self, catalogue: Catalogue, known: Known, choices: Choices) -> None:
        self._catalogue = catalogue
        self._known = known
        self._choices = choices
        self._names = names_of(catalogue, known, choices)
        self._registry = {} if choices.registry_ref is None else {"registryRef": ref_to(choices.registry_ref)}
        self.checker = Checker(catalogue, choices.owner_id, known.published())
        self._export = Export()

    def build(self) -> Export:
        """Return the manifests, and what is not in them."""
        for model in self._catalogue.inventory.models:
            self._build_model(model)
        # An orphan has no name to be selected by.
        if self._choices.selection == EVERYTHING:
            for entry in self._catalogue.orphans:
                reason = Reason.NO_MODEL if isinstance(entry, ModelVersion) else Reason.NO_VERSION
                self._export.omissions.append(omission(entry, reason))
        return self._export

    def folder_names(self) -> Mapping[Place, str]:
        """Return the names of the resources for all models and versions, by their places."""
        named = (
            (REGISTERED_MODEL, self._catalogue.inventory.models),
            (MODEL_VERSION, self._catalogue.inventory.versions),
        )
        return {
            self._catalogue.place(entry): self._names[kind.name, str(entry.id)]
            for kind, entries in named
            for entry in entries
        }

    def _build_model(self, model: RegisteredModel) -> None:
        selection, place = self._choices.selection, self._catalogue.place(model)
        versions = [each for each in self._catalogue.versions_of(model) if selection.takes_version(model, each)]
        brings = bool(versions) and not self._choices.external_parents and selection.takes(model)
        manifest = None
        if selection.takes_model(model) or brings:
            if self._is_archived(model, place):
                # Its versions go with it, but for those that a manifest represents.
                kept = [each for each in versions if self._known.has(self._catalogue.place(each))]
                self._export.archived += 1 + len(versions) - len(kept)
                versions = kept
            else:
                started = self._start(REGISTERED_MODEL, model, place)
                started.reference = self._registry
                manifest = self._finish(started)
        name = manifest.name if manifest else next(iter(self._known.name_at(place)), None)
        reference = {"external": {"name": model.name}} if name is None else {"name": name}
        for version in versions:
            self._build_version(version, reference)

    def _build_version(self, version: ModelVersion, reference: Mapping[str, Any]) -> None:
        place = self._catalogue.place(version)
        if self._is_archived(version, place):
            self._export.archived += 1
            return
        manifest = self._start(MODEL_VERSION, version, place)
        # What has a parent resource belongs to the registry of that.
        manifest.reference = {"registeredModelRef": reference, **(self._registry if "external" in reference else {})}
        sorted_out = sort_out(self._catalogue, self._known, self._choices, version)
        manifest.items = {"docArtifacts": sorted_out.documents, "artifacts": sorted_out.models}
        self._export.omissions += sorted_out.omissions
        self._export.archived += sorted_out.archived
        if self._finish(manifest) is None:
            return
        for artifact in sorted_out.own:
            resource = self._start(MODEL_ARTIFACT_RESOURCE, artifact, self._catalogue.place(artifact, version))
            resource.reference = {"modelVersionRef": {"name": manifest.name}}
            self._finish(resource)

    def _start(self, kind: ResourceKind, entry: RegistryEntry, place: Place) -> Manifest:
        """Return a manifest that declares what an entry has, as long as nothing speaks against the whole entry."""
        declared = declare(entry, kind.entry, spec_class(kind), with_sensitive=self._choices.with_sensitive)
        if (reason := reason_against(self._catalogue, self._choices.owner_id, entry, place)) is not None:
            declared.leave_out(reason)
        name = self._names[kind.name, str(entry.id)]
        return Manifest(kind, name, self._choices.namespace, place, declared)

    def _finish(self, manifest: Manifest) -> Manifest | None:
        """Take a manifest into the export if it is exact; return it then."""
        fit(manifest)
        if not manifest.declared.is_left_out:
            self.checker.check(manifest)
        self._export.omissions += manifest.omissions
        if manifest.declared.is_left_out:
            return None
        self.checker.published[manifest.kind.name, manifest.name] = manifest.place
        self._export.manifests.append(manifest)
        return manifest

    def _is_archived(self, entry: RegistryEntry, place: Place) -> bool:
        """Return whether an entry is left out because it is archived. One that a manifest represents is not."""
        return state_of(entry) in RETIRED and not self._choices.with_archived and not self._known.has(place)
