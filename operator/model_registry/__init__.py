"""An async, typed client for the REST API of the Kubeflow Model Registry."""

from importlib import metadata


def _refuse_namesake() -> None:
    """Refuse to run on mixed files: pip installs both distributions, and the second overwrites modules of the first."""
    try:
        namesake = metadata.version("model-registry")
    except metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"The distribution `model-registry` {namesake} is also installed. It contains the same package, "
        "`model_registry`, as `model-registrar`, so files of both are mixed. Keep one: run "
        "`pip uninstall --yes model-registry model-registrar`, then install the one that you want."
    )


_refuse_namesake()

from model_registry._bulk import Results, bulk  # noqa: E402 - only after the check that the files are not mixed
from model_registry.core import ModelRegistryAPIClient  # noqa: E402 - the same
from model_registry.registry import ModelRegistry  # noqa: E402 - the same
from model_registry.types import (  # noqa: E402 - the same
    Artifact,
    DocArtifact,
    ListOptions,
    ModelArtifact,
    ModelVersion,
    Pager,
    RegisteredModel,
)

__version__ = "0.1.0"

__all__ = [
    "Artifact",
    "DocArtifact",
    "ListOptions",
    "ModelArtifact",
    "ModelRegistry",
    "ModelRegistryAPIClient",
    "ModelVersion",
    "Pager",
    "RegisteredModel",
    "Results",
    "__version__",
    "bulk",
]
