"""Checks of the parameters of `ModelRegistryAPIClient`'s methods."""

from collections.abc import Mapping

from model_registry._wire import require_same_identity
from model_registry.types import ModelVersion


def model_id_for(model_version: ModelVersion, registered_model_id: str | None) -> str:
    """Return the ID of the model in which to create a version.

    Raises:
        ValueError: If neither the argument nor the version names a model.
    """
    model_id = registered_model_id or model_version.registered_model_id
    if not model_id:
        raise ValueError(f"Registered model ID required for creating a new model version: {model_version.name!r}")
    return model_id


def require_same_model(model_version: ModelVersion, registered_model_id: str | None) -> None:
    """Check that a version which exists is not to be moved to another model.

    Raises:
        ValueError: If it is.
    """
    if registered_model_id:
        require_same_identity(model_version.model_copy(update={"registered_model_id": registered_model_id}))


def require_one_of(*alternatives: Mapping[str, str | None]) -> None:
    """Check that at least one of several sets of parameters is given in full, and no name without its parent.

    Raises:
        TypeError: If none is, or a name is given without the ID that goes with it.
    """
    if not any(all(value is not None for value in alternative.values()) for alternative in alternatives):
        listed = " or ".join("(" + ", ".join(repr(name) for name in alternative) + ")" for alternative in alternatives)
        raise TypeError(f"Missing required arguments; Expected either {listed} arguments to be given")
    for alternative in alternatives:
        missing = [name for name, value in alternative.items() if value is None]
        if missing and alternative.get("name") is not None:
            raise TypeError(f"Missing required argument {missing[0]!r}: a name is unique only below its parent")
