"""Posts Events about the objects that the operator serves."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from http import HTTPStatus

from registrar.api.bodies import ResourceKey
from registrar.api.meta import ObjectMeta
from registrar.cluster.api import ClusterAPI, KubernetesError, ResourceGoneError
from registrar.reporting.events import EventCorrelator
from registrar.reporting.outcome import EventNote

logger = logging.getLogger(__name__)


async def post(
    key: ResourceKey, metadata: ObjectMeta, notes: Iterable[EventNote], events: EventCorrelator, kube: ClusterAPI
) -> None:
    """Post Events about an object. One that cannot be posted, such as in a namespace that is deleted, is only logged.

    Args:
        key: the object.
        metadata: its metadata.
        notes: what to post.
        events: the Events that were posted lately.
        kube: the API server.
    """
    for note in notes:
        write = events.correlate(key, metadata, note, datetime.now(UTC))
        if write is None:
            continue
        try:
            await kube.write_event(write.name, write.event, write.patch)
        except KubernetesError as error:
            # A namespace that is being deleted takes no Events about the entries that are archived because of that.
            level = logging.DEBUG if _has_no_namespace(error) else logging.WARNING
            logger.log(level, "The Event %r about %s was not posted: %s", note.reason, key, error)


def log_warnings(key: ResourceKey, notes: Iterable[EventNote]) -> None:
    """Log those of the Events about an object that are warnings."""
    for note in notes:
        if note.is_warning:
            logger.warning("%s: %s: %s", key, note.reason, note.message)


def _has_no_namespace(error: KubernetesError) -> bool:
    """Return whether the namespace of an Event is being deleted, or is gone."""
    is_ending = error.status == HTTPStatus.FORBIDDEN and "because it is being terminated" in str(error)
    return is_ending or isinstance(error, ResourceGoneError)
