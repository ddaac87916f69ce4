"""A snapshot of a registry as a file: JSON, an object a line.

The first line is a header, the last one counts the others, so that a file that was cut off is noticed. In between each
line has an entry: ``kind``, ``entry`` with the fields as the registry names them, and for an artifact ``versions``, the
IDs of the versions that hold it. Custom properties have the typed form of manifests, such as ``{"double": 1.5}``,
because some programs make an integer of 1.0; ``{"opaque": …}`` holds a value of another type as the registry returned
it. A name that ends in .gz means a compressed file.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model_registry.types import (
    Artifact,
    DataSet,
    DocArtifact,
    Metric,
    ModelArtifact,
    ModelVersion,
    Parameter,
    RegisteredModel,
    RegistryEntry,
)
from model_registry.types.properties import OpaqueProperty, PropertyValue, opaque_property
from registrar.api.nesting import read_shallow
from registrar.api.validation import problems
from registrar.cli.files import open_to_read
from registrar.registries.inventory import Inventory, id_number

FORMAT = "model-registrar-snapshot"
FORMAT_VERSION = "1.0"
"""The minor version counts additions, the major one breaks."""

_TYPES: tuple[type[RegistryEntry], ...] = (
    RegisteredModel,
    ModelVersion,
    ModelArtifact,
    DocArtifact,
    DataSet,
    Metric,
    Parameter,
    Artifact,
)
_BY_NAME = {cls.__name__: cls for cls in _TYPES}
_PROPERTY_TYPES: Mapping[type[Any], str] = {bool: "bool", int: "int", float: "double", str: "string"}


class SnapshotError(Exception):
    """A file is no snapshot, or not a whole one."""


def write_records(inventory: Inventory, registry_url: str, read_at: str) -> Iterator[str]:
    """Yield the lines of a snapshot.

    Args:
        inventory: what it holds.
        registry_url: where that is from.
        read_at: when it was read, in RFC 3339.
    """
    yield _line(
        {"format": FORMAT, "formatVersion": FORMAT_VERSION, "registry": {"url": registry_url}, "readAt": read_at}
    )
    counts: Counter[str] = Counter()
    for record in _records(inventory):
        counts[record["kind"]] += 1
        yield _line(record)
    yield _line({"counts": counts, "unreadable": inventory.unreadable})


def read_records(lines: Iterator[str]) -> Inventory:
    """Return what a snapshot holds.

    Raises:
        SnapshotError: the lines are no snapshot of a known format, or not a whole one; the message says where.
    """
    _header(next(lines, ""))
    entries: list[RegistryEntry] = []
    holders: dict[str, list[str]] = {}
    for number, line in enumerate(lines, start=2):
        record = _object(line, number)
        if "counts" in record:
            return _inventory(entries, holders, record)
        entry = _entry(record, number)
        entries.append(entry)
        if isinstance(entry, Artifact):
            holders[str(entry.id)] = [str(version_id) for version_id in record.get("versions", ())]
    raise SnapshotError("it was cut off: the last line, with the counts, is missing")


@dataclass(frozen=True, slots=True)
class Header:
    """Where a snapshot is from.

    Attributes:
        registry_url: the registry's address.
        read_at: when it was read, in RFC 3339.
    """

    registry_url: str
    read_at: str


def read_header(path: Path) -> Header:
    """Return where a file of `read_snapshot` is from. Raises as it does."""
    try:
        with open_to_read(path) as file:
            header = _header(file.readline())
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise SnapshotError(f"it was cut off, or is no snapshot: {error}") from error
    registry = header.get("registry")
    return Header(str(registry.get("url")) if isinstance(registry, dict) else "", str(header.get("readAt")))


def read_snapshot(path: Path) -> Inventory:
    """Return what a file holds.

    Raises:
        SnapshotError: it is no whole snapshot.
        OSError: it cannot be read.
    """
    try:
        with open_to_read(path) as file:
            return read_records(iter(file))
    except (EOFError, gzip.BadGzipFile, UnicodeDecodeError) as error:
        raise SnapshotError(f"it was cut off, or is no snapshot: {error}") from error


def _header(line: str) -> dict[str, Any]:
    header = _object(line, 1)
    if header.get("format") != FORMAT:
        raise SnapshotError(f"it is no snapshot: the first line has no format {FORMAT!r}")
    if str(header.get("formatVersion")).split(".")[0] != FORMAT_VERSION.split(".", maxsplit=1)[0]:
        raise SnapshotError(
            f"its format version is {header.get('formatVersion')}, this program reads {FORMAT_VERSION}; "
            "take another snapshot with this version of registrar"
        )
    return header


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"


def _records(inventory: Inventory) -> Iterator[dict[str, Any]]:
    for entry in (*inventory.models, *inventory.versions):
        yield {"kind": type(entry).__name__, "entry": _fields(entry)}
    holders = defaultdict(list)
    for version_id, artifacts in inventory.artifacts.items():
        for artifact in artifacts:
            holders[artifact.id].append(version_id)
    for artifact in inventory.distinct_artifacts():
        yield {"kind": type(artifact).__name__, "versions": holders[artifact.id], "entry": _fields(artifact)}


def _fields(entry: RegistryEntry) -> dict[str, Any]:
    fields = entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"custom_properties"})
    properties = entry.custom_properties or {}
    return {**fields, "customProperties": {name: _typed(properties[name]) for name in sorted(properties)}}


def _typed(value: PropertyValue) -> dict[str, Any]:
    if isinstance(value, OpaqueProperty):
        return {"opaque": value.tagged}
    return {_PROPERTY_TYPES[type(value)]: value}


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        content = read_shallow(line)
    except ValueError as error:
        if not line.endswith("\n"):
            raise SnapshotError(f"it was cut off in line {number}") from error
        raise SnapshotError(f"line {number} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise SnapshotError(f"line {number} is not a JSON object")
    return content


def _entry(record: Mapping[str, Any], number: int) -> RegistryEntry:
    cls = _BY_NAME.get(str(record.get("kind")))
    if cls is None:
        raise SnapshotError(f"line {number} has an entry of the unknown kind {record.get('kind')!r}")
    try:
        fields = dict(record["entry"])
        properties = {name: _value(typed) for name, typed in fields.pop("customProperties", {}).items()}
        entry = cls.model_validate({**fields, "customProperties": properties})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = next(problems(error)) if isinstance(error, ValidationError) else error
        raise SnapshotError(f"line {number} has no valid entry: {reason}") from error
    if not (entry.id or "").isdecimal():
        raise SnapshotError(f"line {number} has an entry without an ID")
    return entry


def _value(typed: Mapping[str, Any]) -> PropertyValue:
    ((kind, value),) = typed.items()
    if kind == "opaque":
        return opaque_property(value)
    if kind == "double" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) not in _PROPERTY_TYPES or _PROPERTY_TYPES[type(value)] != kind:
        raise ValueError(f"a custom property of the type {kind!r} with the value {value!r}")
    plain: PropertyValue = value
    return plain


def _inventory(entries: list[RegistryEntry], holders: Mapping[str, list[str]], last: Mapping[str, Any]) -> Inventory:
    counts = Counter(type(entry).__name__ for entry in entries)
    if counts != Counter(last["counts"]):
        raise SnapshotError(f"it is not whole: it holds {dict(counts)}, and its last line counts {last['counts']}")
    held: defaultdict[str, list[Artifact]] = defaultdict(list)
    loose = []
    for artifact in (entry for entry in entries if isinstance(entry, Artifact)):
        version_ids = holders[str(artifact.id)]
        for version_id in version_ids:
            held[version_id].append(artifact)
        if not version_ids:
            loose.append(artifact)
    return Inventory(
        models=[entry for entry in entries if isinstance(entry, RegisteredModel)],
        versions=[entry for entry in entries if isinstance(entry, ModelVersion)],
        artifacts={key: sorted(artifacts, key=id_number) for key, artifacts in held.items()},
        loose_artifacts=loose,
        unreadable=int(last.get("unreadable", 0)),
    )
