"""Whole numbers as text. IDs, page sizes and integer properties have 32 bits, times have 64."""

import re
from typing import Final

from local_registry.errors import BadRequestError

INT32: Final = range(-(2**31), 2**31)
INT64: Final = range(-(2**63), 2**63)
_MAX_DIGITS: Final = 20
"""More digits than any number in these ranges has."""


def integer(text: str, what: str, allowed: range = INT32) -> int:
    """Return the number in a text.

    Args:
        text: An optional sign and ASCII digits.
        what: The beginning of the error message.
        allowed: The range of valid numbers.

    Raises:
        BadRequestError: If the text is not a number, or the number is out of range.
    """
    if not re.fullmatch("[-+]?[0-9]+", text):
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": invalid syntax')
    # No more digits than needed: Python refuses to parse thousands of them.
    digits = text.lstrip("+-").lstrip("0")[:_MAX_DIGITS]
    value = int(digits or "0") * (-1 if text.startswith("-") else 1)
    if value not in allowed:
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": value out of range')
    return value
