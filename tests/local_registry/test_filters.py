"""Compares filters with a LIKE matcher and an evaluator of trees that do not use SQL."""

import operator as comparisons
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Text, column

from local_registry import bodies, queries, registry
from local_registry.coercion import TypeMismatchError
from local_registry.filters import MAX_PATTERN_LENGTH, like, to_glob
from local_registry.store import MEMORY, Store

TRICKY = st.text(alphabet="aAbB%_\\*?[]^-! é\n", max_size=8)


def like_reference(pattern: str, text: str) -> bool:
    """Return whether PostgreSQL's LIKE matches, according to its documentation, with regular expressions."""
    tokens = re.findall(r"\\?.", pattern, re.DOTALL)
    wildcards = {"%": ".*", "_": "."}
    expression = "".join(wildcards.get(token, re.escape(token[-1])) for token in tokens)
    return re.fullmatch(expression, text, re.DOTALL) is not None


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(MEMORY)
    yield connection
    connection.close()


@given(pattern=TRICKY, text=TRICKY)
def test_like_is_postgresqls(sqlite: sqlite3.Connection, pattern: str, text: str) -> None:
    if re.search(r"(?<!\\)(\\\\)*\\\Z", pattern):
        with pytest.raises(TypeMismatchError, match="lone backslash"):
            to_glob(pattern)
        return
    (matched,) = sqlite.execute("SELECT ? GLOB ?", (text, to_glob(pattern))).fetchone()
    assert bool(matched) == like_reference(pattern, text)


@given(st.text(max_size=20))
def test_an_escaped_name_matches_only_itself(sqlite: sqlite3.Connection, name: str) -> None:
    name = name.replace("\0", "").encode(errors="ignore").decode()
    pattern = to_glob(re.sub(r"([\\%_])", r"\\\1", name))
    values = {"name": name, "pattern": pattern}
    (itself, longer) = sqlite.execute("SELECT :name GLOB :pattern, :name || 'x' GLOB :pattern", values).fetchone()
    assert (itself, longer) == (1, 0)


def test_a_pattern_is_refused_before_it_exceeds_sqlites_limit() -> None:
    with pytest.raises(TypeMismatchError, match=str(MAX_PATTERN_LENGTH)):
        like(column("name", Text), "[" * (MAX_PATTERN_LENGTH + 1))


@pytest.mark.parametrize("character", ["[", "😀"])
def test_the_longest_pattern_is_within_sqlites_limit(sqlite: sqlite3.Connection, character: str) -> None:
    text = character * MAX_PATTERN_LENGTH
    assert sqlite.execute("SELECT ? GLOB ?", (text, to_glob(text))).fetchone() == (1,)


# Trees

ENTRIES: list[dict[str, Any]] = [
    {"name": "alpha", "owner": "me", "s": "Text", "n": 5, "b": True},
    {"name": "Beta", "owner": "you", "s": "text", "n": 5.5, "b": False},
    {"name": "gamma", "s": "", "n": -1},
    {"name": "delta", "owner": "me", "n": 7.0, "b": True},
    {"name": "b_ta", "s": "50%", "b": False},
]
OPERATORS = {
    "=": comparisons.eq,
    "!=": comparisons.ne,
    ">": comparisons.gt,
    ">=": comparisons.ge,
    "<": comparisons.lt,
    "<=": comparisons.le,
}


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    store = Store(MEMORY)
    types = {str: "String", int: "Int", float: "Double", bool: "Bool"}

    def fill(connection: Connection) -> None:
        for entry in ENTRIES:
            custom = {}
            for key in entry.keys() & {"s", "n", "b"}:
                kind = types[type(entry[key])]
                value = str(entry[key]) if kind == "Int" else entry[key]
                custom[key] = {"metadataType": f"Metadata{kind}Value", f"{kind.lower()}_value": value}
            body = {key: entry[key] for key in entry.keys() & {"name", "owner"}}
            registry.create_model(connection, body | {"customProperties": custom})

    store.transaction(fill)
    with store._engine.connect() as opened:
        yield opened
    store.close()


Leaf = tuple[str, str, Any]
Tree = Leaf | tuple[str, list["Tree"]]

TEXTS = st.sampled_from(["alpha", "Beta", "me", "Text", "text", "", "50%", "b_ta", "zzz"])
PATTERNS = st.sampled_from(["%", "%a", "_eta", "B%", "b\\_ta", "%e%", "", "50\\%", "t%"])
LEAVES = st.one_of(
    st.tuples(st.sampled_from(["name", "owner", "s"]), st.sampled_from(list(OPERATORS)), TEXTS),
    st.tuples(st.sampled_from(["name", "owner", "s"]), st.sampled_from(["LIKE", "ILIKE"]), PATTERNS),
    st.tuples(st.sampled_from(["name", "owner", "s"]), st.just("IN"), st.lists(TEXTS, max_size=3)),
    st.tuples(st.just("n"), st.sampled_from(list(OPERATORS)), st.sampled_from([5, -1, 7, 0])),
    st.tuples(st.just("n.double_value"), st.sampled_from(list(OPERATORS)), st.sampled_from([5.5, 7.0])),
    st.tuples(st.just("b"), st.sampled_from(["=", "!="]), st.booleans()),
)
TREES: st.SearchStrategy[Tree] = st.recursive(
    LEAVES,
    lambda parts: st.tuples(st.sampled_from(["AND", "OR"]), st.lists(parts, min_size=2, max_size=3)),
    max_leaves=6,
)


def write(tree: Tree) -> str:
    if len(tree) == 2:
        return "(" + f" {tree[0]} ".join(write(part) for part in tree[1]) + ")"
    field, operator, value = tree
    return f"{field} {operator} {literal(value)}"


def literal(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return "'" + value.replace("\\", r"\\").replace("'", r"\'") + "'"
        case list():
            return "(" + ", ".join(literal(item) for item in value) + ")"
        case _:
            return str(value)


def holds(tree: Tree, entry: dict[str, Any]) -> bool:
    if len(tree) == 2:
        parts = (holds(part, entry) for part in tree[1])
        return all(parts) if tree[0] == "AND" else any(parts)
    field, operator, value = tree
    name, _, suffix = field.partition(".")
    if name not in entry or (suffix and not isinstance(entry[name], float)):
        return False
    if operator == "IN":
        return entry[name] in value
    if operator in {"LIKE", "ILIKE"}:
        fold = str.lower if operator == "ILIKE" else str
        return like_reference(fold(value), fold(entry[name]))
    return bool(OPERATORS[operator](entry[name], value))


@given(TREES)
def test_a_filter_finds_what_its_tree_describes(connection: Connection, tree: Tree) -> None:
    found = queries.list_models(connection, {"filterQuery": write(tree)})
    assert [item["name"] for item in found["items"]] == [entry["name"] for entry in ENTRIES if holds(tree, entry)]


def test_the_largest_query_is_within_sqlites_limits(connection: Connection) -> None:
    query = " OR ".join(["(n = 5 AND s LIKE '%e%')"] * 250)
    found = queries.list_models(connection, {"filterQuery": query})
    assert [item["name"] for item in found["items"]] == ["alpha"]


def test_the_longest_list_that_fits_a_request_is_within_sqlites_limits(connection: Connection) -> None:
    # uvicorn reads at most 64 KiB of a request's head, and SQLite accepts 32,766 parameters.
    query = "id IN (" + ",".join(["2"] * 32_700) + ")"
    assert [item["name"] for item in queries.list_models(connection, {"filterQuery": query})["items"]] == ["Beta"]


def test_bodies_are_read_as_utf8_whatever_they_contain() -> None:
    assert bodies.parse(b'{"name": "\xff", "owner": "\\ud800"}') == {"name": "�", "owner": "�"}
