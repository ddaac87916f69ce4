"""The rules that a manifest keeps by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from registrar.api import validation
from registrar.api.wording import shown_path
from registrar.cli.fields import unknown_fields
from registrar.cli.validate.found import Found
from registrar.cli.validate.metadata import Metadata
from registrar.cli.validate.problems import Problem, Rule
from registrar.cli.validate.size import MAX_ANNOTATIONS, MAX_OBJECT, annotations_size, object_size

_ASSUMED_NAMESPACE = "default"
_ASSUMED_NAME = "generated"


def check(found: Found) -> Iterator[Problem]:
    """Yield what is wrong with a manifest, whatever stands beside it."""
    for path, message in unknown_fields(found.kind.name, found.body):
        yield found.problem(Rule.UNKNOWN_FIELD, f"{shown_path(path)}: {message}", path)
    for fault in (*_metadata_faults(found), *_model_faults(found)):
        is_dropped = fault.is_null and fault.path[:2] == ("spec", "customProperties")
        yield found.problem(Rule.NULL_PROPERTY if is_dropped else Rule.INVALID_VALUE, str(fault), fault.path)
    yield from _size_faults(found)


def _metadata_faults(found: Found) -> Iterator[validation.Problem]:
    try:
        Metadata.model_validate(_map(found.body.get("metadata")))
    except ValidationError as error:
        for problem in validation.problems(error):
            yield validation.Problem(("metadata", *problem.path), problem.message)


def _model_faults(found: Found) -> Iterator[validation.Problem]:
    """Yield what the operator's model refuses in the manifest as the API server would store it."""
    # The API server keeps no null, and no status that a user writes.
    body = {name: value for name, value in found.body.items() if value is not None and name != "status"}
    manifest = found.manifest
    metadata = {
        "name": _ASSUMED_NAME if manifest is None else manifest.name,
        "namespace": found.namespace or _ASSUMED_NAMESPACE,
    }
    try:
        found.kind.resource.model_validate({**body, "metadata": metadata})
    except ValidationError as error:
        yield from validation.problems(error)


def _size_faults(found: Found) -> Iterator[Problem]:
    size = object_size(found.body)
    if size > MAX_OBJECT:
        message = f"the manifest has {size:,} bytes, and etcd stores {MAX_OBJECT:,}; shorten its longest texts"
        yield found.problem(Rule.TOO_LARGE, message)
        return
    manifest = found.manifest
    if manifest is None:
        return
    size = annotations_size(manifest, found.namespace or _ASSUMED_NAMESPACE)
    if size > MAX_ANNOTATIONS:
        message = (
            f"kubectl apply would write {size:,} bytes of annotations, and {MAX_ANNOTATIONS:,} are allowed; apply the "
            "manifest with --server-side, or in Argo CD with the sync option ServerSideApply=true"
        )
        yield found.problem(Rule.TOO_LARGE_TO_APPLY, message)


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
