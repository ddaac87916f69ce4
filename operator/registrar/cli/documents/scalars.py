"""What a plain scalar means to kubectl: the rules of sigs.k8s.io/yaml (goyaml.v2, resolve.go), followed by JSON's."""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal

Value = str | int | float | bool | None

_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
# Go's strconv.ParseInt with base 0, once the underscores are gone. A leading zero alone means octal.
_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<x>[0-9a-fA-F]+)|0[bB](?P<b>[01]+)|0[oO]?(?P<o>[0-7]+)|(?P<d>[1-9][0-9]*|0))", re.ASCII
)
_BASES = {"x": 16, "b": 2, "o": 8, "d": 10}
# The same function, of what follows the prefix: a sign is taken there too.
_SIGNED_BINARY = re.compile(r"(?P<sign>)0b(?P<b>[-+]?[01]+)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
# Go's strconv.ParseFloat, which takes underscores between digits.
_POINTED_FLOAT = re.compile(r"\.[0-9](_?[0-9])*([eE][-+]?[0-9](_?[0-9])*)?", re.ASCII)
_LARGEST_UNSIGNED = 2**64 - 1
_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)
_EXPONENT_FROM = 1e21
"""From here on Go's encoding/json writes a whole double with an exponent, so that it stays a double."""

_FIRST_POWER, _END_OF_POWERS = -4, 6
"""The powers of ten that Go's format ``g`` writes without an exponent."""


def plain_value(text: str) -> Value:
    """Return the value of a plain scalar; text if it is nothing else.

    NaN and infinities are returned as such, although no JSON can hold them.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return _as_json(text.replace("_", ""), text) if _POINTED_FLOAT.fullmatch(text) else text
    if text[0] not in "+-0123456789":
        return text
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is not None:
        # What fits the unsigned type alone is a double once the API machinery has read the JSON.
        return number if number <= _LARGEST else _whole(float(number))
    return _as_json(digits, text) if _FLOAT.fullmatch(digits) else text


def plain_key(text: str) -> str | None:
    """Return the name that a plain key has in JSON; None if kubectl refuses it."""
    value = plain_value(text)
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    digits = text.replace("_", "")
    number = _integer(digits)
    if number is None:
        # A double, which Go rounds to 32 bits here.
        return _shortest(float(digits) if math.isfinite(value) else value)
    return str(number) if number <= _LARGEST else None


def _integer(digits: str) -> int | None:
    found = _INTEGER.fullmatch(digits) or _SIGNED_BINARY.fullmatch(digits)
    if found is None:
        return None
    base, figures = next((name, text) for name, text in found.groupdict().items() if name != "sign" and text)
    number = int(found["sign"].replace("+", "") + figures, _BASES[base])
    if not _SMALLEST <= number <= _LARGEST_UNSIGNED:
        # Too large for both of Go's types: tried as a double, which takes decimal digits only.
        return None
    return number


def _as_json(digits: str, text: str) -> Value:
    number = float(digits)
    if not math.isfinite(number):
        return text  # Go reports a range error, and text it stays
    return _whole(number) if number.is_integer() and abs(number) < _EXPONENT_FROM else number


def _whole(number: float) -> int:
    """Return a whole double as the digits that Go writes to JSON: the shortest ones, filled up with zeros."""
    return int(Decimal(repr(number)))


def _shortest(number: float) -> str:
    """Return the shortest decimal that is the same 32-bit float, in Go's format ``g``."""
    try:
        single = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        single = math.copysign(math.inf, number)
    if not math.isfinite(single):
        return {math.inf: ".inf", -math.inf: "-.inf"}.get(single, ".nan")
    for precision in range(9):
        mantissa, _, exponent = f"{single:.{precision}e}".partition("e")
        if struct.unpack("f", struct.pack("f", float(f"{mantissa}e{exponent}")))[0] == single:
            break
    power = int(exponent)
    if _FIRST_POWER <= power < _END_OF_POWERS:
        return f"{Decimal(f'{mantissa}e{exponent}'):f}"
    return f"{mantissa}e{power:+03d}"
