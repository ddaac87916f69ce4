"""The writes of one change: as planned, and as the registry carried them out, each entry's in their order."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_registry._wire import create_body, update_body
from model_registry.types import OpaqueProperty, RegistryEntry
from registrar.cli.plan.changed import make_of_part
from registrar.cli.plan.make import Wanted, make
from registrar.cli.plan.manifests import NOTHING, read_manifests
from registrar.cli.plan.report import Report, Source
from registrar.cli.source import ask_part
from registrar.kinds.base import EntryKind
from registrar.registries import connection
from registrar.registries.inventory import Inventory
from registrar.registries.kubeflow.dry_run import DryRunBackend
from registrar.settings import Settings
from tests.cli.plan.oracle.cases import Place
from tests.cli.plan.oracle.recorder import Request
from tests.support.resources import Manifest

FAMILIES = {"registered_models": "RegisteredModel", "model_versions": "ModelVersion", "artifacts": "artifact"}

Write = tuple[str, dict[str, Any]]
"""Method and body."""

Writes = Mapping[Place, list[Write]]


@dataclass
class Planned:
    """A plan, and the writes that it is about."""

    report: Report
    writes: Writes


class _Recording(DryRunBackend):
    """Keeps what it is asked to write: kind, entry, parent, method and body."""

    def __init__(self, inventory: Inventory) -> None:
        super().__init__(inventory)
        self.kept: list[tuple[EntryKind, RegistryEntry, str, Write]] = []

    async def create(self, kind: EntryKind, entry: Any, parent_id: str) -> RegistryEntry:
        created = await super().create(kind, entry, parent_id)
        self.kept.append((kind, created, parent_id, ("POST", create_body(entry))))
        return created

    async def update(self, kind: EntryKind, entry: Any) -> RegistryEntry:
        before = await self.get(kind, entry.id)
        changed = await super().update(kind, entry)
        body = {**_properties_that_stay(before, entry), **update_body(entry)}
        self.kept.append((kind, changed, "", ("PATCH", body)))
        return changed


def plan(
    head: Iterable[Manifest],
    base: Iterable[Manifest],
    inventory: Inventory,
    settings: Settings,
    known: Mapping[Place, str],
) -> Planned:
    """Return what ``registrar plan`` says, with the writes of its dry run."""
    backends: list[_Recording] = []

    def recording(inventory: Inventory) -> _Recording:
        backends.append(_Recording(inventory))
        return backends[-1]

    before = list(base)
    source = Source(settings.registry_url, settings.owner_id, "", base="base" if before else None)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "DryRunBackend", recording)
        wanted = Wanted(_read(head), _read(before) if before else NOTHING)
        report = make(wanted, inventory, settings, source)
    places = {(_family(place), entry_id): place for place, entry_id in known.items()}
    writes: defaultdict[Place, list[Write]] = defaultdict(list)
    # A second one would be for a trial only: whether the operator refuses a digest of the base.
    for kind, entry, parent_id, (method, body) in backends[0].kept:
        family = "artifact" if kind.name.endswith("artifact") else kind.name
        if method == "POST":
            above = () if kind.name == "RegisteredModel" else places[_parent_family(kind.name), parent_id].names
            places[family, str(entry.id)] = Place(kind.name, (*above, str(entry.name)))
        writes[places[family, str(entry.id)]].append((method, _comparable(body)))
    return Planned(report, writes)


@dataclass(frozen=True)
class ChangedOnly:
    """A plan of what differs from the base.

    Attributes:
        of_part: as made from the few entries that it needs; None if it needs whole lists.
        of_all: as made from all entries.
    """

    of_part: Report | None
    of_all: Report


def plan_changed(
    head: Iterable[Manifest], base: Iterable[Manifest], inventory: Inventory, settings: Settings
) -> ChangedOnly:
    """Return what ``registrar plan --changed`` says, made from a part of the registry and from all of it."""
    wanted = Wanted(_read(head), _read(base), only_changed=True)
    source = Source(settings.registry_url, settings.owner_id, "", base="base")
    of_part = ask_part(settings, lambda part: make_of_part(wanted, part, settings, source))
    return ChangedOnly(of_part, make(wanted, inventory, settings, source))


def _properties_that_stay(before: RegistryEntry | None, entry: RegistryEntry) -> dict[str, Any]:
    """Return the properties that the client sends along with a change that leaves them alone.

    The registry refuses such a change of an entry with a struct without them.
    """
    kept = {} if before is None or entry.custom_properties is not None else before.custom_properties or {}
    is_needed = before is not None and any(isinstance(value, OpaqueProperty) for value in kept.values())
    return {"customProperties": create_body(before)["customProperties"]} if is_needed and before is not None else {}


def _read(manifests: Iterable[Manifest]) -> Any:
    text = "\n---\n".join(json.dumps(manifest) for manifest in manifests)
    return read_manifests([Path("-")], io.BytesIO(text.encode()), None)


def carried_out(requests: Iterable[Request], known: Mapping[Place, str]) -> Writes:
    """Return the writes of a registry's log.

    Args:
        requests: the log.
        known: the entries that existed before.
    """
    places = {(_family(place), entry_id): place for place, entry_id in known.items()}
    writes: defaultdict[Place, list[Write]] = defaultdict(list)
    for request in requests:
        parts = request.path.split("/")[4:]
        family, entry_id = FAMILIES[parts[-1] if request.method == "POST" else parts[0]], request.answer["id"]
        if request.method == "POST":
            kind = request.answer.get("artifactType", family)
            parent_id = parts[1] if len(parts) == 3 else request.answer.get("registeredModelId")
            above = () if parent_id is None else places[_parent_family(kind), parent_id].names
            places[family, entry_id] = Place(kind, (*above, request.answer["name"]))
        writes[places[family, entry_id]].append((request.method, _comparable(request.body)))
    return writes


def _family(place: Place) -> str:
    return "artifact" if place.kind.endswith("artifact") else place.kind


def _parent_family(kind: str) -> str:
    return "RegisteredModel" if kind == "ModelVersion" else "ModelVersion"


def _comparable(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body without the parent's ID, which the place has, and without its own."""
    return {name: value for name, value in body.items() if name not in {"registeredModelId", "id"}}
