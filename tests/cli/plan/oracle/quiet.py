"""Waits until the operator has seen all changes, or until it has nothing left to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import kubernetes

from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.meta import GROUP, VERSION
from registrar.reconcile.resolve import EXTERNAL_REQUEUE_SECONDS
from tests.cli.plan.oracle.recorder import Recorder
from tests.support.operator_process import OperatorProcess
from tests.support.probes import Probes, probes_of
from tests.support.resources import PLURALS, WAIT_LIMIT, Manifest, annotated, condition, has_reason, manifest

STILL = 1.0
"""Seconds without any change after which an operator with an empty queue has nothing left to do."""
RETRIED = EXTERNAL_REQUEUE_SECONDS + 5.0
"""Seconds without a write after which it is at rest, though it goes on trying what waits for an entry."""
POLLS = 3
"""Of the registry's feed, after which the operator knows what others changed: one may have begun before."""
LIMIT = 5 * WAIT_LIMIT
PAUSE = 0.2
"""Seconds between two looks."""
LAST = tuple(
    annotated(body, paused="true")
    for body in (
        manifest("RegisteredModel", "last"),
        manifest("ModelVersion", "last", registeredModelRef={"name": "last"}),
        manifest("ModelArtifact", "last", modelVersionRef={"name": "last"}, uri="s3://b/last"),
    )
)
"""A resource of each kind that the operator reports as paused without asking the registry."""

Resources = Callable[[], Mapping[ResourceKey, Manifest]]
"""Lists all resources."""


@dataclass(frozen=True)
class Watcher:
    """Watches one operator.

    Attributes:
        operator: the operator.
        recorder: its registry.
        resources: lists all resources.
    """

    operator: OperatorProcess
    recorder: Recorder
    resources: Resources

    def wait_until_quiet(self) -> None:
        """Wait until the operator has seen everything, and nothing changes any more."""
        probes, deadline = probes_of(self.operator), time.monotonic() + LIMIT
        polled = _polls(probes)
        before: object = None
        found: object = None
        since = unchanged_since = time.monotonic()
        unseen = ["anything"]
        while True:
            reconciles, resources = _reconciles(probes), self.resources()
            state, now = (len(self.recorder.writes), reconciles), time.monotonic()
            # On a busy machine, a reconcile can stand still for longer than that.
            if state != before or _is_busy(reconciles):
                before, since = state, now
            if (changed := (len(self.recorder.writes), _versions(resources))) != found:
                found, unchanged_since = changed, now
            is_still = now - since > STILL or now - unchanged_since > RETRIED
            if is_still and _polls(probes) >= polled + POLLS and not (unseen := _unseen(resources)):
                return
            if now > deadline:
                raise TimeoutError(f"the operator never came to rest: {unseen}")
            time.sleep(PAUSE)

    def wait_until_seen(self, keys: Iterable[ResourceKey]) -> None:
        """Wait until the operator has reported on resources, whatever it says."""
        deadline = time.monotonic() + LIMIT
        while unseen := [key for key in keys if not condition(self.resources()[key], "Ready")]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the operator never reported on {unseen}")
            time.sleep(PAUSE)

    def resume(self, api: kubernetes.client.CustomObjectsApi, spaces: tuple[str, ...]) -> None:
        """Resume the operator, and keep the registry from it until it has seen all changes of resources.

        Drift that it finds first, and parents that it looks for again, it would handle by the specs of the base. A plan
        cannot say whether that happens, because it depends on which of two servers answers first.

        A watch shows changes in their order, so the operator has seen all once it has seen the last of each watch.

        Args:
            api: the API server.
            spaces: the namespaces of the resources.
        """
        places = [(GROUP, VERSION, space, PLURALS[body["kind"]]) for space in spaces for body in LAST]
        for place, body in zip(places, LAST * len(spaces), strict=True):
            api.create_namespaced_custom_object(*place, body)
        self.recorder.is_away = True
        self.operator.resume()
        probes, deadline = probes_of(self.operator), time.monotonic() + LIMIT
        # A reconcile that began before the last change was seen has ended too once no worker is busy.
        while not self._has_seen_last(len(places)) or _is_busy(_reconciles(probes)):
            if time.monotonic() > deadline:
                raise TimeoutError("the operator never saw all changes")
            time.sleep(PAUSE)
        self.recorder.is_away = False
        for place in places:
            api.delete_namespaced_custom_object(*place, "last")

    def _has_seen_last(self, number: int) -> bool:
        last = [body for key, body in self.resources().items() if key.name == "last"]
        return sum(map(has_reason(Reason.PAUSED), last)) == number


def _polls(probes: Probes) -> float:
    return probes.metrics()["registrar_feed_polls_total{registry=flags,result=success}"]


def _reconciles(probes: Probes) -> dict[str, float]:
    names = ("registrar_reconcile_total", "registrar_workqueue_depth{registry=flags}", "registrar_active_workers")
    return {name: value for name, value in probes.metrics().items() if name.startswith(names)}


def _is_busy(reconciles: Mapping[str, float]) -> bool:
    return any(number for name, number in reconciles.items() if not name.startswith("registrar_reconcile_total"))


def _versions(resources: Mapping[ResourceKey, Manifest]) -> dict[ResourceKey, str]:
    return {key: manifest["metadata"]["resourceVersion"] for key, manifest in resources.items()}


def _unseen(resources: Mapping[ResourceKey, Manifest]) -> list[str]:
    """Return the resources that the operator still has to do something about."""
    return [str(key) for key, manifest in resources.items() if not _is_settled(manifest)]


def _is_settled(manifest: Manifest) -> bool:
    metadata = manifest["metadata"]
    ready = condition(manifest, "Ready")
    if not ready or metadata.get("deletionTimestamp") is not None:
        return False
    is_current: bool = ready["observedGeneration"] == metadata["generation"]
    return is_current and ready["reason"] != Reason.HANDING_OVER
