"""kstatus and ``kubectl wait`` judge a resource rightly in every phase: checked with each state that a watch showed."""

import json
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from devcluster.processes import Child, Children
from tests.support.fixtures import StartOperator, Unique
from tests.support.kstatus import Phase, phase
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, condition, has_reason, manifest


class Recording:
    """Every state of the resources of one kind in a namespace, as ``kubectl get --watch`` prints them."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def of(self, name: str) -> list[Manifest]:
        """Return the states of a resource so far, oldest first."""
        return [event["object"] for event in self._events() if event["object"]["metadata"]["name"] == name]

    def until_deleted(self, name: str) -> list[Manifest]:
        """Wait for the last state of a resource; returns all of them.

        Raises:
            TimeoutError: it was never deleted.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while not any(
            event["type"] == "DELETED" and event["object"]["metadata"]["name"] == name for event in self._events()
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} was not deleted: {self._child.tail()}")
            time.sleep(0.05)
        return self.of(name)

    def _events(self) -> list[Manifest]:
        text, decoder, events = self._child.output(), json.JSONDecoder(), []
        while text := text.lstrip():
            try:
                event, end = decoder.raw_decode(text)
            except json.JSONDecodeError:
                break  # kubectl is writing it
            events.append(event)
            text = text[end:]
        return events


@pytest.fixture
def recording(own_space: Namespace) -> Iterator[Recording]:
    """The states of the namespace's versions, from now on."""
    cluster = own_space.cluster
    with Children() as children:
        command: list[str | Path] = [
            cluster.kubectl,
            f"--kubeconfig={cluster.kubeconfig}",
            "get",
            "modelversions",
        ]
        options = ["--namespace", own_space.name, "--watch", "--output-watch-events", "--output=json"]
        environment = {"KUBECACHEDIR": str(children.folder / "kubectl-cache")}
        child = children.start("watch", [*command, *options], environment=environment)
        # The watch runs once it shows a first resource.
        own_space.apply(manifest("ModelVersion", "sentinel", registeredModelRef={"name": "nobody"}))
        child.wait_until(lambda: "sentinel" in child.output(), timeout=WAIT_LIMIT)
        yield Recording(child)


def _phases(states: list[Manifest]) -> list[Phase]:
    """Return the phases in their order, without repetitions."""
    return [current for current, _ in groupby(map(phase, states))]


def _ready_is_true(resource: Manifest) -> bool:
    """Return what ``kubectl wait --for=condition=Ready`` waits for: it ignores a condition of an older generation."""
    ready, generation = condition(resource, "Ready"), resource["metadata"]["generation"]
    return bool(ready.get("status") == "True" and ready["observedGeneration"] == generation)


def _kubectl_wait(space: Namespace, name: str, condition_type: str) -> None:
    what = (f"--for=condition={condition_type}", "--timeout=30s", f"mversion/{name}")
    space.cluster.run_kubectl("wait", "--namespace", space.name, *what)


def test_kstatus_is_right_in_every_phase_of_a_resource(
    start_operator: StartOperator, own_space: Namespace, registry_url: str, recording: Recording, unique: Unique
) -> None:
    start_operator(registry_url, own_space)
    model, other, name = unique("churn"), unique("fraud"), unique("churn-1")
    version = manifest("ModelVersion", name, registeredModelRef={"name": model}, author="ada")

    own_space.apply(version)
    own_space.wait("ModelVersion", name, has_reason("WaitingForRegisteredModel"))
    own_space.apply(manifest("RegisteredModel", model), manifest("RegisteredModel", other))
    _kubectl_wait(own_space, name, "Ready")
    own_space.patch("ModelVersion", name, {"spec": {"author": "grace"}})
    _kubectl_wait(own_space, name, "Ready")
    own_space.patch("ModelVersion", name, {"spec": {"registeredModelRef": {"name": other}}})
    _kubectl_wait(own_space, name, "Stalled")
    own_space.patch("ModelVersion", name, {"spec": {"registeredModelRef": {"name": model}}})
    own_space.ready("ModelVersion", name)
    own_space.delete("ModelVersion", name)
    states = recording.until_deleted(name)

    assert _phases(states) == [
        Phase.IN_PROGRESS,  # new, then waiting for its model
        Phase.CURRENT,
        Phase.IN_PROGRESS,  # edited
        Phase.CURRENT,
        Phase.IN_PROGRESS,  # edited
        Phase.FAILED,  # refers to another model
        Phase.IN_PROGRESS,  # edited
        Phase.CURRENT,
        Phase.TERMINATING,
    ]
    for state in states:
        assert (phase(state) is Phase.CURRENT) == (
            _ready_is_true(state) and "deletionTimestamp" not in state["metadata"]
        )
        if phase(state) is Phase.CURRENT:
            assert state["status"]["id"].isdecimal()
    waiting = [state for state in states if _reason(state) == "WaitingForRegisteredModel"]
    assert {phase(state) for state in waiting} == {Phase.IN_PROGRESS}


def test_a_resource_that_no_operator_has_seen_is_in_progress(own_space: Namespace, unique: Unique) -> None:
    """Without a status it would be Current; the schema's default shows that no operator has observed it."""
    name = unique("unseen")
    own_space.apply(manifest("RegisteredModel", name))

    unseen = own_space.get("RegisteredModel", name)
    assert unseen["status"] == {"observedGeneration": -1}
    assert phase(unseen) is Phase.IN_PROGRESS
    assert phase({key: value for key, value in unseen.items() if key != "status"}) is Phase.CURRENT


def _reason(state: Manifest) -> Any:
    return condition(state, "Ready").get("reason")
