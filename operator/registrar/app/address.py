"""Waits for the registry's URL in a file, so that an installation can be applied first and configured afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from registrar.api.registry_url import valid_registry_url
from registrar.settings import Settings
from registrar.telemetry import probes

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
"""Between two looks at the file. The kubelet takes up to a minute to update it."""
EXAMPLE = "http://model-registry-service.kubeflow:8080"


@dataclass(frozen=True, slots=True)
class _Content:
    """What a file holds: either the URL, or a sentence that says what to change in it."""

    url: str | None = None
    problem: str = ""


async def wait_for_url(file: Path, settings: Settings, metrics: Callable[[], bytes]) -> str | None:
    """Return the registry's URL as soon as a file holds it; serve the probes until then: live, but not ready.

    Args:
        file: holds nothing but the URL.
        settings: where to serve the probes.
        metrics: the metrics to serve, in Prometheus's text format.

    Returns:
        The URL; None if the operator is asked to stop.

    Raises:
        StartError: the probes cannot be served.
    """
    content = _read(file)
    if content.url is None:
        _warn(content)

        def not_ready() -> Iterator[str]:
            yield content.problem

        address = (settings.probe_address, settings.probe_port)
        # Signals first: a probe that is answered must not mean that SIGTERM would still kill the process.
        with _stop_signals() as stopping:
            async with probes.serve(*address, live=lambda: iter(()), ready=not_ready, metrics=metrics):
                while not stopping.is_set():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(stopping.wait(), INTERVAL_SECONDS)
                    before, content = content, _read(file)
                    if content.url is not None:
                        break
                    if content != before:
                        _warn(content)
    if content.url is not None:
        logger.info("The registry's URL, as %s says: %s", file, content.url)
    return content.url


def _warn(content: _Content) -> None:
    logger.warning("Waiting for the registry's URL: %s", content.problem)


def _read(file: Path) -> _Content:
    where = "In a pod, edit the ConfigMap that is mounted there."
    try:
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        key = "In a pod, add this key to the ConfigMap that is mounted there."
        return _Content(problem=f"{file} does not exist: create it with the registry's URL, such as {EXAMPLE}. {key}")
    except (OSError, ValueError) as error:
        return _Content(problem=f"{file} cannot be read: {error}. {where}")
    if not text:
        return _Content(problem=f"{file} holds no URL: write the registry's into it, such as {EXAMPLE}. {where}")
    try:
        return _Content(url=valid_registry_url(text))
    except ValueError as error:
        return _Content(problem=f"{file}: {error}. {where}")


@contextlib.contextmanager
def _stop_signals() -> Iterator[asyncio.Event]:
    """Yield an event that SIGTERM and Ctrl-C set: the first process of a container ignores them by default."""
    loop, event = asyncio.get_running_loop(), asyncio.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, event.set)
    try:
        yield event
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
