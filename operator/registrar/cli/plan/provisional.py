"""Keeps IDs of entries that do not exist yet out of what a plan says."""

from __future__ import annotations

import re

from registrar.registries.provisional import is_provisional

# Names are in quotes, and may be such numbers.
_NUMBER = re.compile(r"(?<!['\w])\d{10}(?!['\w])")
_IN_BRACKETS = re.compile(r" \(id (\d{10})(, [A-Z_]+)?\)")


def without_provisional_ids(message: str) -> str:
    """Return a sentence of the operator, which speaks of such an entry as of any other, without its ID."""
    shortened = _IN_BRACKETS.sub(lambda found: " (new)" if is_provisional(found[1]) else found[0], message)
    return _NUMBER.sub(lambda found: "(new)" if is_provisional(found[0]) else found[0], shortened)
