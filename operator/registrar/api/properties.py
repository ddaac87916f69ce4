"""Custom properties: what a resource may declare, and which value is written to the registry.

A declared string, integer, number or boolean becomes a property of that type. The API server stores the YAML value
``1.0`` as ``1``, which makes a whole double look like an integer. The typed form ``{double: 1}`` resolves this, and a
plain integer stays a double where the registry already holds a double for that property.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from model_registry.types import OpaqueProperty, StructProperty
from registrar.api.meta import RESERVED_PREFIX
from registrar.api.rules import NUL, WITHOUT_NUL, refusal

Scalar = bool | int | float | str
"""A property's value in the registry. bool comes before int, because Python's bool is an int."""

Observed = Scalar | OpaqueProperty
"""A property's value on an entry that was read: others may have set one of a type that the operator does not write."""

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
MAX_PROPERTIES = 1024
"""With the longest names, etcd still takes an object whose status repeats them twice."""
MAX_NAME_LENGTH = 255
EXPERIMENT_NAMES = frozenset({"experiment_id", "experiment_run_id"})
"""Names under which the registry keeps the experiment and run of an artifact. It returns no others of these names, so a
declared one would look missing for ever; and in another registry the two IDs mean nothing."""


@dataclass(frozen=True, slots=True)
class TypedProperty:
    """A value of the typed form, such as ``{double: 1}``: its Python type is the property's type."""

    value: Scalar


Declared = Scalar | TypedProperty


def _refuse(message: str) -> PydanticCustomError:
    return refusal("custom_property", message)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise _refuse("must be a finite number; the registry cannot store NaN or infinity")
    return value


def _int32(value: int) -> int:
    if not INT32_MIN <= value <= INT32_MAX:
        raise _refuse(
            f"{value} does not fit the registry's 32-bit integers; write it as a string, or as {{double: {value}}}"
        )
    return value


def _text(value: str) -> str:
    if NUL in value:
        raise _refuse(WITHOUT_NUL.message)
    return value


def _typed(form: Mapping[str, Any]) -> TypedProperty:
    """Read ``{string: …}``, ``{int: …}``, ``{double: …}`` or ``{bool: …}``."""
    match dict(form):
        case {"string": str(value), **rest} if not rest:
            return TypedProperty(_text(value))
        case {"bool": bool(value), **rest} if not rest:
            return TypedProperty(value)
        case {"int": int(value), **rest} if not rest and not isinstance(value, bool):
            return TypedProperty(_int32(value))
        case {"double": int(value) | float(value), **rest} if not rest and not isinstance(value, bool):
            return TypedProperty(_to_double(value))
    raise _refuse(
        "objects are allowed in the typed form only, with one key: {string: text}, {int: 1}, {double: 1.5} "
        "or {bool: true}; write other structures as a string that holds JSON"
    )


def _to_double(value: float) -> float:
    try:
        return _finite(float(value))
    except OverflowError:
        raise _refuse("is too large for a double; write it as a string") from None


def parse_declared(value: object) -> Declared:
    """Return what one JSON value of ``spec.customProperties`` declares.

    Raises:
        PydanticCustomError: for null, a list, an object of another form, an integer beyond int32, NaN and infinities.
    """
    match value:
        case TypedProperty() | bool():
            return value
        case str():
            return _text(value)
        case int():
            return _int32(value)
        case float():
            return _finite(value)
        case Mapping():
            return _typed(value)
        case None:
            raise _refuse("is null; give it a value, or remove the key")
        case _:
            raise _refuse(
                "must be a string, an integer, a number or a boolean; write a list as a string that holds JSON"
            )


def _as_written(value: Declared) -> object:
    """Return a declared value as JSON; the inverse of ``parse_declared``."""
    match value:
        case TypedProperty(bool(inner)):
            return {"bool": inner}
        case TypedProperty(int(inner)):
            return {"int": inner}
        case TypedProperty(float(inner)):
            return {"double": inner}
        case TypedProperty(inner):
            return {"string": inner}
    return value


def is_reserved(name: str) -> bool:
    """Return whether a property is the operator's, or an experiment's in one registry: no manifest can declare it."""
    return name.startswith(RESERVED_PREFIX) or name in EXPERIMENT_NAMES


def _property_name(name: str) -> str:
    if NUL in name:
        raise _refuse(WITHOUT_NUL.message)
    if name.startswith(RESERVED_PREFIX):
        raise _refuse(f"names under {RESERVED_PREFIX} belong to the operator; choose another name")
    if name in EXPERIMENT_NAMES:
        raise _refuse("the registry reserves this name and never returns it; choose another name")
    return name


CustomProperties = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(_property_name)],
        Annotated[
            Declared,
            PlainValidator(parse_declared),
            PlainSerializer(_as_written),
            WithJsonSchema({"x-kubernetes-preserve-unknown-fields": True}),
        ],
    ],
    Field(max_length=MAX_PROPERTIES),
]
"""A map of declared properties. The schema accepts any value; a value refused here is reported as ``InvalidSpec``."""


def opaque_names(declared: Mapping[str, Declared], observed: Mapping[str, Observed]) -> list[str]:
    """Return the declared names under which the entry has a property of a type that the operator does not write."""
    return [name for name in sorted(declared) if isinstance(observed.get(name), OpaqueProperty)]


def has_unwritable(observed: Mapping[str, Observed]) -> bool:
    """Return whether an entry has a property that the registry does not take back, so that nothing can be written."""
    return any(
        isinstance(value, OpaqueProperty) and not isinstance(value, StructProperty) for value in observed.values()
    )


def resolve_properties(declared: Mapping[str, Declared], observed: Mapping[str, Observed]) -> dict[str, Scalar]:
    """Return the values to store in the registry for the declared properties.

    Args:
        declared: the resource's ``customProperties``.
        observed: the entry's properties in the registry; empty for an entry that does not exist yet.

    Returns:
        One value for each declared name. Its Python type is the property's type.
    """
    return {name: _resolve(value, observed.get(name)) for name, value in declared.items()}


def _resolve(value: Declared, observed: Observed | None) -> Scalar:
    if isinstance(value, TypedProperty):
        return value.value
    if type(value) is int and isinstance(observed, float):
        return float(value)
    return value
