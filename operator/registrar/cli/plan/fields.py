"""What a plan may show of a field: secrets stay out of it here, so that no output has to hide them."""

from __future__ import annotations

from registrar.api.secrets import HIDDEN, is_sensitive_text, without_credentials
from registrar.cli.plan.change import FieldChange, Value
from registrar.reporting.values import is_sensitive


def field_change(path: str, before: Value, after: Value, *, is_drift: bool = False) -> FieldChange:
    """Return a change without its secrets: `HIDDEN` instead of values that are some, and URIs without credentials.

    Args:
        path: the field, as a manifest writes it.
        before: its value in the registry; None for no value.
        after: its value afterwards; None for no value.
        is_drift: see `FieldChange`.
    """
    shown = _without_credentials(before), _without_credentials(after)
    # Two URIs can differ in their credentials alone.
    is_same = before != after and shown[0] == shown[1]
    if is_same or any(_is_sensitive(path, value) for value in (before, after)):
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


def _is_sensitive(path: str, value: Value) -> bool:
    # A plan says of a signed URI that it is one.
    return is_sensitive(path, value) or (isinstance(value, str) and is_sensitive_text(value))
