"""The error of finding, fetching and building programs."""


class BinariesError(RuntimeError):
    """A program is missing and can be neither fetched nor built. The message says what was tried and what to do."""
