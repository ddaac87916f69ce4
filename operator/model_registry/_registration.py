"""Registering a model, a version and the version's artifact, in steps that another attempt completes."""

from collections.abc import Iterator
from typing import TypedDict

from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, DuplicateError
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel


class ArtifactFields(TypedDict, total=False):
    """The optional fields of the `ModelArtifact` that a registration creates."""

    storage_key: str | None
    storage_path: str | None
    service_account_name: str | None
    model_source_kind: str | None
    model_source_class: str | None
    model_source_group: str | None
    model_source_id: str | None
    model_source_name: str | None


async def register(
    client: ModelRegistryAPIClient, model: RegisteredModel, version: ModelVersion, artifact: ModelArtifact
) -> RegisteredModel:
    """Create a version with its artifact, and its model if no model has that name. Return the model.

    The registry has no transactions. The artifact is created last, so a version without an artifact is one whose
    registration did not finish. It is completed if it equals the version to register.

    Raises:
        DuplicateError: If the version exists with its artifact, or without it and with other values.
    """
    model = await client.get_or_create_registered_model(model)
    try:
        stored = await client.upsert_model_version(version, model.id)
    except ConflictError:
        existing = await client.get_model_version_by_params(model.id, version.name)
        if existing is None:
            raise  # the external ID is taken
        stored = existing
        if await client.get_model_artifact_by_params(artifact.name, stored.id) is not None:
            raise DuplicateError(f"Version {version.name} already exists") from None
        differing = ", ".join(_differing_fields(version, stored))
        if differing:
            raise DuplicateError(
                f"Version {version.name} already exists, without its artifact and with another {differing}: register "
                f"it with the same values as before to complete it, or `update` version {stored.id} first"
            ) from None
    await client.upsert_model_version_artifact(artifact, stored.id)
    return model


def _differing_fields(version: ModelVersion, stored: ModelVersion) -> Iterator[str]:
    """Yield the fields that are set in the version and differ from what is stored."""
    for field in ("author", "description", "custom_properties"):
        value = getattr(version, field)
        if value is not None and value != getattr(stored, field):
            yield field
