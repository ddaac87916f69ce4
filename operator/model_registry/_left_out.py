"""What the PyPI distribution `model-registry` has and this package has not: each name, and what to do instead.

docs/migration.md lists them, with those that need no sentence at run time.
"""

from typing import TYPE_CHECKING, Any, ClassVar

_UPLOADS = (
    "uploads are left out: upload the files with the storage's own tool, then call `register_model` with their URI"
)
_HUGGING_FACE = (
    "imports from Hugging Face are left out: call `register_model` with `huggingface_hub.hf_hub_url(repo, path)` as "
    "the URI and what you need of the model card as `metadata`"
)
_EXPERIMENTS = "experiments and their runs are left out, as newer versions of `model-registry` have left them out"
_GENERATED = "there is no generated client underneath: call the methods of `ModelRegistryAPIClient`"

HIGH_LEVEL = {
    **dict.fromkeys(("save_to_s3", "upload_artifact_and_register_model"), _UPLOADS),
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
"""Of `model_registry.ModelRegistry`."""

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
"""Of `model_registry.core.ModelRegistryAPIClient`."""

TYPES = dict.fromkeys(("Experiment", "ExperimentRun", "ExperimentRunArtifact"), _EXPERIMENTS)
"""Of `model_registry.types`."""

UTILS = {
    **dict.fromkeys(
        (
            "BackendDefinition",
            "DEFAULT_BACKENDS",
            "OCIParams",
            "PullFn",
            "PushFn",
            "S3Params",
            "create_auth_object",
            "get_auth_reference",
            "save_to_oci_registry",
            "temp_auth_file",
            "upload_to_s3",
        ),
        _UPLOADS,
    ),
    **dict.fromkeys(("ThreadSafeVariable", "generate_name", "rand_suffix"), _EXPERIMENTS),
}
"""Of `model_registry.utils`."""


def absence(module: str, name: str, left_out: dict[str, str]) -> Exception:
    """Return the exception for a name that a module does not have, to be raised by its `__getattr__`.

    One for a name that is left out is an ImportError, the only kind that `from … import` passes on unchanged.
    """
    if name in left_out:
        return ImportError(f"cannot import name {name!r} from {module!r}: {left_out[name]}", name=name)
    return AttributeError(f"module {module!r} has no attribute {name!r}", name=name)


class LeavesOut:
    """A class that explains the attributes it leaves out where one asks for them; to `hasattr` they are absent."""

    _left_out: ClassVar[dict[str, str]]

    if not TYPE_CHECKING:  # or a type checker would take every attribute to exist

        def __getattr__(self, name: str) -> Any:
            reason = f": {self._left_out[name]}" if name in self._left_out else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{reason}", name=name)
