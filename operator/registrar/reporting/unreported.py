"""What the operator wrote to the registry and no status reports yet.

The operator writes the status after the registry. If that fails, the next run finds the entry in its desired state: it
would know nothing of the creation any more, neither for ``lastSyncTime`` nor for the Event.
"""

from __future__ import annotations

from registrar.api.bodies import ResourceKey
from registrar.reporting.outcome import EventNote, Facts, Outcome


class UnreportedOutcomes:
    """The outcomes of resources whose status could not be written, by the resource's uid."""

    def __init__(self) -> None:
        self._outcomes: dict[ResourceKey, tuple[str, Outcome]] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._outcomes

    def join(self, key: ResourceKey, uid: str, outcome: Outcome) -> Outcome:
        """Return the outcome with what happened before it and is unreported; keep it until `reported`."""
        known_uid, before = self._outcomes.get(key, ("", outcome))
        if known_uid == uid:
            outcome = outcome.after(before)
        if outcome.operation is not None or outcome.notes:
            self._outcomes[key] = uid, outcome
        return outcome

    def note(self, key: ResourceKey, uid: str, note: EventNote) -> None:
        """Keep a further Event of a resource until `reported`, however its reconcile ends."""
        self.join(key, uid, Outcome(Facts(), notes=(note,)))

    def reported(self, key: ResourceKey) -> None:
        """Drop an outcome: the status reports it, or the resource no longer exists."""
        self._outcomes.pop(key, None)
