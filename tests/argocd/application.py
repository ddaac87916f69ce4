"""An Argo CD Application under test: refresh, wait, look at what Argo CD shows of it, press its buttons."""

import json
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devcluster.argocd import NAMESPACE, ArgoCD
from devcluster.controlplane import ControlPlane
from registrar.api.meta import GROUP, VERSION

Json = dict[str, Any]

WAIT_LIMIT = 60.0
"""Seconds until a test that waits for Argo CD gives up; a refresh and a sync mostly take two."""
_REFRESH = "argocd.argoproj.io/refresh"


def application(name: str, repository_url: str, path: str, namespace: str, **sync_policy: Any) -> Json:
    """An Application that applies a folder of a repository by itself.

    Args:
        name: of the Application.
        repository_url: of the repository.
        path: of the folder in it.
        namespace: where its resources go.
        sync_policy: on top of ``automated`` with prune and selfHeal.
    """
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "project": "default",
            "source": {"repoURL": repository_url, "targetRevision": "main", "path": path},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": namespace},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True, "allowEmpty": True}, **sync_policy},
        },
    }


@dataclass(frozen=True)
class Application:
    """One Application of a running Argo CD."""

    cluster: ControlPlane
    server: ArgoCD
    name: str

    def get(self) -> Json:
        """It, as it is now."""
        answer = self.cluster.run_kubectl("get", "application", self.name, "-n", NAMESPACE, "-o", "json").stdout
        found: Json = json.loads(answer)
        return found

    def refresh(self, how: str = "normal") -> Json:
        """Have Argo CD look at Git and at the cluster, and wait until it has; ``hard`` forgets its caches first."""
        self.cluster.run_kubectl(
            "annotate", "--overwrite", "application", self.name, "-n", NAMESPACE, f"{_REFRESH}={how}"
        )
        return self.wait(lambda found: _REFRESH not in found["metadata"].get("annotations", {}))

    def wait(self, until: Callable[[Json], bool]) -> Json:
        """Wait until the Application fits.

        Raises:
            TimeoutError: it does not; with its status.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while not until(found := self.get()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} did not become as awaited: {json.dumps(found['status'], indent=1)}")
            time.sleep(0.2)
        return found

    def synced(self, revision: str, health: str = "Healthy") -> Json:
        """Refresh and wait until a revision is applied, and the whole is as healthy as said."""
        self.refresh()

        def arrived(found: Json) -> bool:
            status = found.get("status", {})
            sync, last = status.get("sync", {}), status.get("operationState", {})
            is_applied = (sync.get("status"), sync.get("revision")) == ("Synced", revision)
            is_finished = last.get("phase") == "Succeeded" and last["syncResult"]["revision"] == revision
            return is_applied and is_finished and status.get("health", {}).get("status") == health

        return self.wait(arrived)

    def health(self, kind: str, name: str) -> tuple[str, str]:
        """What Argo CD shows of one resource: status and message."""
        nodes = self.server.call("GET", f"applications/{self.name}/resource-tree")["nodes"]
        (node,) = [one for one in nodes if (one["kind"], one["name"]) == (kind, name)]
        return node["health"]["status"], node["health"].get("message", "")

    def wait_health(self, kind: str, name: str, status: str, text: str = "") -> str:
        """Wait until Argo CD shows a resource in a health, with a message that holds a text; gives the message.

        Raises:
            TimeoutError: it does not.
        """
        deadline = time.monotonic() + WAIT_LIMIT
        while (shown := self.health(kind, name))[0] != status or text not in shown[1]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{kind} {name} is {shown}, not {status} with {text!r}")
            time.sleep(0.2)
            if text:
                # A change of the message alone is shown with the next refresh, and one refresh
                # may come before Argo CD's own watch has brought the change.
                self.refresh()
        return shown[1]

    def managed(self) -> list[Json]:
        """Each resource as Argo CD compares it: ``liveState``, ``targetState`` and the two normalized, decoded."""
        items = self.server.call("GET", f"applications/{self.name}/managed-resources")["items"]
        return [{key: _decoded(value) for key, value in one.items()} for one in items]

    def is_without_difference(self) -> bool:
        """Whether every resource is in the cluster as Argo CD would apply it."""
        return all(one["predictedLiveState"] == one["normalizedLiveState"] for one in self.managed())

    def links(self, kind: str, name: str, namespace: str) -> list[str]:
        """The addresses of the links that Argo CD shows for a resource."""
        answer = self.server.call("GET", f"applications/{self.name}/resource/links?{_query(kind, name, namespace)}")
        return [one["url"] for one in answer.get("items", [])]

    def actions(self, kind: str, name: str, namespace: str) -> dict[str, bool]:
        """The actions that Argo CD offers for a resource, and whether they can be called now."""
        answer = self.server.call("GET", f"applications/{self.name}/resource/actions?{_query(kind, name, namespace)}")
        return {one["name"]: not one.get("disabled", False) for one in answer["actions"]}

    def run_action(self, action: str, kind: str, name: str, namespace: str) -> None:
        """Press a button."""
        path = f"applications/{self.name}/resource/actions?{_query(kind, name, namespace)}"
        self.server.call("POST", path, action)


def _query(kind: str, name: str, namespace: str) -> str:
    parts = {"namespace": namespace, "resourceName": name, "group": GROUP, "kind": kind, "version": VERSION}
    return urllib.parse.urlencode(parts)


def _decoded(value: Any) -> Any:
    try:
        return json.loads(value)
    except (TypeError, ValueError):
        return value
