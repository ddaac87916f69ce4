"""How entries of each kind are read and written through Kubeflow's API: one row for each kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from model_registry import ModelRegistryAPIClient
from model_registry.exceptions import AmbiguousEntryError, NotFound
from model_registry.types import ListOptions, RegistryEntry
from registrar.kinds import artifacts, model_version, registered_model
from registrar.kinds.base import EntryKind

Client = ModelRegistryAPIClient


@dataclass(frozen=True, slots=True)
class Operations:
    """The client's calls for one kind.

    Attributes:
        get: by ID; None if no entry has it.
        find: by exact name and parent ID.
        create: an entry, under a parent ID.
        update: an entry with an ID; sends nothing but what is set on it.
        list_page: one page of the kind's family; writes the next page's token into the options.
    """

    get: Callable[[Client, str], Awaitable[RegistryEntry | None]]
    find: Callable[[Client, str, str], Awaitable[RegistryEntry | None]]
    create: Callable[[Client, Any, str], Awaitable[RegistryEntry]]
    update: Callable[[Client, Any], Awaitable[RegistryEntry]]
    list_page: Callable[[Client, ListOptions], Awaitable[list[Any]]]


REGISTERED_MODEL = Operations(
    get=lambda client, entry_id: client.get_registered_model_by_id(entry_id),
    find=lambda client, name, _: client.get_registered_model_by_params(name=name),
    create=lambda client, entry, _: client.upsert_registered_model(entry),
    update=lambda client, entry: client.upsert_registered_model(entry),
    list_page=lambda client, options: client.get_registered_models(options),
)

MODEL_VERSION = Operations(
    get=lambda client, entry_id: client.get_model_version_by_id(entry_id),
    find=lambda client, name, parent_id: client.get_model_version_by_params(parent_id, name),
    # The server does not check that the model exists: the stage that resolved the parent has.
    create=lambda client, entry, parent_id: client.upsert_model_version(entry, parent_id),
    update=lambda client, entry: client.upsert_model_version(entry),
    list_page=lambda client, options: client.get_model_versions(None, options),
)


def sole(found: Sequence[RegistryEntry], ambiguity: str) -> RegistryEntry | None:
    """Return the one entry that was found; None if none was.

    Raises:
        AmbiguousEntryError: there are several; the message is the given one, with their IDs.
    """
    if len(found) > 1:
        raise AmbiguousEntryError(f"{ambiguity} (ids {', '.join(str(entry.id) for entry in found)})", list(found))
    return found[0] if found else None


def _artifact(kind: EntryKind) -> Operations:
    async def get(client: Client, entry_id: str) -> RegistryEntry | None:
        entry = await client.get_artifact_by_id(entry_id)
        return entry if type(entry) is kind.entry else None

    async def find(client: Client, name: str, parent_id: str) -> RegistryEntry | None:
        # The find endpoint also matches <anything>:<name>, so the version's artifacts are listed and compared.
        try:
            listed = await client.get_model_version_artifacts(parent_id)
        except NotFound:
            return None
        return sole(
            [artifact for artifact in listed if type(artifact) is kind.entry and artifact.name == name],
            f"the version {parent_id} has several {kind.name}s named {name!r}",
        )

    return Operations(
        get=get,
        find=find,
        # Only this endpoint keeps names unique within the version.
        create=lambda client, entry, parent_id: client.upsert_model_version_artifact(entry, parent_id),
        update=lambda client, entry: client.upsert_artifact(entry),
        list_page=lambda client, options: client.get_artifacts(options=options),
    )


OPERATIONS: dict[str, Operations] = {
    registered_model.ENTRY.name: REGISTERED_MODEL,
    model_version.ENTRY.name: MODEL_VERSION,
    artifacts.MODEL_ARTIFACT.name: _artifact(artifacts.MODEL_ARTIFACT),
    artifacts.DOC_ARTIFACT.name: _artifact(artifacts.DOC_ARTIFACT),
}
"""By the entry kind's name."""
