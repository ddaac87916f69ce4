"""What a plan may show of a field: secrets stay out of it here, so that no output has to hide them."""

from __future__ import annotations

from collections.abc import Iterator

from registrar.api.secrets import HIDDEN, is_sensitive_name, is_sensitive_text, without_credentials
from registrar.cli.plan.change import FieldChange, Value
from registrar.kinds.base import PROPERTY_PATH


def field_change(path: str, before: Value, after: Value, *, is_drift: bool = False) -> FieldChange:
    """Return a change without its secrets: `HIDDEN` instead of values that are some, and URIs without credentials.

    Args:
        path: the field, as a manifest writes it.
        before: its value in the registry; None for no value.
        after: its value afterwards; None for no value.
        is_drift: see `FieldChange`.
    """
    is_named = path.startswith(PROPERTY_PATH) and is_sensitive_name(path.removeprefix(PROPERTY_PATH))
    shown = _without_credentials(before), _without_credentials(after)
    # Two URIs can differ in their credentials alone.
    is_same = before != after and shown[0] == shown[1]
    if is_named or is_same or any(is_sensitive_text(text) for value in (before, after) for text in _texts(value)):
        shown = _hidden(before), _hidden(after)
        return FieldChange(path, *shown, is_sensitive=True, is_drift=is_drift)
    return FieldChange(path, *shown, is_drift=is_drift)


def _hidden(value: Value) -> Value:
    return None if value is None else HIDDEN


def _without_credentials(value: Value) -> Value:
    match value:
        case str():
            return without_credentials(value)
        case list():
            return [without_credentials(text) for text in value]
    return value


def _texts(value: Value) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            yield from value
