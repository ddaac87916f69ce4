"""Converts a `filterQuery` to a condition on a kind's entry table.

The rules are those of the real server on PostgreSQL, including its surprises:

- ``name = 'x'`` on versions and artifacts also finds ``<anything>:x``, and ``_`` and ``%`` in it are wildcards.
- ``<>`` means ``=``.
- A field that the kind does not have is a custom property.
- A whole number matches integer and floating point properties.
- A value of the wrong type is a 400.

One difference: if an entry has a plain field and a custom property with the same name and both match, this server lists
the entry once and the real server twice.
"""

import operator as comparisons
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Float, Integer, and_, exists, false, func, literal, or_

from local_registry import filter_syntax
from local_registry.coercion import TypeMismatchError, coerce
from local_registry.errors import BadRequestError
from local_registry.filter_syntax import Comparison, Junction, Node, Scalar, Value
from local_registry.kinds import Kind, stored

MAX_PATTERN_LENGTH: Final = 10_000
"""Characters in a pattern. SQLite's own limit is 50,000 bytes, and a character may become four bytes."""

_COMPARE: Final[dict[str, Callable[[Any, Any], ColumnElement[bool]]]] = {
    "=": comparisons.eq,
    "<>": comparisons.eq,
    "!=": comparisons.ne,
    ">": comparisons.gt,
    ">=": comparisons.ge,
    "<": comparisons.lt,
    "<=": comparisons.le,
}
_SUFFIXES: Final = ("string_value", "double_value", "int_value", "bool_value")

Column = ColumnElement[Any]


def condition(kind: Kind, query: str) -> ColumnElement[bool] | None:
    """Return the condition on entries of this kind, or None if the query is blank.

    Raises:
        BadRequestError: If the syntax is invalid, or the query compares a field with a value of another type.
    """
    tree = filter_syntax.parse(query)
    if tree is None:
        return None
    try:
        return _node(kind, tree)
    except TypeMismatchError as mismatch:
        raise BadRequestError(
            f"error listing {kind.label}s: invalid filter query, type mismatch or invalid value in comparison"
        ) from mismatch


def like(column: Column, pattern: str) -> ColumnElement[bool]:
    """Return PostgreSQL's LIKE: case-sensitive, ``%`` for any text, ``_`` for any character, escapes with a backslash.

    SQLite's own LIKE ignores the case of ASCII letters. Its GLOB does not, and can express the same patterns.

    Raises:
        TypeMismatchError: If the pattern ends in a lone backslash or is longer than `MAX_PATTERN_LENGTH`.
    """
    return column.op("GLOB", is_comparison=True, return_type=None)(to_glob(pattern))


def to_glob(pattern: str) -> str:
    """Return the GLOB pattern that matches what the LIKE pattern matches. See `like`."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise TypeMismatchError(f"a pattern of more than {MAX_PATTERN_LENGTH} characters")
    wildcards = {"%": "*", "_": "?"}
    glob: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character in wildcards:
            glob.append(wildcards[character])
            continue
        literal = next(characters, None) if character == "\\" else character
        if literal is None:
            raise TypeMismatchError("a pattern that ends in a lone backslash")
        glob.append(f"[{literal}]" if literal in "*?[" else literal)
    return "".join(glob)


def _node(kind: Kind, node: Node) -> ColumnElement[bool]:
    if isinstance(node, Junction):
        joined = and_ if node.operator == "AND" else or_
        return joined(*(_node(kind, part) for part in node.parts))
    field, _, suffix = node.field.rpartition(".")
    if not field or suffix not in _SUFFIXES:
        field, suffix = node.field, ""
    if field in kind.columns:
        return _on_entry(kind, field, node)
    return _on_property(kind, field, suffix, node)


def _on_entry(kind: Kind, field: str, node: Comparison) -> ColumnElement[bool]:
    column = kind.tables.entries.c[kind.columns[field]]
    operator, value = node.operator, node.value
    if field == "state" and isinstance(value, str):
        value = kind.states.index(value) if value in kind.states else -1
    if field == "name" and kind.name != "registered-model" and isinstance(value, str):
        operator, value = _child_name(operator, value)
    return _compare(column, operator, value)


def _child_name(operator: str, name: str) -> tuple[str, str]:
    """Return the operator and the pattern for a child's stored name, which begins with its parent's ID and ':'."""
    if operator == "=":
        return "LIKE", f"%:{name}"
    if operator == "LIKE" and ":" not in name and not name.startswith("%"):
        return "LIKE", f"%:{name}"
    return operator, name


def _on_property(kind: Kind, field: str, suffix: str, node: Comparison) -> ColumnElement[bool]:
    properties = kind.tables.properties
    known = kind.filterable.get(field)
    inferred = _inferred(node.value)
    column_names: tuple[str, ...] = (suffix or known or inferred,)
    if not suffix and known is None and inferred == "int_value" and node.operator != "ILIKE":
        column_names = ("int_value", "double_value")
    return exists().where(
        properties.c.entry_id == kind.tables.entries.c.id,
        properties.c.name == (stored(field) if known else field),
        or_(*(_compare(properties.c[name], node.operator, node.value) for name in column_names)),
    )


def _inferred(value: Value) -> str:
    match value:
        case bool():
            return "bool_value"
        case int():
            return "int_value"
        case float():
            return "double_value"
        case _:  # text, and any list: the real server does not check a list's values
            return "string_value"


def _compare(column: Column, operator: str, value: Value) -> ColumnElement[bool]:
    if operator == "IN":
        values = value if isinstance(value, tuple) else (value,)
        return column.in_([coerce(column.type, item) for item in values]) if values else false()
    if isinstance(value, tuple):
        if not value:
            return false()
        if len(value) > 1:
            raise TypeMismatchError(f"{operator} with a list")
        (value,) = value
    if operator in {"LIKE", "ILIKE"}:
        return _match(column, operator, value)
    return _COMPARE[operator](column, literal(coerce(column.type, value), column.type))


def _match(column: Column, operator: str, value: Scalar) -> ColumnElement[bool]:
    if isinstance(column.type, Integer | Float) or not isinstance(coerce(column.type, value), str):
        raise TypeMismatchError(f"{operator} compares text with text")
    pattern = str(value)
    return like(func.unicode_lower(column), pattern.lower()) if operator == "ILIKE" else like(column, pattern)
