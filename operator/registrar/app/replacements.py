"""What administrators have accepted of registries that were replaced, each by the annotation of its ClusterRegistry."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from registrar.api.registry_url import is_registry_url, normalized_url
from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.api.v1alpha1.registry_marks import (
    ACCEPT_REPLACED_ANNOTATION,
    ACCEPTED_MAX_LENGTH,
    AcceptedReplacement,
)
from registrar.app.connection import Connection
from registrar.cluster.cluster_registries import Declared
from registrar.registries.registry import Registry
from registrar.registries.replacement import Replacement
from registrar.reporting.registry_status import Health, replaced_since

logger = logging.getLogger(__name__)

RECOUNT_SECONDS = 5.0
"""Between two counts of what a replaced registry lacks, while no resource asks: each looks at every resource."""


@dataclass(slots=True)
class Replacements:
    """Whether registries were replaced, and how far that is accepted.

    An acceptance is in the status before anything is created by it. So it counts once, whenever the operator ends.
    """

    _words: dict[str, tuple[str, float]] = field(default_factory=dict)
    _since: dict[str, datetime] = field(default_factory=dict)

    def forget(self, name: str) -> None:
        """Forget a ClusterRegistry that is not served any more."""
        self._words.pop(name, None)
        self._since.pop(name, None)

    def health(self, declared: Declared, connection: Connection) -> Health | None:
        """Return that a registry was replaced, and what to do about it; None where it may still be the same."""
        name, found = declared.metadata.name, connection.context.guard.found
        if found is None:
            self._since.pop(name, None)
            return None
        # Whoever writes manifests puts it there, so it has to be another word for each replacement.
        since = replaced_since(declared.metadata, declared.status) or datetime.now(UTC)
        word = self._since.setdefault(name, since).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Health(
            RegistryReason.REGISTRY_REPLACED,
            f"{_described(found, connection.context.registry)} Nothing is created or released in it. Restore the "
            "entries, or correct spec.url or spec.serviceRef. To have the entries created again, accept the registry: "
            f"kubectl annotate --overwrite clusterregistry {name} {ACCEPT_REPLACED_ANNOTATION}={word}",
        )

    def follow(self, declared: Declared, connection: Connection | None) -> AcceptedReplacement | None:
        """Let create again what the status says was accepted; returns what it has to record now.

        Args:
            declared: the ClusterRegistry.
            connection: the connection to its registry; None while it is not served.
        """
        self.accept(declared, connection)
        return self.next(declared, connection)

    def next(self, declared: Declared, connection: Connection | None) -> AcceptedReplacement | None:
        """Return what the status has to record now.

        Args:
            declared: the ClusterRegistry.
            connection: the connection to its registry; None while it is not served.
        """
        before, word = _recorded(declared), _word_of(declared)
        if word and not declared.raw_status:
            # Whoever created it, or restored it without its status, brought the word along, for an earlier replacement.
            return AcceptedReplacement(value=word, recreating=False)
        if connection is None or not _is_known(connection):
            return before
        if word and (before is None or before.value != word):
            return self._answer(declared.metadata.name, word, before, connection)
        guard, now = connection.context.guard, time.monotonic()
        if not guard.is_current or guard.found is not None or guard.is_recreating:
            guard.replacement(now, RECOUNT_SECONDS)
        if before is None or guard.is_recreating:
            return before
        return _with(before, recreating=False)

    def _answer(
        self, name: str, word: str, before: AcceptedReplacement | None, connection: Connection
    ) -> AcceptedReplacement | None:
        """Return what the status has to record once a word is given that it does not have."""
        guard, now = connection.context.guard, time.monotonic()
        if not self._is_read_since(name, word, connection.context.registry, now):
            return before
        if guard.replacement(now, valid_seconds=0) is not None:
            return AcceptedReplacement(value=word, recreating=True, lost_until=guard.newest_missing())
        # There was nothing to accept, and it must not wait for the next time.
        return AcceptedReplacement(value=word, recreating=False) if before is None else _with(before, value=word)

    def accept(self, declared: Declared, connection: Connection | None) -> None:
        """Let entries be created again as far as the status says that it was accepted."""
        recorded = _recorded(declared)
        if connection is None or recorded is None or not recorded.recreating or not _is_known(connection):
            return
        guard = connection.context.guard
        if guard.accepted == recorded.value:
            return
        guard.accept(recorded.value, recorded.lost_until or 0, time.monotonic())
        logger.info(
            "The registry %s of ClusterRegistry %s was accepted by %s=%s: what it lacks is created again",
            connection.context.registry.url,
            declared.metadata.name,
            ACCEPT_REPLACED_ANNOTATION,
            recorded.value,
        )
        connection.memory.wake(connection.cache)

    def _is_read_since(self, name: str, word: str, registry: Registry, now: float) -> bool:
        """Return whether the registry was read after a word was given; before that, its loss may not be known yet."""
        known, since = self._words.get(name, ("", now))
        if known != word:
            since = now
            self._words[name] = word, now
            registry.breaker.request_probe()
        return registry.read_at > since


def _with(before: AcceptedReplacement, **changes: object) -> AcceptedReplacement:
    """Return what was accepted, with other values of some fields."""
    return before.model_copy(update=changes)


def _word_of(declared: Declared) -> str:
    return declared.metadata.annotations.get(ACCEPT_REPLACED_ANNOTATION, "")[:ACCEPTED_MAX_LENGTH]


def _recorded(declared: Declared) -> AcceptedReplacement | None:
    """Return what was accepted, as far as it concerns the registry at the address that is declared now."""
    found = declared.status.accepted_replacement
    if found is None or normalized_url(declared.status.url or "") == normalized_url(declared.url):
        return found
    return _with(found, recreating=False)


def _is_known(connection: Connection) -> bool:
    """Return whether all resources and entries are known, so that it can be counted what is missing."""
    return connection.context.registry.is_available and connection.cache.synced.is_set()


def _described(found: Replacement, registry: Registry) -> str:
    if found.former is None or not is_registry_url(found.former):
        what = f"{found.missing} of {found.all} entries are no longer in the registry {registry.url}"
        return f"{what}: it was reset, restored or replaced."
    return (
        f"{found.missing} of {found.all} entries, which were in the registry {found.former}, are not in "
        f"{registry.url}: that is another registry, or it was reset or restored."
    )
