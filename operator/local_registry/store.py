"""Entries in SQLite.

There is one connection, the registry's only writer and reader, and one thread uses it at a time. Every operation is a
transaction that is committed before the operation returns.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Row,
    Select,
    StaticPool,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError

from local_registry.kinds import KINDS, Kind
from local_registry.pages import Page
from local_registry.properties import Property
from local_registry.schema import ARTIFACTS, Tables, metadata

MEMORY = ":memory:"
_Result = TypeVar("_Result")


class DatabaseUnusableError(Exception):
    """The database file cannot be opened, created or locked. The message says why and what to do."""


class DuplicateError(Exception):
    """Another entry in these tables has the stored name or the external ID."""


@dataclass(frozen=True)
class Entry:
    """A stored entry.

    Attributes:
        id: Unique among the entries of `kind.tables`.
        kind: The kind of entry.
        stored_name: The name, prefixed with the parent's ID (or a UUID) and ":" for all but registered models.
        external_id: The caller's own ID, or None.
        created: Milliseconds since the epoch.
        updated: Milliseconds since the epoch.
        uri: The URI of an artifact, or None.
        state: The state of an artifact as its index in `kind.states`, or None. (Other states are in `fields`.)
        fields: Stored name -> plain property.
        custom: Name -> custom property.
    """

    id: int
    kind: Kind
    stored_name: str
    external_id: str | None
    created: int
    updated: int
    uri: str | None
    state: int | None
    fields: Mapping[str, Property]
    custom: Mapping[str, Property]


@dataclass(frozen=True)
class Change:
    """What to write.

    Attributes:
        columns: Column of the entry table -> value.
        fields: Plain properties to set. The others stay.
        custom: The custom properties that replace the existing ones, or None to keep those.
        parent: ID of a parent to link the entry to, or None.
    """

    columns: Mapping[str, Any]
    fields: Mapping[str, Property]
    custom: Mapping[str, Property] | None
    parent: int | None = None


class Store:
    """The registry's database. Not for use by several threads at once.

    Args:
        database: Path of the SQLite file, created if it does not exist. ":memory:" stores everything in memory.

    Raises:
        DatabaseUnusableError: If the file cannot be opened, or another server uses it.
    """

    def __init__(self, database: str) -> None:
        url = URL.create("sqlite", database=database if database == MEMORY else str(Path(database).absolute()))
        # One thread at a time, but not always the same one. A server that is stopping has a second to close the file.
        connecting = {"check_same_thread": False, "timeout": 1.0}
        self._engine = create_engine(url, poolclass=StaticPool, connect_args=connecting)
        event.listen(self._engine, "connect", _prepare)
        try:
            metadata.create_all(self._engine)
            self.check()
        except (OperationalError, DatabaseError) as error:
            raise DatabaseUnusableError(
                f"cannot use the database {database}: {error.orig}. Choose a path in a writable directory that no "
                "other local_registry uses, or :memory:"
            ) from error

    def check(self) -> None:
        """Read from the database, to raise an error if it is unusable."""
        self.transaction(lambda connection: connection.scalar(select(func.count(ARTIFACTS.entries.c.id))))

    def close(self) -> None:
        """Close the database file."""
        self._engine.dispose()

    def transaction(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run a function in one transaction, which is committed when it returns and rolled back when it raises."""
        with self._engine.begin() as connection:
            return work(connection)


def insert_entry(connection: Connection, kind: Kind, stored_name: str, change: Change) -> Entry:
    """Create an entry.

    Raises:
        DuplicateError: If its stored name or external ID is taken.
    """
    now = _now()
    row = {"kind": kind.name, "stored_name": stored_name, "created": now, "updated": now} | dict(change.columns)
    try:
        key = connection.execute(insert(kind.tables.entries).values(row)).inserted_primary_key
    except IntegrityError as error:
        raise DuplicateError from error
    return _finish(connection, kind, key[0] if key else 0, change)


def update_entry(connection: Connection, entry: Entry, change: Change) -> Entry:
    """Change an entry. Its time of update changes even if nothing else does.

    Raises:
        DuplicateError: If its new external ID is taken.
    """
    entries = entry.kind.tables.entries
    row = {"updated": _now()} | dict(change.columns)
    try:
        connection.execute(update(entries).where(entries.c.id == entry.id).values(row))
    except IntegrityError as error:
        raise DuplicateError from error
    return _finish(connection, entry.kind, entry.id, change)


def get_entry(connection: Connection, tables: Tables, entry_id: int) -> Entry | None:
    """Return the entry with this ID, of any kind in these tables."""
    found = find_entries(connection, tables, [tables.entries.c.id == entry_id])
    return found[0] if found else None


def find_entries(connection: Connection, tables: Tables, conditions: Iterable[ColumnElement[bool]]) -> list[Entry]:
    """Return every entry that meets all conditions, by ID."""
    rows = connection.execute(select(tables.entries).where(*conditions).order_by(tables.entries.c.id)).all()
    return _load(connection, tables, rows)


def list_entries(
    connection: Connection, tables: Tables, conditions: Iterable[ColumnElement[bool]], page: Page, label: str
) -> tuple[list[Entry], str]:
    """Return a page of the entries that meet all conditions, and the token of the next page ("" after the last)."""
    query: Select[Any] = select(tables.entries).where(*conditions)
    rows, token = page.cut(list(connection.execute(page.apply(query, tables, label)).all()))
    return _load(connection, tables, rows), token


def linked_to(tables: Tables, parent: int) -> ColumnElement[bool]:
    """Return the condition that an entry belongs to this parent."""
    links = tables.links
    return tables.entries.c.id.in_(select(links.c.entry_id).where(links.c.parent_id == parent))


def _finish(connection: Connection, kind: Kind, entry_id: int, change: Change) -> Entry:
    properties, links = kind.tables.properties, kind.tables.links
    of_entry = properties.c.entry_id == entry_id
    if change.custom is not None:
        connection.execute(delete(properties).where(of_entry, properties.c.is_custom))
    if change.fields:
        connection.execute(
            delete(properties).where(of_entry, ~properties.c.is_custom, properties.c.name.in_(change.fields))
        )
    rows = [
        {"entry_id": entry_id, "name": name, "is_custom": is_custom, stored.column: stored.value}
        for is_custom, written in ((False, change.fields), (True, change.custom or {}))
        for name, stored in written.items()
    ]
    for row in rows:
        connection.execute(insert(properties).values(row))
    if change.parent is not None:
        link = {"parent_id": change.parent, "entry_id": entry_id}
        connection.execute(insert(links).prefix_with("OR IGNORE").values(link))
    entry = get_entry(connection, kind.tables, entry_id)
    if entry is None:
        raise LookupError(f"{kind.label} {entry_id} disappeared while it was written")
    return entry


def _load(connection: Connection, tables: Tables, rows: Sequence[Row[Any]]) -> list[Entry]:
    properties = tables.properties
    # The IDs are one JSON parameter, because SQLite accepts at most 32,766 parameters.
    ids = func.json_each(json.dumps([row.id for row in rows])).table_valued("value")
    found: dict[tuple[int, bool], dict[str, Property]] = {}
    query = select(properties).where(properties.c.entry_id.in_(select(ids.c.value))).order_by(properties.c.name)
    for row in connection.execute(query) if rows else ():
        found.setdefault((row.entry_id, row.is_custom), {})[row.name] = _property(row)
    return [
        Entry(
            id=row.id,
            kind=KINDS[row.kind],
            stored_name=row.stored_name,
            external_id=row.external_id,
            created=row.created,
            updated=row.updated,
            uri=row.uri,
            state=row.state,
            fields=found.get((row.id, False), {}),
            custom=found.get((row.id, True), {}),
        )
        for row in rows
    ]


def _property(row: Row[Any]) -> Property:
    columns = ("int_value", "string_value", "bool_value", "double_value", "json_value")
    return next(Property(name, value) for name in columns if (value := getattr(row, name)) is not None)


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: a commit appends to one file. FULL: the commit is on disk before the response, so neither a killed process
    # nor a power failure loses a write that was answered with 201 (NORMAL would only survive the former). EXCLUSIVE: a
    # second server on the same file fails at startup instead of becoming a second writer.
    connection.create_function(
        "unicode_lower", 1, lambda text: text if text is None else text.lower(), deterministic=True
    )
    for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _now() -> int:
    return time.time_ns() // 1_000_000
