"""The paths of each kind of entry below `/api/model_registry/<version>`."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from model_registry._request import not_text
from model_registry.types import Artifact, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry

EntryT = TypeVar("EntryT", bound=RegistryEntry)


@dataclass(frozen=True)
class Kind(Generic[EntryT]):
    """A kind of entry and its paths.

    Attributes:
        entry: The class of its entries.
        noun: Its name in messages, the registry's and this package's.
        collection: Path to list and to create entries. `collection`/id reads one.
        update: `update`/id is the path to PATCH an entry.
        find: Path that finds one entry by name or external ID.
        parents: Collection of the entries it belongs to, or "" if it belongs to none.
        children: Its name below its parent: `parents`/id/`children`.
    """

    entry: type[EntryT]
    noun: str
    collection: str
    update: str
    find: str
    parents: str = ""
    children: str = ""


REGISTERED_MODEL = Kind(
    entry=RegisteredModel,
    noun="registered model",
    collection="/registered_models",
    update="/registered_models",
    find="/registered_model",
)
MODEL_VERSION = Kind(
    entry=ModelVersion,
    noun="model version",
    collection="/model_versions",
    update="/model_versions",
    find="/model_version",
    parents=REGISTERED_MODEL.collection,
    children="versions",
)
MODEL_ARTIFACT = Kind(
    entry=ModelArtifact,
    noun="model artifact",
    collection="/model_artifacts",
    update="/artifacts",  # /model_artifacts would reset a state that is not sent
    find="/model_artifact",
    parents=MODEL_VERSION.collection,
    children="artifacts",
)
ARTIFACT = Kind(
    entry=Artifact,
    noun="artifact",
    collection="/artifacts",
    update="/artifacts",
    find="/artifact",
    parents=MODEL_VERSION.collection,
    children="artifacts",
)

_STEPS = (".", "..")
"""HTTP libraries resolve these in a path, also where they are escaped."""

CONTEXTS: tuple[Kind[Any], ...] = (REGISTERED_MODEL, MODEL_VERSION)
"""The kinds among which an external ID is unique. Artifacts have a separate set of external IDs."""


def item(collection: str, entry_id: str | None) -> str:
    """Return the path of one entry of a collection.

    Raises:
        ValueError: If the ID is empty, or a step in a path: the path would be that of another collection. Or if it is
            not text that can be sent.
    """
    if not entry_id:
        raise ValueError("An ID is needed, and this one is empty: an entry gets its ID when it is created")
    if str(entry_id) in _STEPS:
        raise ValueError(f"{entry_id!r} is no ID: pass the ID that the registry has assigned to the entry")
    try:
        return f"{collection}/{quote(str(entry_id), safe='')}"
    except UnicodeEncodeError as error:
        raise not_text("an ID") from error


def within(kind: Kind[EntryT], parent_id: str | None) -> str:
    """Return the path of the entries of a kind that belong to one parent.

    Raises:
        ValueError: If the ID is empty.
    """
    return f"{item(kind.parents, parent_id)}/{kind.children}"
