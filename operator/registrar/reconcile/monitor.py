"""Who is shown what reconciles do: metrics in the operator, the report in a dry run."""

from __future__ import annotations

from typing import Protocol

from registrar.reporting.writes import EntryWrite


class ReconcileMonitor(Protocol):
    """Is called as reconciles go on; nothing that it does changes them."""

    def ended(self, kind: str, result: str, seconds: float) -> None:
        """A reconcile of a resource of this kind ended: success, requeue_after or error."""

    def became_ready(self, kind: str, seconds: float) -> None:
        """A resource became Ready so many seconds after its generation was first seen."""

    def found_drift(self, kind: str, *, corrected: bool) -> None:
        """An entry was changed outside; and corrected, or reported."""

    def wrote(self, write: EntryWrite) -> None:
        """An entry was written to the registry."""
