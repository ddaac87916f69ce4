"""Artifacts about training and evaluation: data sets, metrics, parameters.

Current registries store them like other artifacts, with or without a version. The embedded registry of this project
stores data sets only.
"""

import json
import warnings
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from model_registry.types.artifacts import Artifact


class ParameterType(StrEnum):
    """The type of a parameter's value."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    OBJECT = "object"


class Metric(Artifact):
    """A measured number.

    Attributes:
        value: The number. The API does not require it.
        timestamp: When it was measured, in milliseconds since the epoch, as decimal digits.
        step: The step of the training, such as the epoch.
    """

    artifact_type: str | None = "metric"
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None
    timestamp: str | None = None
    step: int | None = None

    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


def _as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool | int | float | dict | list) else value


class Parameter(Artifact):
    """A parameter that a model was trained or run with.

    Attributes:
        value: Text, as the registry stores it. The API does not require it. Other values are converted to their JSON.
        parameter_type: Type of the value. A type unknown to this client stays text.
    """

    artifact_type: str | None = "parameter"
    value: Annotated[str | None, BeforeValidator(_as_text)] = None
    parameter_type: Annotated[ParameterType | str, Field(union_mode="left_to_right")] | None = None

    def __init__(self, name: str | None = None, /, **data: Any) -> None:
        super().__init__(name, **data)


with warnings.catch_warnings():
    # `schema` is the registry's name for it. pydantic has a deprecated method of that name, and warns about other uses.
    warnings.filterwarnings("ignore", message='Field name "schema"')

    class DataSet(Artifact):
        """A data set that a model was trained or evaluated on.

        Attributes:
            digest: A hash of its content.
            source_type: Type of the source, such as "s3".
            source: Where it comes from.
            schema: Its structure, as JSON or free text.
            profile: Its statistics.
        """

        artifact_type: str | None = "dataset-artifact"
        digest: str | None = None
        source_type: str | None = None
        source: str | None = None
        schema: str | None = None  # type: ignore[assignment]  # see above
        profile: str | None = None

        def __init__(self, name: str | None = None, /, **data: Any) -> None:
            super().__init__(name, **data)
