"""Resources of the tests: write, apply, edit, delete, wait for a state."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import kubernetes

from devcluster.controlplane import ControlPlane
from registrar.api.meta import API_VERSION, GROUP, VERSION

Manifest = dict[str, Any]

PLURALS = {"RegisteredModel": "registeredmodels", "ModelVersion": "modelversions", "ModelArtifact": "modelartifacts"}
WAIT_LIMIT = 60.0
"""Seconds until a test that waits gives up. Mostly it waits for less than one; an operator may be starting first."""


def manifest(kind: str, name: str, /, **spec: Any) -> Manifest:
    """Return a resource of our group, without a namespace."""
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}


def annotated(resource: Manifest, **annotations: str) -> Manifest:
    """Return the resource with annotations of our group, such as ``paused="true"`` (``_`` for ``-``)."""
    named = {f"{GROUP}/{name.replace('_', '-')}": value for name, value in annotations.items()}
    return {**resource, "metadata": {**resource["metadata"], "annotations": named}}


def condition(resource: Manifest, kind: str) -> Manifest:
    """Return a condition of a resource; empty if it has none of that type."""
    conditions = resource.get("status", {}).get("conditions", [])
    return next((found for found in conditions if found["type"] == kind), {})


def is_ready(resource: Manifest) -> bool:
    """Return whether the resource is Ready with its present spec."""
    ready = condition(resource, "Ready")
    is_current: bool = ready.get("observedGeneration") == resource["metadata"]["generation"]
    return is_current and bool(ready["status"] == "True")


def has_reason(reason: str) -> Callable[[Manifest], bool]:
    """Check that a resource with its present spec is not Ready for that reason."""

    def check(resource: Manifest) -> bool:
        ready = condition(resource, "Ready")
        is_current = ready.get("observedGeneration") == resource["metadata"]["generation"]
        return is_current and bool(ready["status"] != "True" and ready["reason"] == reason)

    return check


def has_drifted(resource: Manifest) -> bool:
    """Return whether the resource reports drift."""
    return bool(condition(resource, "Drifted"))


def has_handled(request: str) -> Callable[[Manifest], bool]:
    """Check that a resource's status answers this reconcile request."""
    return lambda resource: bool(resource["status"].get("lastHandledReconcileAt") == request)


@dataclass(frozen=True)
class Namespace:
    """One namespace of the cluster."""

    cluster: ControlPlane
    name: str
    api: kubernetes.client.CustomObjectsApi

    def apply(self, *resources: Manifest) -> None:
        """``kubectl apply``, in this order."""
        # A list, because older versions of kubectl read no JSON between lines of "---".
        listed = {"apiVersion": "v1", "kind": "List", "items": resources}
        self.cluster.run_kubectl("apply", "--namespace", self.name, "-f", "-", stdin=json.dumps(listed))

    def create(self, *resources: Manifest) -> None:
        """Create resources by one request each, which is much faster than kubectl for hundreds."""
        for resource in resources:
            plural = PLURALS[resource["kind"]]
            self.api.create_namespaced_custom_object(GROUP, VERSION, self.name, plural, resource)

    def delete(self, kind: str, name: str) -> None:
        """``kubectl delete``, without waiting for the finalizer."""
        self.cluster.run_kubectl("delete", PLURALS[kind], name, "--namespace", self.name, "--wait=false")

    def patch(self, kind: str, name: str, patch: Manifest) -> None:
        """Send a JSON merge patch as the user."""
        self.api.patch_namespaced_custom_object(
            GROUP, VERSION, self.name, PLURALS[kind], name, patch, _content_type="application/merge-patch+json"
        )

    def annotate(self, kind: str, name: str, **annotations: str | None) -> None:
        """Set or (None) remove annotations of ours."""
        named = {f"{GROUP}/{key.replace('_', '-')}": value for key, value in annotations.items()}
        self.patch(kind, name, {"metadata": {"annotations": named}})

    def get(self, kind: str, name: str) -> Manifest:
        """Return the resource as it is now; empty if it does not exist."""
        try:
            found = self.api.get_namespaced_custom_object(GROUP, VERSION, self.name, PLURALS[kind], name)
        except kubernetes.client.ApiException as error:
            if error.status == 404:
                return {}
            raise
        return cast("Manifest", found)

    def wait(self, kind: str, name: str, until: Callable[[Manifest], bool]) -> Manifest:
        """Wait until a resource exists and passes the check; returns it.

        Raises:
            TimeoutError: it does not in time; the message holds its status.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while not ((found := self.get(kind, name)) and until(found)):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{kind} {name} did not reach the awaited state: {json.dumps(found.get('status'), indent=1)}"
                )
            time.sleep(0.05)
        return found

    def ready(self, kind: str, name: str) -> Manifest:
        """Wait until a resource is Ready with its present spec; returns it."""
        return self.wait(kind, name, is_ready)

    def wait_gone(self, kind: str, name: str) -> None:
        """Wait until a resource no longer exists.

        Raises:
            TimeoutError: it still does; the message holds it.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while found := self.get(kind, name):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{kind} {name} still exists: {json.dumps(found, indent=1)}")
            time.sleep(0.05)

    def events(self, name: str) -> list[Manifest]:
        """Return the Events about a resource, oldest first."""
        answer = self.cluster.run_kubectl("get", "events", "--namespace", self.name, "-o", "json").stdout
        found: list[Manifest] = json.loads(answer)["items"]
        about = [entry for entry in found if entry["involvedObject"]["name"] == name]
        return sorted(about, key=lambda resource: int(resource["metadata"]["resourceVersion"]))

    def events_until(self, name: str, *reasons: str) -> list[Manifest]:
        """Wait until a resource has Events with these reasons; returns all about it. An Event follows its status.

        Raises:
            TimeoutError: one is missing; the message names those that are there.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while Counter(reasons) - Counter(there := [event["reason"] for event in self.events(name)]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} has no Events {reasons}, but {there}")
            time.sleep(0.05)
        return self.events(name)
