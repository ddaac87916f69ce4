"""Who is told of the requests: for metrics, and for holding requests back."""

from typing import Protocol


class Monitor(Protocol):
    """Is told of each HTTP request, in the event loop that sends it."""

    def request_starts(self, method: str) -> None:
        """Take note of a request that is about to be sent; an exception from here keeps it from being sent."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Take note of how a request ended: its HTTP status, None without an answer, and how long it took."""


class Unmonitored:
    """The monitor of a client that nobody watches."""

    def request_starts(self, method: str) -> None:
        """Take no note."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Take no note."""
