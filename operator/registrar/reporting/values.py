"""How messages show the values of an entry: as a manifest writes them, short, and without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable

from model_registry.types.properties import OpaqueProperty, StructProperty
from registrar.api.properties import Observed
from registrar.api.secrets import HIDDEN, is_sensitive_json, is_sensitive_name, is_sensitive_text, without_credentials
from registrar.kinds.base import PROPERTY_PATH, FieldValue
from registrar.planning.actions import Change

MAX_VALUE_LENGTH = 120
"""Characters of a value that a message shows: a readme may have a million."""
MAX_CHANGES = 10
"""Changes that a message names."""


def as_written(path: str, value: FieldValue | Observed | None) -> str:
    """Return a value as a manifest writes it, cut to what a message can show.

    A value of a type that no manifest can write shows its type and length alone.

    Args:
        path: the field, such as ``description`` or ``customProperties.team``; that of an inline artifact has the name
            of the artifact before it.
        value: its value; None where it is not set.
    """
    if value is None:
        return "not set"
    return HIDDEN if is_sensitive(path, value) else _cut(_shown(value))


def is_sensitive(path: str, value: FieldValue | Observed | None) -> bool:
    """Return whether a value must not be shown: the name of its property says so, or what it contains.

    Args:
        path: the field, as for `as_written`.
        value: its value.
    """
    _, found, name = path.partition(PROPERTY_PATH)
    if found and is_sensitive_name(name):
        return True
    match value:
        case str():
            return is_sensitive_text(without_credentials(value))
        case StructProperty():
            return is_sensitive_json(value.value)
        case OpaqueProperty():
            return is_sensitive_json(value.tagged)
    return is_sensitive_json(value)


def _shown(value: FieldValue | Observed) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return repr(without_credentials(value))
        case StructProperty():
            return f"a struct of {len(value.text)} characters"
        case OpaqueProperty():
            return f"a {value.metadata_type} of {len(json.dumps(value.tagged))} characters"
    return repr(value)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[:MAX_VALUE_LENGTH]}…"


def describe_changes(changes: Iterable[Change]) -> str:
    """Return what was changed from what to what, such as ``description 'a' -> 'b', owner 'me' -> not set``."""
    shown = [
        f"{change.path} {as_written(change.path, change.observed)} -> {as_written(change.path, change.wanted)}"
        for change in changes
    ]
    hidden = len(shown) - MAX_CHANGES
    return ", ".join(shown[:MAX_CHANGES]) + (f" and {hidden} more" if hidden > 0 else "")
