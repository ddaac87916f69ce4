"""The errors of getting programs."""


class BinariesError(RuntimeError):
    """A program is neither on this machine nor to be had; the message says what was tried and what to do."""
