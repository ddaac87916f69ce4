"""Outliers: resources whose requests fail as in an outage, though the registry answers others.

A gateway may refuse one body, or one entry may take too long to read. What fails for one resource must not keep the
others waiting, as an outage does. Only the probe that follows shows which of the two it is.
"""

from __future__ import annotations

from registrar.api.bodies import ResourceKey

OUTAGE_OF_WRITES = 3
"""Outliers in a row, with no write between them, that mean that the registry answers reads but takes no writes."""


class Outliers:
    """Which resources are outliers."""

    def __init__(self) -> None:
        self._suspect: ResourceKey | None = None
        self._outliers: set[ResourceKey] = set()
        self._since_write: set[ResourceKey] = set()

    def __contains__(self, key: ResourceKey) -> bool:
        """Return whether what fails for a resource is its own problem, and no outage."""
        return key in self._outliers and not self._is_outage_of_writes

    @property
    def _is_outage_of_writes(self) -> bool:
        return len(self._since_write) >= OUTAGE_OF_WRITES

    def suspect(self, key: ResourceKey) -> None:
        """Note a resource whose request failed while no outage was known."""
        self._suspect = key

    def confirm_outage(self) -> None:
        """Acquit the suspect: a probe failed too."""
        self._suspect = None

    def note_answer(self) -> bool:
        """Count the suspect as an outlier: a probe succeeded; returns whether that explains the failure.

        It does not where too many resources fail: then the registry takes no writes.
        """
        if self._suspect is None:
            return False
        self._outliers.add(self._suspect)
        self._since_write.add(self._suspect)
        self._suspect = None
        return not self._is_outage_of_writes

    def note_write(self) -> None:
        """Note that the registry took a write."""
        self._since_write.clear()

    def forget(self, key: ResourceKey) -> None:
        """Count a resource as an outlier no longer: it succeeded, or is gone."""
        self._outliers.discard(key)
        self._since_write.discard(key)
