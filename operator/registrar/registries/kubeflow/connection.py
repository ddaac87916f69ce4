"""From settings to a client of Kubeflow's Model Registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from model_registry import ModelRegistryAPIClient
from registrar.settings import RegistrySettings

Token = str | Path | Callable[[], str]

TIMEOUT_SECONDS = 10.0
"""For one request, or all attempts at it; a page of a list takes less than one."""


class Monitor(Protocol):
    """Sees each request, and keeps one from being sent by raising."""

    def request_starts(self, method: str) -> None:
        """Take note of a request that is about to be sent."""

    def request_ended(self, method: str, status: int | None, seconds: float) -> None:
        """Take note of how a request ended."""


def connect(
    settings: RegistrySettings,
    monitor: Monitor,
    *,
    token: Token | None,
    retries: int,
    write_timeout: float | None = None,
    authorities: str | None = None,
) -> ModelRegistryAPIClient:
    """Return a client, which opens no connection before its first call.

    Args:
        settings: the registry.
        monitor: sees each request.
        token: what proves who asks: the text, or the file that is read again when it changes.
        retries: how often a request is sent again after a fault.
        write_timeout: seconds that a write may take; None sets no limit of its own.
        authorities: certificate authorities in PEM format, instead of the file that the settings name.
    """
    return ModelRegistryAPIClient.connect(
        settings.registry_url,
        token=token,
        ca=authorities or settings.registry_ca_file,
        api_version=settings.registry_api_version,
        timeout=TIMEOUT_SECONDS,
        write_timeout=write_timeout,
        retries=retries,
        in_flight=settings.registry_requests_in_flight,
        requests_per_second=settings.registry_requests_per_second,
        monitor=monitor,
    )
