"""The kinds of entries: their fields, their states, and the fields that `filterQuery` knows."""

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from local_registry.schema import ARTIFACTS, CONTEXTS, Tables

ValueType = Literal["int_value", "double_value", "string_value", "bool_value"]

ARTIFACT_STATES: Final = ("UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE")
"""An artifact's state is stored as its index in this tuple, by which `filterQuery` orders states."""

_COLUMNS: Final = {
    "id": "id",
    "name": "stored_name",
    "externalId": "external_id",
    "createTimeSinceEpoch": "created",
    "lastUpdateTimeSinceEpoch": "updated",
}


@dataclass(frozen=True)
class Kind:
    """One kind of entry.

    Attributes:
        name: The name as stored, which is also the ``artifactType`` of artifacts.
        label: Its name in messages.
        tables: The tables that contain its entries.
        texts: JSON names of its text fields, except name, externalId, state and an artifact's uri.
        lists: JSON names of its fields that are lists of text.
        states: The valid values of ``state``.
        state_type: The name of the state's type, in the message about an invalid state.
        default_state: The state if a strict body does not contain ``state``, in a create and also in a PATCH.
        filterable: JSON name -> type, for the fields that `filterQuery` knows. Other names are custom properties.
    """

    name: str
    label: str
    tables: Tables
    texts: tuple[str, ...]
    states: tuple[str, ...]
    state_type: str
    default_state: str
    lists: tuple[str, ...] = ()
    filterable: dict[str, ValueType] = field(default_factory=dict)

    @property
    def is_artifact(self) -> bool:
        """Whether it is a type of artifact."""
        return self.tables is ARTIFACTS

    @property
    def columns(self) -> dict[str, str]:
        """JSON name -> column of the entry table, for the fields that `filterQuery` reads from it."""
        return _COLUMNS | ({"uri": "uri", "state": "state"} if self.is_artifact else {})


def stored(name: str) -> str:
    """Return the property name of a JSON field: ``licenseLink`` -> ``license_link``."""
    return re.sub("[A-Z]", lambda capital: "_" + capital.group().lower(), name)


REGISTERED_MODEL: Final = Kind(
    name="registered-model",
    label="registered model",
    tables=CONTEXTS,
    texts=(
        "description",
        "owner",
        "readme",
        "maturity",
        "provider",
        "logo",
        "license",
        "licenseLink",
        "libraryName",
    ),
    lists=("language", "tasks"),
    states=("LIVE", "ARCHIVED"),
    state_type="RegisteredModelState",
    default_state="LIVE",
    filterable={"state": "string_value", "owner": "string_value"},
)

MODEL_VERSION: Final = Kind(
    name="model-version",
    label="model version",
    tables=CONTEXTS,
    texts=("description", "author"),
    states=("LIVE", "ARCHIVED"),
    state_type="ModelVersionState",
    default_state="LIVE",
    filterable={"registeredModelId": "int_value", "state": "string_value", "author": "string_value"},
)

_MODEL_ARTIFACT_TEXTS = (
    "modelFormatName",
    "modelFormatVersion",
    "storageKey",
    "storagePath",
    "serviceAccountName",
    "modelSourceKind",
    "modelSourceClass",
    "modelSourceGroup",
    "modelSourceId",
    "modelSourceName",
)
_DATASET_TEXTS = ("digest", "sourceType", "source", "schema", "profile")


def _artifact(name: str, label: str, texts: tuple[str, ...]) -> Kind:
    return Kind(
        name=name,
        label=label,
        tables=ARTIFACTS,
        texts=("description", *texts),
        states=ARTIFACT_STATES,
        state_type="ArtifactState",
        default_state="UNKNOWN",
        filterable=dict.fromkeys(texts, "string_value"),
    )


MODEL_ARTIFACT: Final = _artifact("model-artifact", "model artifact", _MODEL_ARTIFACT_TEXTS)
DOC_ARTIFACT: Final = _artifact("doc-artifact", "doc artifact", ())
DATASET_ARTIFACT: Final = _artifact("dataset-artifact", "dataset artifact", _DATASET_TEXTS)

KINDS: Final = {
    kind.name: kind for kind in (REGISTERED_MODEL, MODEL_VERSION, MODEL_ARTIFACT, DOC_ARTIFACT, DATASET_ARTIFACT)
}
ARTIFACT_KINDS: Final = {name: kind for name, kind in KINDS.items() if kind.is_artifact}
UNSUPPORTED_ARTIFACT_TYPES: Final = ("metric", "parameter")
"""Artifact types of the real server that this one does not store. They belong to experiments."""
