"""How PostgreSQL converts the values of a `filterQuery` to a column's type."""

import math
from typing import Final

from sqlalchemy import BigInteger, Boolean, Float, Integer
from sqlalchemy.types import TypeEngine

from local_registry.filter_syntax import Scalar
from local_registry.integers import INT32, INT64

_MAX_INTEGER_LENGTH: Final = 100
_BOOLEANS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
"""A prefix is enough, if all words with that prefix have the same value."""


class TypeMismatchError(Exception):
    """The value does not fit this column."""


def coerce(column_type: TypeEngine[object], value: Scalar) -> Scalar:
    """Return the value to compare a column of this type with.

    Text is parsed as the column's type (``id = '5'``), and a float is truncated for an integer column (``id = 1.5``
    finds 1). There are no other conversions.

    Raises:
        TypeMismatchError: If PostgreSQL would refuse the comparison.
    """
    match column_type:
        case BigInteger():
            return _integer(value, INT64)
        case Integer():
            return _integer(value, INT32)
        case Float():
            return _float(value)
        case Boolean():
            return _boolean(value)
        case _ if isinstance(value, str):
            return value
        case _:
            raise TypeMismatchError(f"{value!r} for text")


def _integer(value: Scalar, allowed: range) -> int:
    if isinstance(value, str):
        value = _read_integer(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise TypeMismatchError(f"{value!r} for a whole number")
    return value


def _read_integer(text: str) -> int | str:
    """Return the number as PostgreSQL reads it: ``0x1``, ``0o7``, ``0b1`` and ``1_000`` are valid, and ``007`` is 7."""
    digits = text.strip(" \t\r\n\v\f")
    if len(digits) > _MAX_INTEGER_LENGTH or not digits.isascii():
        return text
    for base in (10, 0):
        try:
            return int(digits, base)
        except ValueError:
            continue
    return text


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
    values = {boolean for whole, boolean in _BOOLEANS.items() if word and whole.startswith(word)}
    if len(values) != 1:
        raise TypeMismatchError(f"{value!r} for true or false")
    return values.pop()
