"""The log of the operator: kopf's formats, with the resource that a line is about, whoever writes the line."""

from __future__ import annotations

import logging
from contextvars import ContextVar

import kopf

from registrar.api.bodies import ResourceKey
from registrar.api.meta import API_VERSION
from registrar.settings import Settings

_current: ContextVar[ResourceKey | None] = ContextVar("resource", default=None)


def configure_logging(settings: Settings) -> None:
    """Log to standard error, in text or JSON."""
    kopf.configure(
        debug=settings.log_level == "debug",
        quiet=settings.log_level in {"warning", "error"},
        log_format=kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(ResourceFilter())
    if settings.log_level != "debug":
        # They log every request, and every event of the watch.
        for talkative in ("httpx", "kopf.objects"):
            logging.getLogger(talkative).setLevel(logging.WARNING)


def bind_resource(key: ResourceKey) -> None:
    """Have the lines of the running task name this resource, until the task binds another one."""
    _current.set(key)


class ResourceFilter(logging.Filter):
    """Puts the resource where kopf's JSON formatter looks for it; the formatter prints it as ``object``."""

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
