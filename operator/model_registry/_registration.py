"""Registering a model, one version of it and that version's artifact, in steps that a repetition completes."""

from collections.abc import Iterator
from typing import TypedDict

from .core import ModelRegistryAPIClient
from .exceptions import ConflictError, DuplicateError
from .types import ModelArtifact, ModelVersion, RegisteredModel


class ArtifactFields(TypedDict, total=False):
    """The fields of a `ModelArtifact` that a registration may do without."""

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
    """Create a version with its artifact, and its model if there is none of that name; return the model.

    The registry has no transactions. The artifact comes last, so a version without it is one whose registration did
    not get to its end: it is completed, if it is the version that would be written now.

    Raises:
        DuplicateError: If the version is there with its artifact, or without it and different.
    """
    model = await client.get_or_create_registered_model(model)
    try:
        stored = await client.upsert_model_version(version, model.id)
    except ConflictError:
        existing = await client.get_model_version_by_params(model.id, version.name)
        if existing is None:
            raise  # it is the external ID that is taken
        stored = existing
        if await client.get_model_artifact_by_params(artifact.name, stored.id) is not None:
            raise DuplicateError(f"Version {version.name} already exists") from None
        differing = ", ".join(_differing(version, stored))
        if differing:
            raise DuplicateError(
                f"Version {version.name} already exists, without its artifact and with another {differing}: register "
                f"it with the same values as before to complete it, or `update` version {stored.id} first"
            ) from None
    await client.upsert_model_version_artifact(artifact, stored.id)
    return model


def _differing(meant: ModelVersion, stored: ModelVersion) -> Iterator[str]:
    """The fields that are to be written and are not stored so."""
    for field in ("author", "description", "custom_properties"):
        value = getattr(meant, field)
        if value is not None and value != getattr(stored, field):
            yield field
