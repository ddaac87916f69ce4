"""What two specs of a version say, and where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from registrar.api.properties import TypedProperty, parse_declared
from registrar.kinds.base import PROPERTIES
from registrar.planning.actions import Change
from registrar.reporting.values import describe_changes


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return where specs differ, such as ``description 'a' -> 'b', artifacts.model.uri not set -> 's3://b'``."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return describe_changes(
        Change(path, _plain(old.get(path)), _plain(new.get(path)))
        for path in {**old, **new}
        if not _is_same(old.get(path), new.get(path))
    )


def holds(spec: Mapping[str, Any], declared: Mapping[str, Any]) -> bool:
    """Return whether a spec says all that is declared, whatever else it says."""
    found = dict(_leaves(spec))
    return all(_is_same(found.get(path), value) for path, value in _leaves(declared))


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value with its path; items of a list have their names."""
    match value:
        case Mapping() if path == PROPERTIES:
            yield from ((f"{path}.{name}", inner) for name, inner in value.items())
        case Mapping():
            for name, inner in value.items():
                yield from _leaves(inner, f"{path}.{name}" if path else name)
        case list():
            for item in value:
                yield from _leaves(item, f"{path}.{item['name']}")
        case _:
            yield path, value


def _is_same(one: Any, other: Any) -> bool:
    return (type(one), one) == (type(other), other) or _typed(one) == _typed(other) is not None


def _typed(value: Any) -> tuple[type, Any] | None:
    """Return type and value of a property in either form; None for what is none."""
    try:
        found = parse_declared(value)
    except PydanticCustomError:
        return None
    inner = found.value if isinstance(found, TypedProperty) else found
    return type(inner), inner


def _plain(value: Any) -> Any:
    """Return the value of a typed form, so that it is hidden where it is a secret."""
    typed = _typed(value)
    return value if typed is None else typed[1]
