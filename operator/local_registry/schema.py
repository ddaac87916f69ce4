"""The tables.

Models and versions share one set of tables, and so one sequence of IDs and one set of external IDs. Artifacts have
another set of tables (like the real server's `Context` and `Artifact`). A field by which the registry neither sorts nor
finds entries is a row in the property table, next to the custom properties, because `filterQuery` searches both.
"""

from dataclasses import dataclass

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

MAX_NAME_LENGTH = 255
"""Characters in a stored name (including the parent's ID and ":"), an external ID, or a property's name."""

metadata = MetaData()


@dataclass(frozen=True)
class Tables:
    """One set of tables.

    Attributes:
        entries: One row per entry.
        properties: Plain fields and custom properties of the entries. One of the ``*_value`` columns is set.
        links: The parents of an entry (an artifact may belong to several versions).
    """

    entries: Table
    properties: Table
    links: Table


def _tables(name: str) -> Tables:
    entries = Table(
        name,
        metadata,
        Column("id", Integer, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("stored_name", Text, nullable=False),
        Column("external_id", Text, unique=True),
        Column("created", BigInteger, nullable=False),
        Column("updated", BigInteger, nullable=False, index=True),
        Column("uri", Text),
        Column("state", Integer),
        UniqueConstraint("kind", "stored_name"),
        sqlite_autoincrement=True,  # an ID is never assigned again, even if its entry is gone
    )
    properties = Table(
        f"{name}_properties",
        metadata,
        Column("entry_id", Integer, ForeignKey(entries.c.id), primary_key=True),
        Column("name", Text, primary_key=True),
        Column("is_custom", Boolean, primary_key=True),
        Column("int_value", Integer),
        Column("double_value", Float),
        Column("string_value", Text),
        Column("bool_value", Boolean),
        Column("json_value", JSON),
    )
    Index(f"ix_{name}_properties_name", properties.c.name, properties.c.string_value)
    links = Table(
        f"{name}_links",
        metadata,
        Column("parent_id", Integer, primary_key=True),
        Column("entry_id", Integer, ForeignKey(entries.c.id), primary_key=True),
    )
    return Tables(entries, properties, links)


CONTEXTS = _tables("contexts")
ARTIFACTS = _tables("artifacts")
