"""Parses a `filterQuery` into a tree.

The language is small: comparisons joined by AND and OR (AND binds tighter), parentheses, lists, quoted text, numbers,
``true`` and ``false``. A recursive descent parser with one function per rule takes about as many lines as a grammar and
a tree walk for a parser library, and reports what is wrong and where, so this package has no such dependency. Keywords
are upper case, as in the real server (only ``true``/``TRUE`` and ``false``/``FALSE`` may have either case).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from local_registry.errors import BadRequestError
from local_registry.integers import INT64

Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...]

MAX_COMPARISONS: Final = 500
"""SQLite refuses expressions deeper than 1000. The real server has no limit of its own."""
MAX_DEPTH: Final = 50
"""Of nested parentheses."""


@dataclass(frozen=True)
class Comparison:
    """``field operator value``. The field may end in a type such as ``.double_value``."""

    field: str
    operator: str
    value: Value


@dataclass(frozen=True)
class Junction:
    """Two or more parts, of which all (``AND``) or at least one (``OR``) must be true."""

    operator: str
    parts: tuple["Node", ...]


Node = Comparison | Junction


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\f]+|--[^\r\n]*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<float>[-+]?(?:[0-9]*\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+))"
    r"|(?P<int>[-+]?[0-9]+)"
    r"""|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
    r"|(?P<name>`(?:[^`\\]|\\.)*`)"
    r"|(?P<operator>[<>!]=|<>|[=<>])"
    r"|(?P<mark>[().,])"
)
_MAX_INTEGER_LENGTH = 1_000  # Python refuses to parse more than 4,300 digits
_WORD_OPERATORS = ("LIKE", "ILIKE", "IN")
_BOOLEANS = {"true": True, "TRUE": True, "false": False, "FALSE": False}


def parse(query: str) -> Node | None:
    """Parse a `filterQuery`.

    Returns:
        Its tree, or None if the query is blank.

    Raises:
        BadRequestError: If the syntax is invalid. The message contains the column.
    """
    return _Parser(query).query() if query.strip() else None


def _tokens(query: str) -> Iterator[_Token]:
    position = 0
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None or match.lastgroup is None:
            _refuse(position + 1, f"unexpected {query[position : position + 20]!r}")
        if match.lastgroup != "space":
            yield _Token(match.lastgroup, match.group(), position + 1)
        position = match.end()
    yield _Token("end", "the end", len(query) + 1)


def _refuse(column: int, problem: str) -> NoReturn:
    raise BadRequestError(
        f"invalid filter query syntax: column {column}: {problem}. Write a field, an operator (=, !=, >, >=, <, <=, "
        "LIKE, ILIKE or IN) and a value; put text in quotes (name='value'), and join comparisons with AND or OR in "
        "capitals"
    )


class _Parser:
    """Reads the tokens from left to right, with one method per rule of the grammar."""

    def __init__(self, query: str) -> None:
        self._tokens = list(_tokens(query))
        self._next = 0
        self._depth = 0
        self._comparisons = 0

    def query(self) -> Node:
        node = self._junction("OR")
        if self._peek().kind != "end":
            self._unexpected("AND, OR or the end")
        return node

    def _junction(self, operator: str) -> Node:
        """Parse an OR of ANDs of terms."""
        part = self._term if operator == "AND" else lambda: self._junction("AND")
        parts = [part()]
        while self._accept("word", operator):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Junction(operator, tuple(parts))

    def _term(self) -> Node:
        opening = self._accept("mark", "(")
        if opening is None:
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _refuse(opening.column, f"more than {MAX_DEPTH} nested parentheses")
        node = self._junction("OR")
        if not self._accept("mark", ")"):
            self._unexpected("')'")
        self._depth -= 1
        return node

    def _comparison(self) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            _refuse(self._peek().column, f"more than {MAX_COMPARISONS} comparisons in one query")
        return Comparison(self._field(), self._operator(), self._value())

    def _field(self) -> str:
        if quoted := self._accept("name"):
            return quoted.text.strip("`").replace(r"\.", ".").replace(r"\\", "\\")
        parts = [self._expect("word", "a field").text]
        while self._accept("mark", "."):
            parts.append(self._expect("word", "the rest of a field").text)
        return ".".join(parts)

    def _operator(self) -> str:
        token = self._peek()
        if token.kind != "operator" and (token.kind != "word" or token.text not in _WORD_OPERATORS):
            self._unexpected("an operator")
        self._next += 1
        return token.text

    def _value(self) -> Value:
        if not self._accept("mark", "("):
            return self._scalar()
        values: list[Scalar] = []
        if self._accept("mark", ")"):
            return ()
        values.append(self._scalar())
        while self._accept("mark", ","):
            values.append(self._scalar())
        if not self._accept("mark", ")"):
            self._unexpected("',' or ')'")
        return tuple(values)

    def _scalar(self) -> Scalar:
        token = self._peek()
        value: Scalar
        match token.kind:
            case "text":
                value = _unquote(token.text)
            case "int" if len(token.text) <= _MAX_INTEGER_LENGTH and int(token.text) in INT64:
                value = int(token.text)
            case "float":
                value = float(token.text)
            case "word" if token.text in _BOOLEANS:
                value = _BOOLEANS[token.text]
            case _:
                self._unexpected("a value")
        self._next += 1
        return value

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _accept(self, kind: str, text: str | None = None) -> _Token | None:
        token = self._peek()
        if token.kind != kind or (text is not None and token.text != text):
            return None
        self._next += 1
        return token

    def _expect(self, kind: str, what: str) -> _Token:
        return self._accept(kind) or self._unexpected(what)

    def _unexpected(self, expected: str) -> NoReturn:
        token = self._peek()
        _refuse(token.column, f"expected {expected}, found {token.text}")


def _unquote(text: str) -> str:
    r"""Return text without its quotes and escapes.

    ``\%`` and ``\_`` stay, because LIKE uses them. All quotes at both ends are removed, of either kind, as in the real
    server: it reads ``'"x"'`` as x.
    """
    return text.strip("\"'").replace(r"\"", '"').replace(r"\'", "'").replace(r"\\", "\\")
