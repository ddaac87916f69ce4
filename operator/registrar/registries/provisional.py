"""IDs of entries that a dry run created, and that no registry has."""

from __future__ import annotations

FIRST_PROVISIONAL_ID = 2_000_000_000
"""Within the 32 bits of the registry's IDs, which a status checks; no registry has counted that far."""


def is_provisional(entry_id: str) -> bool:
    """Return whether an ID belongs to an entry that does not exist yet."""
    return entry_id.isdecimal() and int(entry_id) >= FIRST_PROVISIONAL_ID
