"""Structs: JSON objects as custom properties, which are sent as base64 and returned as text.

The real server decodes a struct to a message of Protocol Buffers. Its text therefore has sorted names, no spaces, and
numbers of 64-bit floating point in the format of Go's JSON encoder.
"""

import base64
import json
import math
import re
from decimal import Decimal
from typing import Any, Final

_ESCAPED: Final = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Characters that the real server's JSON encoder always escapes."""

_STRING_OR_NUMBER: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[-+.0-9e]*[0-9]')
"""A token of compact JSON that can contain a digit. The string comes first, so that no number is found in one."""


def read(encoded: str) -> str:
    """Return the text of a struct, as the real server returns it.

    Args:
        encoded: Base64 of the JSON, which may have line breaks.

    Raises:
        ValueError: If it is not base64 of a JSON object, or the object has a name twice, a number that is out of range
            or half a character.
        RecursionError: If it is nested too deeply.
    """
    raw = base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True)
    value = json.loads(
        raw.decode(),
        parse_float=_finite,
        parse_int=_finite,
        parse_constant=_finite,
        object_pairs_hook=_object,
    )
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what everything that cannot be read raises
    compact = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    compact.encode()  # refuses half a character, which JSON can escape
    return _STRING_OR_NUMBER.sub(_as_in_go, compact).translate(_ESCAPED)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice")
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


def _as_in_go(token: re.Match[str]) -> str:
    if token[0].startswith('"'):
        return token[0]
    shortest = Decimal(token[0]).normalize()
    has_exponent = shortest and not Decimal("1e-6") <= abs(shortest) < Decimal("1e21")
    return format(shortest, "e" if has_exponent else "f")
