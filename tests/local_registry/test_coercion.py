"""How PostgreSQL converts values to a column's type (observed through the real server's filters)."""

import pytest
from sqlalchemy import BigInteger, Boolean, Float, Integer, Text
from sqlalchemy.types import TypeEngine

from local_registry.coercion import TypeMismatchError, coerce
from local_registry.filter_syntax import Scalar


@pytest.mark.parametrize(
    ("column", "value", "taken"),
    [
        (Integer(), 5, 5),
        (Integer(), " 007 ", 7),
        (Integer(), "-5", -5),
        (Integer(), "0x1f", 31),
        (Integer(), "1_000", 1000),
        (Integer(), 1.9, 1),
        (Integer(), -1.9, -1),
        (BigInteger(), 99_999_999_999_999, 99_999_999_999_999),
        (Float(), 5, 5.0),
        (Float(), "1e3", 1000.0),
        (Float(), "inf", float("inf")),
        (Boolean(), True, True),
        (Boolean(), " YES ", True),
        (Boolean(), "t", True),
        (Boolean(), "of", False),
        (Boolean(), "0", False),
        (Text(), "5", "5"),
    ],
)
def test_a_value_is_converted_to_the_columns_type(column: TypeEngine[object], value: Scalar, taken: Scalar) -> None:
    coerced = coerce(column, value)
    assert (coerced, type(coerced)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (Integer(), "x"),
        (Integer(), ""),
        (Integer(), "1.0"),
        (Integer(), "9" * 5000),
        (Integer(), 2**31),
        (Integer(), "2147483648"),
        (Integer(), True),
        (Integer(), float("inf")),
        (BigInteger(), 2**63),
        (Float(), "x"),
        (Float(), True),
        (Boolean(), "o"),
        (Boolean(), ""),
        (Boolean(), 1),
        (Text(), 5),
        (Text(), True),
    ],
)
def test_a_value_of_another_type_is_refused(column: TypeEngine[object], value: Scalar) -> None:
    with pytest.raises(TypeMismatchError):
        coerce(column, value)
