"""Keeps equal texts once: the keys, and most values of a status, are the same in thousands of resources.

kopf reads all resources of a kind as one list, and a process keeps most of the memory that it once needed. So the texts
are shared, and managedFields are left out, while the list is read. What the watch reads one by one is shared later.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from operator import is_
from typing import Any

MANAGED_FIELDS = "managedFields"
"""Which field has which owner: the API server adds it to each resource, and nothing here reads it."""


def with_shared_texts(value: Any) -> Any:
    """Return a JSON value with its texts shared; the parts that have them already are not copied."""
    if type(value) is str:
        return sys.intern(value)
    if isinstance(value, dict):
        parts = {sys.intern(name): with_shared_texts(part) for name, part in value.items()}
        is_shared = _are_same(value, parts) and _are_same(value.values(), parts.values())
        return value if is_shared else parts
    if isinstance(value, list):
        items = [with_shared_texts(item) for item in value]
        return value if _are_same(value, items) else items
    return value


def _are_same(some: Iterable[object], others: Iterable[object]) -> bool:
    return all(map(is_, some, others))


def read_compact(text: str) -> Any:
    """Return the value of a JSON text with its texts shared, and resources without managedFields."""
    return json.loads(text, object_pairs_hook=_compact)


def _compact(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {
        sys.intern(name): _shared(value)
        for name, value in pairs
        # A custom property of that name is no list.
        if not (name == MANAGED_FIELDS and isinstance(value, list))
    }


def _shared(value: Any) -> Any:
    """Return a value of an object; the objects in it have passed through here before."""
    if type(value) is str:
        return sys.intern(value)
    return [_shared(item) for item in value] if isinstance(value, list) else value
