"""Reads the three kinds, and waits for what was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn

from registrar.cli.cluster import Cluster
from registrar.cli.refusals import ClusterError
from registrar.cli.status.report import Reading, Report, Scope, report
from registrar.cli.status.resources import Observed, observe
from registrar.kinds.table import RESOURCES

POLL_SECONDS = 2.0
"""Seconds between two readings while the command waits: a watch would need a right more than a list."""
_PAUSES_PER_READING = 4
"""How much longer than a reading the pause after it is: thousands of resources take seconds to read."""


def read(cluster: Cluster, namespace: str | None) -> Reading:
    """Return the resources of a namespace, or (None) of all; what could not be read is noted.

    Raises:
        ClusterError: nothing could be read, or the connection failed.
    """
    found: list[Observed] = []
    refused: dict[str, ClusterError] = {}
    for kind in RESOURCES:
        try:
            found += [observe({"kind": kind.KIND, **body}) for body in cluster.list_resources(kind.PLURAL, namespace)]
        except ClusterError as error:
            if error.is_temporary:
                raise
            refused[kind.KIND] = error
    if len(refused) == len(RESOURCES):
        raise next(iter(refused.values()))
    return Reading(tuple(found), {kind: error.message for kind, error in refused.items()})


def wait(ask: Callable[[], Report], timeout: float, show: Callable[[str], None]) -> Report:
    """Ask again until nothing will change by itself; return the last report.

    Args:
        ask: reads the cluster.
        timeout: seconds after which to stop; the report is then that of resources that still wait.
        show: takes a line about the progress.

    Raises:
        ClusterError: the last answer within the time was an error.
    """
    deadline = time.monotonic() + timeout
    shown = ""
    while True:
        began = time.monotonic()
        is_last = began >= deadline
        try:
            current = ask()
        except ClusterError as error:
            if is_last or not error.is_temporary:
                raise
            progress = error.message
        else:
            if is_last or current.is_settled or current.problems:
                return current
            progress = f"{current.ready:,} of {len(current.assessed):,} resources are ready"
        if progress != shown:
            show(progress)
            shown = progress
        now = time.monotonic()
        time.sleep(max(0, min(pause_after(now - began), deadline - now)))


def pause_after(reading_seconds: float) -> float:
    """Return the seconds between a reading and the next, so that readings leave the API server to the operator."""
    return max(POLL_SECONDS, _PAUSES_PER_READING * reading_seconds)


def watch(
    ask: Callable[[], Report], show: Callable[[Report], None], show_problem: Callable[[str], None], interval: float
) -> NoReturn:
    """Ask again and again, until Ctrl-C.

    Args:
        ask: reads the cluster.
        show: takes each report.
        show_problem: takes the message of an error after which the next answer may be a report.
        interval: seconds between an answer and the next question.

    Raises:
        ClusterError: the cluster refused, so that asking again is of no use.
    """
    while True:
        try:
            show(ask())
        except ClusterError as error:
            if not error.is_temporary:
                raise
            show_problem(error.message)
        time.sleep(interval)


def ask_for(cluster: Cluster, scope: Scope) -> Report:
    """Return the report about what was asked for.

    Raises:
        ClusterError: as `read`.
        LookupError: the resource that was asked for does not exist.
    """
    reading = read(cluster, scope.namespace)
    if scope.resource is not None and scope.resource not in {resource.key for resource in reading.resources}:
        if scope.resource.kind in reading.unread:
            raise ClusterError(reading.unread[scope.resource.kind])
        raise LookupError(f"{scope.resource} does not exist.")
    return report(reading, scope)
