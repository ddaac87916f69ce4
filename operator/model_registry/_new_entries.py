"""The entries that a registration creates, built and checked from its arguments. No I/O."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple, Unpack

from model_registry import _wire
from model_registry._registration import ArtifactFields
from model_registry.types import ArtifactState, ModelArtifact, ModelVersion, RegisteredModel, SupportedTypes


class NewEntries(NamedTuple):
    """What `register` creates, in the order of its arguments."""

    model: RegisteredModel
    version: ModelVersion
    artifact: ModelArtifact


def new_entries(
    name: str,
    uri: str,
    *,
    model_format_name: str,
    model_format_version: str,
    version: str,
    author: str,
    owner: str,
    version_description: str | None,
    description: str | None,
    metadata: Mapping[str, SupportedTypes] | None,
    **more: Unpack[ArtifactFields],
) -> NewEntries:
    """Build the entries from the arguments of `ModelRegistry.register_model`, called by one of its methods.

    Raises:
        ValueError: If the URI is empty, or another argument cannot be a field of its entry.
        UnwritableProperty: If the registry does not accept one of the custom properties.
    """
    if not uri:
        raise ValueError(f"The URI of a model cannot be empty, got {uri!r}: is a variable not set?")
    if description is not None:
        warnings.warn(
            "The 'description' parameter is deprecated and will be removed in a future version. "
            "Use 'version_description' instead.",
            DeprecationWarning,
            stacklevel=3,  # the caller of the method
        )
    new_version = ModelVersion(
        version,
        author=author,
        description=description if version_description is None else version_description,
        custom_properties=metadata,
    )
    artifact = ModelArtifact(
        name,
        uri=uri,
        model_format_name=model_format_name,
        model_format_version=model_format_version,
        state=ArtifactState.UNKNOWN,
        **more,
    )
    entries = NewEntries(RegisteredModel(name, owner=owner), new_version, artifact)
    for entry in entries:
        _wire.create_body(entry)  # the check before sending, before the first of them is sent
    return entries
