"""The external ID of an entry that gave its own up."""

from __future__ import annotations

MAX_LENGTH = 255
"""Characters of an external ID, in the schema and in the registry's database."""


def released_external_id(external_id: str, entry_id: str) -> str:
    """Return the external ID that an archived entry has after it gave this one up: ``<external ID>~released-<ID>``.

    It differs from the given one, and from that of every other entry, because it ends with the entry's own ID. A long
    external ID is cut to make room.
    """
    suffix = f"~released-{entry_id}"
    kept = external_id[: MAX_LENGTH - len(suffix)]
    return (kept if kept + suffix != external_id else kept[1:]) + suffix
