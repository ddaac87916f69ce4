"""JSON that is nested deeper than any of our resources: the interpreter's limit of recursion ends whoever reads it.

The API server stores custom properties of any form, 10,000 levels deep, and an invalid one must be the problem of its
resource alone. So what lies deeper than `MAX_DEPTH` is read as null; its resource is refused for what is above.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100
"""Levels of a JSON text that are read. A valid resource has eight in a list; kopf fails at several hundred."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]')


def shallow(text: str) -> str:
    """Return a JSON text with null in place of each value that is nested too deeply."""
    if _is_surely_shallow(text):
        return text
    parts: list[str] = []
    depth = end = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                parts += [text[end : token.start()], "null"]
        elif token[0] in "]}":
            if depth == MAX_DEPTH + 1:
                end = token.end()
            depth -= 1
    return "".join([*parts, text[end:]]) if parts else text


def read_shallow(text: str, loads: Callable[[str], Any] = json.loads) -> Any:
    """Return the value of a JSON text, without what is nested too deeply.

    Args:
        text: the text.
        loads: reads it.
    """
    if _is_surely_shallow(text):
        return loads(text)
    try:
        value = loads(text)
    except RecursionError:
        return loads(shallow(text))
    return loads(shallow(text)) if _is_deep(value) else value


def _is_surely_shallow(text: str) -> bool:
    """Return whether a text has too few brackets to be nested too deeply, as most of one resource have."""
    return text.count("[") + text.count("{") <= MAX_DEPTH


def _is_deep(value: Any) -> bool:
    """Return whether a value is nested too deeply; counting in the text would take half as long as reading it."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True
