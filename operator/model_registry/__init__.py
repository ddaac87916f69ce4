"""An async, typed client of the Kubeflow Model Registry's REST API."""

from importlib import metadata


def _refuse_namesake() -> None:
    """Refuse to start over another distribution's files: pip lets both be installed, each over the other's modules."""
    try:
        namesake = metadata.version("model-registry")
    except metadata.PackageNotFoundError:
        return
    raise ImportError(
        f"The distribution `model-registry` {namesake} is installed too, and installs the same package "
        "`model_registry` as `model-registrar`; files of both are mixed. Keep one: run "
        "`pip uninstall --yes model-registry model-registrar`, then install the one you want "
        "(`pip install model-registrar`)."
    )


_refuse_namesake()

from ._bulk import Results, bulk  # noqa: E402 - only after the files are known to be ours
from .core import ModelRegistryAPIClient  # noqa: E402 - the same
from .registry import ModelRegistry  # noqa: E402 - the same
from .types import (  # noqa: E402 - the same
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
