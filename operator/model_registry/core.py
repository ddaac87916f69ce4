"""The client of the registry's REST API: one method per operation."""

from collections.abc import Mapping
from typing import TypeVar

from ._connection import Connection
from ._endpoints import ARTIFACT, MODEL_ARTIFACT, MODEL_VERSION, REGISTERED_MODEL, within
from ._entries import Entries
from ._left_out import CORE, LeavesOut
from ._transport import Transport
from .exceptions import ConflictError
from .types import Artifact, ArtifactTypeQueryParam, ListOptions, ModelArtifact, ModelVersion, RegisteredModel

ArtifactT = TypeVar("ArtifactT", bound=Artifact)


class ModelRegistryAPIClient(Connection, LeavesOut):
    """A client of one registry; make it with `secure_connection`, `insecure_connection` or `connect`.

    Making one opens nothing and needs no event loop; the address is checked at the first call. One client serves any
    number of event loops, threads and forked processes, each with its own connections. They are closed by
    `async with`, by `aclose()`, or by the end of the event loop.

    At most 16 requests are under way per event loop; the others wait for their turn.

    `upsert_*` creates an entry that has no ID and updates the one that its ID names: fields that are None are left
    alone, `""`, `[]` and `{}` clear, a map of custom properties replaces the whole. It returns the entry as stored and
    does not change its argument. `get_*` returns None for what does not exist. `get_*s` returns everything, or the
    page that its options ask for.

    Every method raises, of `model_registry.exceptions`:
        APIStatusError: The subclass that fits, if the server answers with an error.
        ConnectionFailed: If there is no answer; `OutcomeUnknown` if a create may have been carried out.

    and `ValueError` for an address, a token or an argument that cannot be right, such as the ID of an entry that has
    none.
    """

    _left_out = CORE

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._models = Entries(transport, REGISTERED_MODEL)
        self._versions = Entries(transport, MODEL_VERSION)
        self._model_artifacts = Entries(transport, MODEL_ARTIFACT)
        self._artifacts = Entries(transport, ARTIFACT)

    async def upsert_registered_model(self, registered_model: RegisteredModel) -> RegisteredModel:
        """Create or update a model.

        Raises:
            ConflictError: If its name or external ID is taken; never updates by name.
            IdentityMismatch: If the ID is now of a model with another name.
        """
        if registered_model.id:
            return await self._models.update(registered_model)
        return await self._models.create(registered_model)

    async def get_or_create_registered_model(self, registered_model: RegisteredModel) -> RegisteredModel:
        """Create a model, or return the one of that name as it is.

        Raises:
            ConflictError: If its external ID is taken.
        """
        try:
            return await self._models.create(registered_model)
        except ConflictError:
            existing = await self._models.find(registered_model.name, None, None)
            if existing is None:
                raise
            return existing

    async def get_registered_model_by_id(
        self,
        id: str | None,  # noqa: A002 - upstream's name for it
    ) -> RegisteredModel | None:
        """Return the model with this ID."""
        return await self._models.get(id)

    async def get_registered_model_by_params(
        self, name: str | None = None, external_id: str | None = None
    ) -> RegisteredModel | None:
        """Return the model of exactly this name, or with this external ID, or with both.

        Raises:
            TypeError: If neither is given.
            AmbiguousEntryError: If several have that name.
        """
        _require({"name": name}, {"external_id": external_id})
        return await self._models.find(name, None, external_id)

    async def get_registered_models(self, options: ListOptions | None = None) -> list[RegisteredModel]:
        """Return the models."""
        return await self._models.page(REGISTERED_MODEL.collection, options)

    async def upsert_model_version(
        self, model_version: ModelVersion, registered_model_id: str | None = None
    ) -> ModelVersion:
        """Create or update a version.

        The registry does not check that the model exists.

        Args:
            model_version: The version.
            registered_model_id: ID of its model; needed to create, unless the version itself names it.

        Raises:
            ValueError: If there is no model ID to create the version with.
            ConflictError: If its name within the model, or its external ID, is taken; never updates by name.
            IdentityMismatch: If the ID is now of a version with another name or model.
        """
        if model_version.id:
            return await self._versions.update(model_version)
        parent_id = _model_id_of(model_version, registered_model_id)
        return await self._versions.create(model_version, parent_id=parent_id, registeredModelId=parent_id)

    async def get_or_create_model_version(
        self, model_version: ModelVersion, registered_model_id: str | None = None
    ) -> ModelVersion:
        """Create a version, or return the one of that name in the same model as it is.

        Raises:
            ValueError: If there is no model ID.
            ConflictError: If its external ID is taken.
        """
        parent_id = _model_id_of(model_version, registered_model_id)
        try:
            return await self._versions.create(model_version, parent_id=parent_id, registeredModelId=parent_id)
        except ConflictError:
            existing = await self._versions.find(model_version.name, parent_id, None)
            if existing is None:
                raise
            return existing

    async def get_model_version_by_id(self, model_version_id: str | None) -> ModelVersion | None:
        """Return the version with this ID."""
        return await self._versions.get(model_version_id)

    async def get_model_version_by_params(
        self,
        registered_model_id: str | None = None,
        name: str | None = None,
        external_id: str | None = None,
        *,
        version: str | None = None,
    ) -> ModelVersion | None:
        """Return the version of exactly this name in this model, or with this external ID, or with both.

        Args:
            registered_model_id: ID of the model.
            name: Name of the version.
            external_id: External ID of the version.
            version: Another word for `name`.

        Raises:
            TypeError: If neither the model's ID and a name nor an external ID is given, or two names.
            AmbiguousEntryError: If several have that name.
        """
        if name is not None and version is not None:
            raise TypeError("`version` is another word for `name`: give one of them")
        name = version if name is None else name
        _require({"registered_model_id": registered_model_id, "name": name}, {"external_id": external_id})
        return await self._versions.find(name, registered_model_id, external_id)

    async def get_model_versions(
        self, registered_model_id: str | None = None, options: ListOptions | None = None
    ) -> list[ModelVersion]:
        """Return the versions of a model, or of all models."""
        path = MODEL_VERSION.collection
        if registered_model_id is not None:
            path = within(MODEL_VERSION, registered_model_id)
        return await self._versions.page(path, options)

    async def upsert_model_artifact(
        self, model_artifact: ModelArtifact, model_version_id: str | None = None
    ) -> ModelArtifact:
        """Create or update a model artifact.

        Args:
            model_artifact: The artifact.
            model_version_id: ID of the version it belongs to. Without one, a new artifact belongs to none, and nothing
                keeps a second one of the same name from being created.

        Raises:
            NotFound: If there is no such version.
            ConflictError: If its name within the version, or its external ID, is taken; never updates by name.
            IdentityMismatch: If the ID is now of an artifact with another name.
        """
        if model_version_id is not None:
            return await self.upsert_model_version_artifact(model_artifact, model_version_id)
        if model_artifact.id:
            return await self._model_artifacts.update(model_artifact)
        return await self._model_artifacts.create(model_artifact)

    async def upsert_model_version_artifact(self, artifact: ArtifactT, model_version_id: str | None) -> ArtifactT:
        """Create an artifact of any type in a version, or update it and link it to that version too.

        Raises:
            NotFound: If there is no such version.
            ConflictError: If its name within the version, or its external ID, is taken; never updates by name.
            IdentityMismatch: If the ID is now of an artifact with another name.
        """
        path = within(ARTIFACT, model_version_id)
        return await self._artifacts.create(artifact, path, parent_id=model_version_id)

    async def upsert_artifact(self, artifact: ArtifactT) -> ArtifactT:
        """Create an artifact of any type that belongs to no version, or update one.

        Raises:
            ConflictError: If its external ID is taken.
            IdentityMismatch: If the ID is now of an artifact with another name.
        """
        if artifact.id:
            return await self._artifacts.update(artifact)
        return await self._artifacts.create(artifact)

    async def get_model_artifact_by_id(
        self,
        id: str | None,  # noqa: A002 - upstream's name for it
    ) -> ModelArtifact | None:
        """Return the model artifact with this ID."""
        return await self._model_artifacts.get(id)

    async def get_artifact_by_id(self, artifact_id: str | None) -> Artifact | None:
        """Return the artifact with this ID, of whatever type."""
        return await self._artifacts.get(artifact_id)

    async def get_model_artifact_by_params(
        self, name: str | None = None, model_version_id: str | None = None, external_id: str | None = None
    ) -> ModelArtifact | None:
        """Return the model artifact of exactly this name in this version, or with this external ID, or with both.

        Raises:
            TypeError: If neither a name and the version's ID nor an external ID is given.
            AmbiguousEntryError: If several have that name.
        """
        _require({"name": name, "model_version_id": model_version_id}, {"external_id": external_id})
        return await self._model_artifacts.find(name, model_version_id, external_id)

    async def get_artifact_by_params(
        self, name: str | None = None, model_version_id: str | None = None, external_id: str | None = None
    ) -> Artifact | None:
        """Return the artifact, of whatever type, of exactly this name in this version, or with this external ID.

        Raises:
            TypeError: If neither a name and the version's ID nor an external ID is given.
            AmbiguousEntryError: If several have that name; artifacts of different types may.
        """
        _require({"name": name, "model_version_id": model_version_id}, {"external_id": external_id})
        return await self._artifacts.find(name, model_version_id, external_id)

    async def get_model_artifacts(
        self, model_version_id: str | None = None, options: ListOptions | None = None
    ) -> list[ModelArtifact]:
        """Return the model artifacts of a version, or of the whole registry."""
        if model_version_id is None:
            return await self._model_artifacts.page(MODEL_ARTIFACT.collection, options)
        path = within(MODEL_ARTIFACT, model_version_id)
        return await self._model_artifacts.page(path, options, artifactType=ArtifactTypeQueryParam.MODEL_ARTIFACT)

    async def get_model_version_artifacts(
        self, model_version_id: str | None, options: ListOptions | None = None
    ) -> list[Artifact]:
        """Return the artifacts of a version, of whatever type."""
        return await self._artifacts.page(within(ARTIFACT, model_version_id), options)

    async def get_artifacts(
        self,
        filter_query: str | None = None,
        artifact_type: ArtifactTypeQueryParam | str | None = None,
        options: ListOptions | None = None,
    ) -> list[Artifact]:
        """Return the artifacts of the whole registry, of whatever type.

        Args:
            filter_query: Only those that meet this condition; wins over the options'.
            artifact_type: Only those of this type; wins over the options'.
            options: How many, and in which order.
        """
        params = {"filterQuery": filter_query, "artifactType": artifact_type}
        given = {name: str(value) for name, value in params.items() if value is not None}
        return await self._artifacts.page(ARTIFACT.collection, options, **given)


def _model_id_of(model_version: ModelVersion, registered_model_id: str | None) -> str:
    model_id = registered_model_id or model_version.registered_model_id
    if not model_id:
        raise ValueError(f"Registered model ID required for creating a new model version: {model_version.name!r}")
    return model_id


def _require(*ways: Mapping[str, str | None]) -> None:
    """Check that at least one of the ways to say what is looked for is complete.

    Raises:
        TypeError: If none is.
    """
    if not any(all(value is not None for value in way.values()) for way in ways):
        listed = " or ".join("(" + ", ".join(repr(name) for name in way) + ")" for way in ways)
        raise TypeError(f"Missing required arguments; Expected either {listed} arguments to be given")
