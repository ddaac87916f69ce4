"""Random values: few of each sort, so that two draws often agree."""

from __future__ import annotations

from random import Random
from typing import Any

TEXTS = ("one", "two", "", "日本\n語", "yes", "1e3")
MODEL_FIELDS = ("description", "owner", "readme", "maturity", "provider", "license", "libraryName", "language", "tasks")
VERSION_FIELDS = ("description", "author")
DOC_FIELDS = ("description",)
ARTIFACT_FIELDS = (
    "description",
    "modelFormatName",
    "modelFormatVersion",
    "storageKey",
    "storagePath",
    "serviceAccountName",
    "modelSourceKind",
    "modelSourceName",
)
FIELDS = {
    "RegisteredModel": MODEL_FIELDS,
    "ModelVersion": VERSION_FIELDS,
    "model-artifact": ARTIFACT_FIELDS,
    "doc-artifact": DOC_FIELDS,
    "dataset-artifact": DOC_FIELDS,
}
PROPERTY_NAMES = ("team", "score", "a b", "ok")
DECLARED = ("x", "", "7", 7, 0, True, False, 0.5, {"double": 7}, {"int": 7}, {"string": "true"}, {"bool": True})
STORED: tuple[dict[str, Any], ...] = (
    {"metadataType": "MetadataStringValue", "string_value": "x"},
    {"metadataType": "MetadataStringValue", "string_value": ""},
    {"metadataType": "MetadataIntValue", "int_value": "7"},
    {"metadataType": "MetadataDoubleValue", "double_value": 7.0},
    {"metadataType": "MetadataDoubleValue", "double_value": 0.5},
    {"metadataType": "MetadataBoolValue", "bool_value": True},
)
STRUCT = {"metadataType": "MetadataStructValue", "struct_value": "eyJhIjoxfQ=="}
ENTRY_STATES = ("LIVE", "ARCHIVED")
ARTIFACT_STATES = ("UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE")
URIS = ("s3://b/1", "s3://b/2", "hf://o/m")

DIGESTS = tuple(f"sha256:{digit * 64}" for digit in "01")


def text_property(value: str) -> dict[str, Any]:
    """Return a string property as the registry has it."""
    return {"metadataType": "MetadataStringValue", "string_value": value}


def field_value(random: Random, name: str) -> Any:
    """Return a value for a plain field."""
    if name in {"language", "tasks"}:
        return random.choice([["en"], ["en", "de"], []])
    return random.choice(TEXTS)


def fields(random: Random, kind: str, most: int = 3) -> dict[str, Any]:
    """Return values for some plain fields of an entry kind."""
    names = random.sample(FIELDS[kind], k=min(most, len(FIELDS[kind])))
    return {name: field_value(random, name) for name in names if random.random() < 0.6}


def declared_properties(random: Random) -> dict[str, Any]:
    """Return custom properties as a manifest declares them."""
    return {name: random.choice(DECLARED) for name in PROPERTY_NAMES if random.random() < 0.3}


def stored_properties(random: Random) -> dict[str, Any]:
    """Return custom properties as others store them, now and then one of a type that the operator does not write."""
    found = {name: random.choice(STORED) for name in PROPERTY_NAMES if random.random() < 0.3}
    if random.random() < 0.1:
        found["ours" if random.random() < 0.7 else "team"] = STRUCT
    return found


def states(kind: str) -> tuple[str, ...]:
    """Return the states of an entry kind."""
    return ENTRY_STATES if kind in {"RegisteredModel", "ModelVersion"} else ARTIFACT_STATES
