"""The names of the PyPI distribution `model-registry` that this package does not have, and what to use instead.

docs/migration.md lists them, and also those that need no message at run time.
"""

from collections.abc import Callable
from typing import Any

_OCI = (
    "uploads to OCI registries are not supported: push the image with skopeo or oras, then call `register_model` with "
    "its URI (oci://…)"
)
_S3 = "call `ModelRegistry.save_to_s3` or `upload_artifact_and_register_model` with `S3Params`"
_HUGGING_FACE = (
    "imports from Hugging Face are not supported: call `register_model` with `huggingface_hub.hf_hub_url(repo, path)` "
    "as the URI and what you need of the model card as `metadata`"
)
_EXPERIMENTS = "experiments and their runs are not supported, and newer versions of `model-registry` dropped them too"
_GENERATED = "this package has no generated client: call the methods of `ModelRegistryAPIClient`"
_CONFIGURATION = "this package has no generated client to configure: create a client with `connect`"

HIGH_LEVEL = {
    "register_hf_model": _HUGGING_FACE,
    **dict.fromkeys(
        (
            "create_experiment",
            "get_experiment_run",
            "get_experiment_run_logs",
            "get_experiment_runs",
            "get_experiments",
            "start_experiment_run",
        ),
        _EXPERIMENTS,
    ),
}
"""Unsupported attributes of `model_registry.ModelRegistry`."""

CORE = {
    "get_client": _GENERATED,
    **dict.fromkeys(
        (
            "get_artifacts_by_experiment_run_params",
            "get_experiment_by_id",
            "get_experiment_by_name",
            "get_experiment_run_by_experiment_and_run_id",
            "get_experiment_run_by_experiment_and_run_name",
            "get_experiment_run_by_id",
            "get_experiment_runs_by_experiment_id",
            "get_experiment_runs_by_experiment_name",
            "get_experiments",
            "upsert_experiment",
            "upsert_experiment_run",
            "upsert_experiment_run_artifact",
        ),
        _EXPERIMENTS,
    ),
}
"""Unsupported attributes of `model_registry.core.ModelRegistryAPIClient`."""

CORE_FIELDS = {"config": _CONFIGURATION}
"""Unsupported attributes that only upstream's objects have, not its class."""

TYPES = dict.fromkeys(("Experiment", "ExperimentRun", "ExperimentRunArtifact"), _EXPERIMENTS)
"""Unsupported names of `model_registry.types`."""

OPTIONS = {"as_options": "pass the options themselves to the methods of `ModelRegistryAPIClient`"}
"""Unsupported attributes of `model_registry.types.ListOptions`."""

EXCEPTIONS = dict.fromkeys(("ExperimentRunError", "ExperimentRunStoreError"), _EXPERIMENTS)
"""Unsupported names of `model_registry.exceptions`."""

UTILS = {
    **dict.fromkeys(
        (
            "BackendDefinition",
            "DEFAULT_BACKENDS",
            "OCIParams",
            "PullFn",
            "PushFn",
            "create_auth_object",
            "get_auth_reference",
            "save_to_oci_registry",
            "temp_auth_file",
        ),
        _OCI,
    ),
    **dict.fromkeys(("upload_to_s3",), _S3),
    **dict.fromkeys(("ThreadSafeVariable", "generate_name", "rand_suffix"), _EXPERIMENTS),
}
"""Unsupported names of `model_registry.utils`."""


PRIVATE_UTILS = {
    **dict.fromkeys(("_get_oras_backend", "_get_skopeo_backend"), _OCI),
    **dict.fromkeys(("_connect_to_s3", "_upload_to_s3"), _S3),
}
"""Unsupported private names of `model_registry.utils` that published programs import."""


def missing_name(module: str, unsupported: dict[str, str]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a module that explains the names it does not support.

    It raises an ImportError for those, the only error that `from … import` passes on unchanged.

    Args:
        module: Name of the module.
        unsupported: What to use instead, by name.
    """

    def explain(name: str) -> Any:
        if name in unsupported:
            raise ImportError(f"cannot import name {name!r} from {module!r}: {unsupported[name]}", name=name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}", name=name)

    return explain


def missing_attribute(unsupported: dict[str, str]) -> Callable[[object, str], Any]:
    """Return the `__getattr__` of a class that explains the attributes it does not support. `hasattr` returns False.

    Args:
        unsupported: What to use instead, by name.
    """

    def explain(self: object, name: str) -> Any:
        reason = f": {unsupported[name]}" if name in unsupported else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{reason}", name=name)

    return explain
