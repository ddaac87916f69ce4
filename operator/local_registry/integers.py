"""Whole numbers as text: IDs, page sizes and integer properties are 32 bits wide, times 64."""

import re
from typing import Final

from local_registry.errors import BadRequestError

INT32: Final = range(-(2**31), 2**31)
INT64: Final = range(-(2**63), 2**63)
_LONGEST: Final = 20
"""More digits than any number in these ranges has."""


def integer(text: str, what: str, allowed: range = INT32) -> int:
    """The number that the text says.

    Args:
        text: an optional sign and ASCII digits.
        what: begins the message of the error.
        allowed: the numbers that there is room for.

    Raises:
        BadRequestError: the text is no number, or one out of range.
    """
    if not re.fullmatch("[-+]?[0-9]+", text):
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": invalid syntax')
    # No more digits than needed: Python refuses to read thousands of them.
    digits = text.lstrip("+-").lstrip("0")[:_LONGEST]
    value = int(digits or "0") * (-1 if text.startswith("-") else 1)
    if value not in allowed:
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": value out of range')
    return value
