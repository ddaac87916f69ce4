"""Registering a model, a version and the version's artifact, in steps that another attempt completes."""

from collections.abc import Iterator
from typing import TypedDict, TypeVar

from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, DuplicateError
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry

EntryT = TypeVar("EntryT", bound=RegistryEntry)


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
    client: ModelRegistryAPIClient,
    model: RegisteredModel,
    version: ModelVersion,
    artifact: ModelArtifact,
    *,
    exist_ok: bool = False,
) -> RegisteredModel:
    """Create a version with its artifact, and its model if no model has that name. Return the model.

    The registry has no transactions. The artifact is created last, so a version without an artifact is one whose
    registration did not finish. It is completed if it equals the version to register.

    Args:
        client: The client.
        model: The model. An existing one is used as it is.
        version: The version.
        artifact: The artifact.
        exist_ok: Accept a version that exists with its artifact, if both have the values to register. They may have
            more custom properties.

    Raises:
        DuplicateError: If the version exists with its artifact (with `exist_ok`: and with other values), or without it
            and with other values.
    """
    model = await client.get_or_create_registered_model(model)
    try:
        stored = await client.upsert_model_version(version, model.id)
    except ConflictError:
        existing = await client.get_model_version_by_params(model.id, version.name)
        if existing is None:
            raise  # the external ID is taken
        stored = existing
        existing_artifact = await client.get_model_artifact_by_params(artifact.name, stored.id)
        differing = ", ".join(_differing_fields(version, stored))
        if existing_artifact is not None:
            _check_existing(version, artifact, existing_artifact, differing, exist_ok=exist_ok)
            return model
        if differing:
            raise DuplicateError(
                f"Version {version.name} already exists, without its artifact and with another {differing}: register "
                f"it with the same values as before to complete it, or `update` version {stored.id} first"
            ) from None
    try:
        await client.upsert_model_version_artifact(artifact, stored.id)
    except ConflictError:
        existing_artifact = await client.get_model_artifact_by_params(artifact.name, stored.id)
        if existing_artifact is None:
            raise  # the external ID is taken
        # The same registration has run elsewhere at the same time, and was faster.
        differing = ", ".join(_differing_fields(version, stored))
        _check_existing(version, artifact, existing_artifact, differing, exist_ok=exist_ok)
    return model


def _check_existing(
    version: ModelVersion, artifact: ModelArtifact, stored: ModelArtifact, differing: str, *, exist_ok: bool
) -> None:
    """Check whether a version that exists with its artifact is what was to be registered.

    Raises:
        DuplicateError: If it is not, or must not exist.
    """
    if not exist_ok:
        raise DuplicateError(f"Version {version.name} already exists") from None
    of_artifact = ", ".join(_differing_fields(artifact, stored))
    if differing or of_artifact:
        found = [f"another {differing}"] if differing else []
        found += [f"an artifact with another {of_artifact}"] if of_artifact else []
        raise DuplicateError(f"Version {version.name} already exists, with {' and '.join(found)}") from None


def _differing_fields(entry: EntryT, stored: EntryT) -> Iterator[str]:
    """Yield the fields that are set in an entry and differ from what is stored. The state may have changed since."""
    for field in sorted(type(entry).model_fields.keys() - {"id", "state"}):
        value = getattr(entry, field)
        if value is not None and not _is_same(value, getattr(stored, field)):
            yield field


def _is_same(value: object, stored: object) -> bool:
    """Return equality, of properties in their types too: Python's True equals 1 and 1.0, the registry keeps three."""
    if not isinstance(value, dict) or not isinstance(stored, dict):
        return value == stored
    # What others have added since, such as the operator's own property, is no difference.
    shared = {name: stored[name] for name in value if name in stored}
    return value == shared and all(type(value[name]) is type(shared[name]) for name in value)
