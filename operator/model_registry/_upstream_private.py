"""The private names of upstream's `ModelRegistry` that published programs use, such as upstream's own upload job."""

from typing import Any

from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, DuplicateError
from model_registry.types import ArtifactState, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry


class UpstreamPrivateNames:
    """The asynchronous steps of a registration, and upstream's name for the asynchronous client.

    The steps ignore fields that the entry does not have, as upstream's do. MLflow's store passes its tags in this way.

    Attributes:
        api: The underlying asynchronous client.
    """

    api: ModelRegistryAPIClient

    @property
    def _api(self) -> ModelRegistryAPIClient:
        """Upstream's private name for `api`."""
        return self.api

    async def _register_model(self, name: str, **fields: Any) -> RegisteredModel:
        """Create a model, or return the model with that name unchanged."""
        return await self.api.get_or_create_registered_model(RegisteredModel(name, **_known(RegisteredModel, fields)))

    async def _register_new_version(
        self, rm: RegisteredModel, version: str, author: str, /, **fields: Any
    ) -> ModelVersion:
        """Create a version of a model.

        Raises:
            DuplicateError: If the version exists.
        """
        try:
            entry = ModelVersion(version, author=author, **_known(ModelVersion, fields))
            return await self.api.upsert_model_version(entry, rm.id)
        except ConflictError as conflict:
            if getattr(conflict.holder, "name", version) != version:
                raise  # the external ID is taken
            raise DuplicateError(f"Version {version} already exists") from conflict

    async def _register_model_artifact(self, mv: ModelVersion, name: str, uri: str, /, **fields: Any) -> ModelArtifact:
        """Create a model artifact of a version. As upstream's, its state is UNKNOWN if none is given."""
        artifact = ModelArtifact(name, uri=uri, **{"state": ArtifactState.UNKNOWN, **_known(ModelArtifact, fields)})
        return await self.api.upsert_model_version_artifact(artifact, mv.id)


def _known(cls: type[RegistryEntry], fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a class has, by its names or the registry's."""
    known = {name for field, info in cls.model_fields.items() for name in (field, info.alias)}
    return {name: value for name, value in fields.items() if name in known}
