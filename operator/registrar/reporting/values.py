"""How messages show the values of an entry: as a manifest writes them, short, and without secrets."""

from __future__ import annotations

from collections.abc import Iterable

from registrar.api.properties import Observed
from registrar.api.secrets import HIDDEN, is_sensitive_name, is_sensitive_text, without_credentials
from registrar.kinds.base import PROPERTY_PATH, FieldValue
from registrar.planning.actions import Change

MAX_VALUE_LENGTH = 120
"""Characters of a value that a message shows: a readme may have a million."""
MAX_CHANGES = 10
"""Changes that a message names."""


def as_written(path: str, value: FieldValue | Observed | None) -> str:
    """Return a value as a manifest writes it, cut to what a message can show.

    Args:
        path: the field, such as ``description`` or ``customProperties.team``.
        value: its value; None where it is not set.
    """
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        shown = without_credentials(value)
        is_property = path.startswith(PROPERTY_PATH)
        is_secret = is_property and is_sensitive_name(path.removeprefix(PROPERTY_PATH))
        return HIDDEN if is_secret or is_sensitive_text(shown) else _cut(repr(shown))
    return _cut(repr(value))


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
