"""The client for the registry's REST API, with one method per operation."""

from typing import TYPE_CHECKING, TypeVar

from model_registry._base_client import BaseClient
from model_registry._endpoints import ARTIFACT, MODEL_ARTIFACT, MODEL_VERSION, REGISTERED_MODEL, within
from model_registry._entries import Entries
from model_registry._parameters import model_id_for, require_one_of, require_same_model
from model_registry._transport import Transport
from model_registry._upstream_compat import CORE, CORE_FIELDS, missing_attribute
from model_registry.exceptions import ConflictError
from model_registry.types import (
    Artifact,
    ArtifactTypeQueryParam,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    RegisteredModel,
)

ArtifactT = TypeVar("ArtifactT", bound=Artifact)


class ModelRegistryAPIClient(BaseClient):
    """A client for one registry. Create it with `secure_connection`, `insecure_connection` or `connect`.

    Creating a client opens no connection and needs no event loop. The client checks the address at the first call. One
    client can serve any number of event loops, threads and forked processes, each with its own connections. `async
    with`, `aclose()` or the end of the event loop closes them.

    At most 16 requests are in flight per event loop. The others wait for a slot.

    `upsert_*` creates an entry that has no ID. Otherwise, it updates the entry with this ID: a field that is None keeps
    its value, `""`, `[]` and `{}` clear a field, and a map of custom properties replaces the whole map. It returns the
    entry as stored and does not change its argument. `get_*` returns None if the entry does not exist. `get_*s` returns
    all entries, or the page that its options ask for.

    Every method raises these exceptions of `model_registry.exceptions`:
        APIStatusError: The matching subclass, if the server answers with an error.
        ConnectionFailed: If there is no response. `OutcomeUnknown` if a create may have succeeded.

    and `ValueError` for an invalid address, token or argument, such as an entry without an ID where one is needed.
    """

    if not TYPE_CHECKING:  # otherwise a type checker would accept every name
        __getattr__ = missing_attribute(CORE | CORE_FIELDS)

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self._models = Entries(transport, REGISTERED_MODEL)
        self._versions = Entries(transport, MODEL_VERSION)
        self._model_artifacts = Entries(transport, MODEL_ARTIFACT)
        self._artifacts = Entries(transport, ARTIFACT)

    async def upsert_registered_model(self, registered_model: RegisteredModel) -> RegisteredModel:
        """Create or update a model.

        Raises:
            ConflictError: If its name or external ID is taken. It never updates by name.
            IdentityMismatch: If the ID now belongs to a model with another name.
        """
        if registered_model.id:
            return await self._models.update(registered_model)
        return await self._models.create(registered_model)

    async def get_or_create_registered_model(self, registered_model: RegisteredModel) -> RegisteredModel:
        """Create a model, or return the model with that name unchanged.

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
        """Return the model that has exactly this name, this external ID, or both.

        Raises:
            TypeError: If neither is given.
            AmbiguousEntryError: If several entries have that name.
        """
        require_one_of({"name": name}, {"external_id": external_id})
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
            registered_model_id: ID of its model. Required to create, unless the version itself has it.

        Raises:
            ValueError: If the version is new and no model ID is given, or if it belongs to another model.
            ConflictError: If its name within the model, or its external ID, is taken. It never updates by name.
            IdentityMismatch: If the ID now belongs to a version with another name or model.
        """
        if model_version.id:
            require_same_model(model_version, registered_model_id)
            return await self._versions.update(model_version)
        parent_id = model_id_for(model_version, registered_model_id)
        return await self._versions.create(model_version, parent_id=parent_id, registeredModelId=parent_id)

    async def get_or_create_model_version(
        self, model_version: ModelVersion, registered_model_id: str | None = None
    ) -> ModelVersion:
        """Create a version, or return the version with that name in the same model unchanged.

        Raises:
            ValueError: If no model ID is given.
            ConflictError: If its external ID is taken.
        """
        parent_id = model_id_for(model_version, registered_model_id)
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
        """Return the version that has exactly this name in this model, this external ID, or both.

        Args:
            registered_model_id: ID of the model.
            name: Name of the version.
            external_id: External ID of the version.
            version: Another name for the parameter `name`.

        Raises:
            TypeError: If neither the model's ID and a name nor an external ID is given, or if both `name` and `version`
                are given.
            AmbiguousEntryError: If several entries have that name.
        """
        if name is not None and version is not None:
            raise TypeError("`version` is another name for the parameter `name`: pass only one of them")
        name = version if name is None else name
        require_one_of({"registered_model_id": registered_model_id, "name": name}, {"external_id": external_id})
        return await self._versions.find(name, registered_model_id, external_id)

    async def get_model_version_by_alias(self, registered_model_id: str | None, alias: str) -> ModelVersion | None:
        """Return the version that an alias of the model names, such as `champion`; None without such an alias.

        An alias is the string property `alias.<name>` of the model, whose value is the name of the version.
        """
        model = await self._models.get(registered_model_id)
        name = None if model is None else (model.custom_properties or {}).get(f"alias.{alias}")
        return await self._versions.find(name, registered_model_id, None) if isinstance(name, str) and name else None

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
            model_version_id: ID of the version it belongs to. None creates an artifact without a version. The registry
                accepts several of these with the same name.

        Raises:
            NotFound: If the version does not exist.
            ConflictError: If its name within the version, or its external ID, is taken. It never updates by name.
            IdentityMismatch: If the ID now belongs to an artifact with another name.
        """
        if model_version_id is not None:
            return await self.upsert_model_version_artifact(model_artifact, model_version_id)
        if model_artifact.id:
            return await self._model_artifacts.update(model_artifact)
        return await self._model_artifacts.create(model_artifact)

    async def upsert_model_version_artifact(self, artifact: ArtifactT, model_version_id: str | None) -> ArtifactT:
        """Create an artifact of any type in a version, or update it and also link it to that version.

        Raises:
            NotFound: If the version does not exist.
            ConflictError: If its name within the version, or its external ID, is taken. It never updates by name.
            IdentityMismatch: If the ID now belongs to an artifact with another name.
        """
        path = within(ARTIFACT, model_version_id)
        return await self._artifacts.create(artifact, path, parent_id=model_version_id)

    async def upsert_artifact(self, artifact: ArtifactT) -> ArtifactT:
        """Create an artifact of any type without a version, or update an artifact.

        Raises:
            ConflictError: If its external ID is taken.
            IdentityMismatch: If the ID now belongs to an artifact with another name.
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
        """Return the artifact with this ID, of any type."""
        return await self._artifacts.get(artifact_id)

    async def get_model_artifact_by_params(
        self, name: str | None = None, model_version_id: str | None = None, external_id: str | None = None
    ) -> ModelArtifact | None:
        """Return the model artifact that has exactly this name in this version, this external ID, or both.

        Raises:
            TypeError: If neither a name and the version's ID nor an external ID is given.
            AmbiguousEntryError: If several entries have that name.
        """
        require_one_of({"name": name, "model_version_id": model_version_id}, {"external_id": external_id})
        return await self._model_artifacts.find(name, model_version_id, external_id)

    async def get_artifact_by_params(
        self, name: str | None = None, model_version_id: str | None = None, external_id: str | None = None
    ) -> Artifact | None:
        """Return the artifact of any type that has exactly this name in this version, or this external ID.

        Raises:
            TypeError: If neither a name and the version's ID nor an external ID is given.
            AmbiguousEntryError: If several artifacts have that name. Artifacts of different types may.
        """
        require_one_of({"name": name, "model_version_id": model_version_id}, {"external_id": external_id})
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
        """Return the artifacts of a version, of any type."""
        return await self._artifacts.page(within(ARTIFACT, model_version_id), options)

    async def get_artifacts(
        self,
        filter_query: str | None = None,
        artifact_type: ArtifactTypeQueryParam | str | None = None,
        options: ListOptions | None = None,
    ) -> list[Artifact]:
        """Return the artifacts of the whole registry, of any type.

        Args:
            filter_query: Return only artifacts that meet this condition. Overrides the options.
            artifact_type: Return only artifacts of this type. Overrides the options.
            options: How many, and in which order.
        """
        params = {"filterQuery": filter_query, "artifactType": artifact_type}
        given = {name: str(value) for name, value in params.items() if value is not None}
        return await self._artifacts.page(ARTIFACT.collection, options, **given)
