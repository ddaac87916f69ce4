"""The operator's log, as text or in kopf's JSON format; each line names the resource that is being reconciled."""

from __future__ import annotations

import logging
from typing import Final

import kopf

from registrar.api.meta import API_VERSION
from registrar.cluster.current import current
from registrar.settings import Settings

TEXT_FORMAT: Final = "[%(asctime)s] %(name)s [%(levelname)s] %(message)s"


def configure_logging(settings: Settings) -> None:
    """Log to standard error, in text or JSON."""
    kopf.configure(
        debug=settings.log_level == "debug",
        quiet=settings.log_level in {"warning", "error"},
        log_format=kopf.LogFormat.JSON if settings.log_format == "json" else kopf.LogFormat.FULL,
    )
    for handler in logging.getLogger().handlers:
        if settings.log_format == "text":
            # kopf's own format cuts the names of loggers to 20 characters.
            handler.setFormatter(logging.Formatter(TEXT_FORMAT))
        handler.addFilter(ResourceFilter())
    if settings.log_level != "debug":
        # They log every request, and every event of the watch.
        for talkative in ("httpx", "kopf.objects"):
            logging.getLogger(talkative).setLevel(logging.WARNING)


class ResourceFilter(logging.Filter):
    """Puts the resource where kopf's JSON formatter looks for it; the formatter prints it as ``object``."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete a record; none is held back."""
        key = current.get()
        if key is not None and not hasattr(record, "k8s_ref"):
            record.k8s_ref = {
                "apiVersion": API_VERSION,
                "kind": key.kind,
                "namespace": key.namespace,
                "name": key.name,
            }
        return True
