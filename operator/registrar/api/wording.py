"""What is wrong with a value, in our words: pydantic's speak of inputs, dictionaries and models."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping, Sized
from typing import Any

from pydantic_core import ErrorDetails

MAX_PART_LENGTH = 63
"""Characters that a message shows of each name on the way to a field."""
_CUTOFF = 0.6
"""How alike two names are for one to be a misspelling of the other, as difflib measures it."""
_OWN_ERROR = "Value error, "
"""What pydantic puts before the message of a ValueError."""
_OBJECT = "must be an object with fields, such as {name: value}"
_LIST = "must be a list, such as [first, second]"
_INTEGER = "must be a whole number, such as 16"
_NUMBER = "must be a number, such as 1.5"
_BOOLEAN = "must be true or false"
_FIXED = {
    "missing": "is missing; add it",
    "string_type": "must be a string",
    "string_unicode": "must not contain half of a surrogate pair, which is no character",
    "finite_number": "must be a finite number",
    "int_parsing_size": "is too large; give a smaller number",
    **dict.fromkeys(("bool_type", "bool_parsing"), _BOOLEAN),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _INTEGER),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _OBJECT),
    **dict.fromkeys(("list_type", "tuple_type"), _LIST),
}
"""By pydantic's sort of error."""
_KEYS = {
    "string_too_short": "a name must not be empty; give it one, or remove it",
    "string_too_long": "a name must have at most {max_length} characters; shorten it",
}
"""What is wrong with a key of a map."""
_Context = Mapping[str, Any]


def _too_short(context: _Context, _value: object) -> str:
    least = context["min_length"]
    if least == 1:
        return "must not be empty; give it a value, or remove it"
    return f"must have at least {least} characters"


def _too_long(context: _Context, value: object) -> str:
    has = f"has {len(value):,} characters, and " if isinstance(value, str) else ""
    return f"{has}must have at most {context['max_length']:,}{'' if has else ' characters'}; shorten it"


def _too_few(context: _Context, _value: object) -> str:
    least = context["min_length"]
    return "must not be empty; add an item, or remove it" if least == 1 else f"must have at least {least} items"


def _too_many(context: _Context, value: object) -> str:
    # pydantic counts a map no further than it has to.
    has = f"has {len(value):,} items, and " if isinstance(value, Sized) else ""
    return f"{has}must have at most {context['max_length']:,}{'' if has else ' items'}; remove some"


_MADE: Mapping[str, Callable[[_Context, object], str]] = {
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    "too_short": _too_few,
    "too_long": _too_many,
    "enum": lambda context, _: f"must be {context['expected']}",
    "literal_error": lambda context, _: f"must be {context['expected']}",
    "greater_than": lambda context, _: f"must be greater than {context['gt']:.15g}",
    "greater_than_equal": lambda context, _: f"must be at least {context['ge']:.15g}",
    "less_than": lambda context, _: f"must be less than {context['lt']:.15g}",
    "less_than_equal": lambda context, _: f"must be at most {context['le']:.15g}",
}
"""By pydantic's sort of error: from its context and the value."""


def worded(error: ErrorDetails) -> str:
    """Return what is wrong with a value and what to change, as the rest of a sentence that its path begins."""
    kind, context, value = error["type"], error.get("ctx", {}), error["input"]
    if "[key]" in error["loc"] and kind in _KEYS:
        return _KEYS[kind].format(**context)
    if value is None and kind in _FIXED and kind != "missing":
        return "is null; give it a value, or remove it"
    if kind in _MADE:
        return _MADE[kind](context, value)
    message = _FIXED.get(kind, error["msg"].removeprefix(_OWN_ERROR))
    if kind == "string_type" and isinstance(value, bool | int | float):
        return f"{message}; put it in quotes"
    return f"{message}; remove the quotes" if _is_quoted(kind, value) else message


def _is_quoted(kind: str, value: object) -> bool:
    """Return whether a text would be right without its quotes."""
    return isinstance(value, str) and (
        (kind == "int_type" and value.isdecimal()) or (kind == "bool_type" and value in {"true", "false"})
    )


def unknown_field(name: str, known: Collection[str]) -> str:
    """Return what is wrong with a field that does not exist: which of those beside it was probably meant."""
    meant = meant_by(name, known)
    return f"unknown field; {'remove it' if meant is None else f'did you mean {meant}?'}"


def meant_by(word: str, known: Collection[str]) -> str | None:
    """Return the known word that was most likely meant, whatever its case; None if there is none like it."""
    by_lower_case = {each.lower(): each for each in known}
    close = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=_CUTOFF)
    return by_lower_case[close[0]] if close else None


def shown_path(path: Collection[str | int]) -> str:
    """Return the way to a field as the API server writes it, such as ``spec.artifacts[0].uri``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _shown(part: str) -> str:
    """Return a part of a path, as far as it helps to find the field."""
    text = repr(part)[1:-1] or '""'
    return text if len(text) <= MAX_PART_LENGTH else f"{text[:MAX_PART_LENGTH]}…"
