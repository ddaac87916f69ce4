"""Names the resource in each line of the log that is written while it is reconciled, whoever writes the line."""

from __future__ import annotations

import logging
from contextvars import ContextVar

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION

_current: ContextVar[ResourceKey | None] = ContextVar("resource", default=None)


def concern(key: ResourceKey) -> None:
    """Let the lines of the running task concern that resource, until it turns to another one."""
    _current.set(key)


class NameResource(logging.Filter):
    """Puts the reference where kopf's JSON formatter looks for it; it prints it as ``object``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete a record; none is held back."""
        key = _current.get()
        if key is not None and not hasattr(record, "k8s_ref"):
            record.k8s_ref = {
                "apiVersion": API_VERSION,
                "kind": key.kind,
                "namespace": key.namespace,
                "name": key.name,
            }
        return True
