"""Values of a `filterQuery` as PostgreSQL takes them for a column of a given type."""

import math
import re
from typing import Final

from sqlalchemy import BigInteger, Boolean, Float, Integer
from sqlalchemy.types import TypeEngine

from local_registry.filter_syntax import Scalar

_INT32: Final = range(-(2**31), 2**31)
_INT64: Final = range(-(2**63), 2**63)
_TRUE: Final = ("t", "tr", "tru", "true", "y", "ye", "yes", "on", "1")
_FALSE: Final = ("f", "fa", "fal", "fals", "false", "n", "no", "of", "off", "0")


class TypeMismatchError(Exception):
    """The value is not one for this column."""


def coerce(column_type: TypeEngine[object], value: Scalar) -> Scalar:
    """The value to compare a column of this type with.

    Text is read as the column's type (``id = '5'``), a fraction loses what a whole number cannot hold (``id = 1.5``
    finds 1), and nothing else crosses types.

    Raises:
        TypeMismatchError: PostgreSQL would refuse the comparison.
    """
    match column_type:
        case BigInteger():
            return _integer(value, _INT64)
        case Integer():
            return _integer(value, _INT32)
        case Float():
            return _float(value)
        case Boolean():
            return _boolean(value)
        case _ if isinstance(value, str):
            return value
        case _:
            raise TypeMismatchError(f"{value!r} for text")


def _integer(value: Scalar, allowed: range) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,30}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise TypeMismatchError(f"{value!r} for a whole number")
    return value


def _float(value: Scalar) -> float:
    if isinstance(value, bool):
        raise TypeMismatchError("true or false for a number")
    try:
        return float(value)
    except (ValueError, OverflowError) as error:
        raise TypeMismatchError(f"{value!r} for a number") from error


def _boolean(value: Scalar) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise TypeMismatchError(f"{value!r} for true or false")
