"""What was written to the registry and not told in a status yet. Pure but for its memory.

The status is written after the registry. Where that fails, the next run finds the entry as it shall be: it would know
nothing of the creation any more, neither for ``lastSyncTime`` nor for the Event.
"""

from __future__ import annotations

from dataclasses import replace

from registrar.api.bodies import ResourceKey
from registrar.reporting.outcome import Outcome


class Untold:
    """The outcomes of resources whose status could not be written, by the resource's uid."""

    def __init__(self) -> None:
        self._outcomes: dict[ResourceKey, tuple[str, Outcome]] = {}

    def joined(self, key: ResourceKey, uid: str, outcome: Outcome) -> Outcome:
        """The outcome with what was done before it and not told; it is remembered until `told`."""
        known_uid, before = self._outcomes.get(key, ("", outcome))
        if known_uid == uid:
            notes = (*before.notes, *(one for one in outcome.notes if one not in before.notes))
            outcome = replace(outcome, deed=before.deed or outcome.deed, notes=notes)
        if outcome.deed is not None or outcome.notes:
            self._outcomes[key] = uid, outcome
        return outcome

    def told(self, key: ResourceKey) -> None:
        """The status tells it, or there is no such resource any more."""
        self._outcomes.pop(key, None)
