"""What the registry holds, by place; and writes by hand."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import httpx

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey
from registrar.kinds.table import entry_kind, kind_of
from registrar.registries.connection import reading
from registrar.registries.inventory import Inventory
from registrar.settings import RegistrySettings
from tests.cli.plan.oracle.cases import OWNER_PROPERTY, Place, Put
from tests.support.resources import Manifest

PATHS = {"RegisteredModel": "registered_models", "ModelVersion": "model_versions"}


def read_inventory(url: str) -> Inventory:
    """Return everything that a registry holds, as ``registrar snapshot`` reads it."""

    async def read() -> Inventory:
        async with reading(RegistrySettings(registry_url=url)) as reader:
            return await reader.read(lambda _: None)

    return asyncio.run(read())


def entries_of(inventory: Inventory) -> dict[Place, RegistryEntry]:
    """Return every entry that a manifest can represent."""
    models = {str(model.id): str(model.name) for model in inventory.models}
    names = {
        str(version.id): (models[str(version.registered_model_id)], str(version.name)) for version in inventory.versions
    }
    found: dict[Place, RegistryEntry] = {Place("RegisteredModel", (str(each.name),)): each for each in inventory.models}
    found |= {Place("ModelVersion", names[str(version.id)]): version for version in inventory.versions}
    for version_id, artifacts in inventory.artifacts.items():
        for artifact in artifacts:
            kind = entry_kind(type(artifact))
            if kind is not None:
                found[Place(kind.name, (*names[version_id], str(artifact.name)))] = artifact
    return found


def ids_of(inventory: Inventory) -> dict[Place, str]:
    """Return the ID of every entry that a manifest can represent."""
    return {place: str(entry.id) for place, entry in entries_of(inventory).items()}


def half_adopted(resources: Mapping[ResourceKey, Manifest], entries: Mapping[Place, RegistryEntry]) -> set[str]:
    """Return the names of resources whose status records an entry that does not carry their stamp.

    The operator records what it is about to write, and the registry refused that. No plan without the status knows.
    """
    stamps = {
        (place.kind, entry.id): str((entry.custom_properties or {}).get(OWNER_PROPERTY))
        for place, entry in entries.items()
    }
    found = set()
    for key, manifest in resources.items():
        status = manifest.get("status", {})
        recorded = [(kind_of(key.kind).entry.name, status.get("id"), key.path)]
        recorded += [
            (each["type"], each.get("id"), f"{key.path}#{each['name']}") for each in status.get("artifacts", ())
        ]
        if any(
            stamps.get((kind, entry_id), f"/{path}")[-len(path) - 1 :] != f"/{path}"
            for kind, entry_id, path in recorded
        ):
            found.add(key.name)
    return found


def part_of(inventory: Inventory, belongs: Callable[[str], bool]) -> Inventory:
    """Return the part of an inventory below some models, by their names."""
    models = [model for model in inventory.models if belongs(str(model.name))]
    model_ids = {str(model.id) for model in models}
    versions = [version for version in inventory.versions if str(version.registered_model_id) in model_ids]
    version_ids = {str(version.id) for version in versions}
    artifacts = {key: found for key, found in inventory.artifacts.items() if key in version_ids}
    return Inventory(models, versions, artifacts, [])


class Hands:
    """Someone who writes to the registry by hand: what it refuses stays undone.

    Args:
        url: the registry.
        http: the connection.
    """

    def __init__(self, url: str, http: httpx.Client) -> None:
        self._root = f"{url}/api/model_registry/v1alpha3"
        self._http = http

    def put(self, puts: Iterable[Put], ids: Mapping[Place, str]) -> dict[Place, str]:
        """Write; returns the IDs of all entries, those that exist among them."""
        known = dict(ids)
        for put in puts:
            path = PATHS.get(put.place.kind, "artifacts")
            if put.place in known:
                self._change(f"{path}/{known[put.place]}", put)
            elif len(put.place.names) == 1 or put.place.parent in known:
                parent_id = "" if len(put.place.names) == 1 else known[put.place.parent]
                entry_id = self._create(path, parent_id, put)
                if entry_id is not None:
                    known[put.place] = entry_id
        return known

    def _change(self, path: str, put: Put) -> None:
        found = self._http.get(f"{self._root}/{path}").json()
        before = {name: _sendable(value) for name, value in found.get("customProperties", {}).items()}
        properties = {**before, **put.properties}
        kept = {name: value for name, value in properties.items() if value is not None}
        typed = {"artifactType": found["artifactType"]} if "artifactType" in found else {}
        # The registry resets a state that is not sent.
        body = {**typed, "state": found.get("state"), **put.fields, "customProperties": kept}
        self._check(self._http.patch(f"{self._root}/{path}", json=body))

    def _create(self, path: str, parent_id: str, put: Put) -> str | None:
        properties = {name: value for name, value in put.properties.items() if value is not None}
        body: dict[str, Any] = {"name": put.place.names[-1], **put.fields, "customProperties": properties}
        if path == "model_versions":
            body["registeredModelId"] = parent_id
        elif path == "artifacts":
            path = f"model_versions/{parent_id}/artifacts"
            body["artifactType"] = put.place.kind
        answer = self._http.post(f"{self._root}/{path}", json=body)
        self._check(answer)
        return str(answer.json()["id"]) if answer.is_success else None

    def _check(self, answer: httpx.Response) -> None:
        # A taken external ID is refused, as anyone's would be.
        assert answer.is_success or answer.status_code == httpx.codes.CONFLICT, answer.text


def _sendable(value: dict[str, Any]) -> dict[str, Any]:
    """Return a custom property as the registry takes it back: it returns the text of a struct, and wants base64."""
    if "struct_value" not in value:
        return value
    return {**value, "struct_value": base64.b64encode(value["struct_value"].encode()).decode()}
