"""The hook for watching requests: for metrics, and for holding requests back."""

from typing import Protocol


class Monitor(Protocol):
    """Receives each HTTP request, in the event loop that sends it."""

    def request_starts(self, method: str) -> None:
        """Record that a request is about to be sent. An exception from here keeps it from being sent."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Record how a request ended: its HTTP status, or None without a response, and how long it took."""


class NullMonitor:
    """The monitor of a client that has none."""

    def request_starts(self, method: str) -> None:
        """Do nothing."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Do nothing."""
