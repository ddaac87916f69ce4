"""Whole numbers as text: IDs, page sizes and integer properties are 32 bits wide."""

import re
from typing import Final

from local_registry.errors import BadRequestError

_INT32: Final = range(-(2**31), 2**31)


def int32(text: str, what: str) -> int:
    """The number that the text says.

    Args:
        text: an optional sign and ASCII digits.
        what: begins the message of the error.

    Raises:
        BadRequestError: the text is no number, or one beyond 32 bits.
    """
    if not re.fullmatch("[-+]?[0-9]+", text):
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": invalid syntax')
    digits = text.lstrip("+-").lstrip("0") or "0"
    value = int(digits[:11]) * (-1 if text.startswith("-") else 1)
    if value not in _INT32:
        raise BadRequestError(f'{what}: strconv.ParseInt: parsing "{text}": value out of range')
    return value
