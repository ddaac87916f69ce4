"""Which names Kubeflow's server can store."""

from __future__ import annotations

from registrar.kinds.base import Desired

MAX_STORED_NAME_LENGTH = 255
"""Characters of a name in the server's database; a child's is stored behind its parent's ID and a colon."""


def unsupported(desired: Desired) -> str | None:
    """Return which name the server cannot store, as a sentence; None if it can."""
    stored = f"{desired.parent_id}:{desired.name}" if desired.parent_id else desired.name
    if len(stored) <= MAX_STORED_NAME_LENGTH:
        return None
    return f"the name {desired.name!r} is longer than the registry can store; choose a shorter {desired.name_setting}"
