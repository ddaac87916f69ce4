"""Which artifacts of a version its manifest holds, and which need a manifest of their own."""

from __future__ import annotations

from dataclasses import dataclass, field

from model_registry.types import Artifact, DocArtifact, ModelArtifact, ModelVersion, RegistryEntry
from registrar.api.v1alpha1.common import MAX_ARTIFACTS, MAX_DOCUMENTS
from registrar.api.v1alpha1.model_version import InlineDocArtifact, InlineModelArtifact
from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.export.choices import Choices
from registrar.cli.export.fields import Declared, declare, omission
from registrar.cli.export.known import Known
from registrar.cli.export.report import Omission, Reason
from registrar.kinds.artifacts import DOC_ARTIFACT, MODEL_ARTIFACT
from registrar.planning.fields import RETIRED, state_of
from registrar.planning.ownership import ForeignStamp, any_stamp_of, stamp_of

_STATES_OF_CONTAINERS = frozenset({"LIVE", "ARCHIVED"})
_PENDING = "PENDING"


@dataclass(slots=True)
class SortedOut:
    """The artifacts of one version.

    Attributes:
        documents: what the version's manifest declares for documents.
        models: what it declares for model artifacts, the newest last, because KServe serves the newest.
        own: the model artifacts with a manifest of their own.
        omissions: those that are left out.
        archived: how many are left out because they are marked for deletion.
    """

    documents: list[Declared] = field(default_factory=list)
    models: list[Declared] = field(default_factory=list)
    own: list[ModelArtifact] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)
    archived: int = 0


def sort_out(catalogue: Catalogue, known: Known, choices: Choices, version: ModelVersion) -> SortedOut:
    """Return the artifacts of a version by where they are declared."""
    result = SortedOut()
    for held in catalogue.links_of(version):
        part = f"in the version {version.name!r}"
        result.omissions.append(omission(held.artifact, Reason.LINKED, part, f"it goes with {held.version.name!r}"))
    exportable = []
    for held in catalogue.artifacts_of(version):
        artifact, place = held.artifact, catalogue.place(held.artifact, version)
        if not choices.selection.takes(artifact):
            continue
        if (reason := _reason_against(catalogue, choices, artifact, place)) is not None:
            result.omissions.append(omission(artifact, reason))
        elif state_of(artifact) in RETIRED and not choices.with_archived and not known.has(place):
            result.archived += 1
        else:
            exportable.append((artifact, place))
    names_of_documents = {artifact.name for artifact, _ in exportable if isinstance(artifact, DocArtifact)}
    for artifact, place in exportable:
        if isinstance(artifact, DocArtifact):
            _add_document(result, artifact, choices)
        elif isinstance(artifact, ModelArtifact):
            # A version refuses the name of a document for a model artifact.
            is_free = artifact.name not in names_of_documents and len(result.models) < MAX_ARTIFACTS
            if is_free and _is_inline(artifact, place, known, choices.owner_id):
                declared = declare(artifact, MODEL_ARTIFACT, InlineModelArtifact, with_sensitive=choices.with_sensitive)
                _add(result, result.models, declared)
            else:
                result.own.append(artifact)
    return result


def reason_against(catalogue: Catalogue, owner_id: str, entry: RegistryEntry, place: Place) -> Reason | None:
    """Return why an entry cannot be exported at all; None if nothing speaks against it so far."""
    if len(catalogue.at(place)) > 1:
        return Reason.AMBIGUOUS
    if isinstance(any_stamp_of(entry, owner_id), ForeignStamp):
        return Reason.FOREIGN_STAMP
    if not isinstance(entry, Artifact) and state_of(entry) not in _STATES_OF_CONTAINERS:
        return Reason.UNKNOWN_STATE
    return None


def _reason_against(catalogue: Catalogue, choices: Choices, artifact: Artifact, place: Place) -> Reason | None:
    if not isinstance(artifact, ModelArtifact | DocArtifact):
        return Reason.UNSUPPORTED_TYPE
    if not artifact.uri and state_of(artifact) != _PENDING:
        return Reason.NO_URI
    return reason_against(catalogue, choices.owner_id, artifact, place)


def _add_document(result: SortedOut, artifact: DocArtifact, choices: Choices) -> None:
    if len(result.documents) == MAX_DOCUMENTS:
        detail = f"a version declares at most {MAX_DOCUMENTS} documents"
        result.omissions.append(omission(artifact, Reason.TOO_MANY, detail=detail))
        return
    declared = declare(artifact, DOC_ARTIFACT, InlineDocArtifact, with_sensitive=choices.with_sensitive)
    _add(result, result.documents, declared)


def _add(result: SortedOut, items: list[Declared], declared: Declared) -> None:
    if declared.is_left_out:
        result.omissions += declared.omissions
    else:
        items.append(declared)


def _is_inline(artifact: ModelArtifact, place: Place, known: Known, owner_id: str) -> bool:
    """Return the form that a manifest or the owner stamp gives to an artifact already; without either, inline."""
    if known.has(place):
        return place in known.inline
    stamp = stamp_of(artifact, owner_id)
    return stamp is None or "#" in stamp.reference
