"""The labels of the cluster's namespaces, which tenants of ClusterRegistries may select."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from registrar.api.bodies import Body, resource_version
from registrar.api.tenants import Labels
from registrar.cluster.client import KubernetesAPI, list_pages

PATH = "/api/v1/namespaces"


@dataclass(frozen=True, slots=True)
class _Known:
    labels: Labels
    version: int


class Namespaces(Mapping[str, Labels]):
    """The labels of each namespace: a list has them all, and the watch keeps them true.

    Args:
        changed: is called when a namespace is new, is gone or has other labels.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._known: dict[str, _Known] = {}
        self._deleted: dict[str, int] = {}

    def __getitem__(self, name: str) -> Labels:
        return self._known[name].labels

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def on_change(self, body: Body) -> None:
        """Take a namespace as the watch shows it, unless a newer version of it is known."""
        if self._take(body):
            self._changed()

    def on_delete(self, body: Body) -> None:
        """Forget a namespace that was deleted, unless its successor is known."""
        name = body["metadata"]["name"]
        # A list that is being read can be older.
        self._deleted[name] = resource_version(body)
        if name in self._known and self._known[name].version <= resource_version(body):
            del self._known[name]
            self._changed()

    async def read_all(self, kube: KubernetesAPI) -> None:
        """List all namespaces, and take what the watch has missed.

        Raises:
            KubernetesError: the API server did not answer, or the operator may not list them. What is known stays.
        """
        pages = [page async for page in list_pages(kube, PATH)]
        listed_at, bodies = resource_version(pages[0]), [body for page in pages for body in page["items"]]
        listed = {body["metadata"]["name"] for body in bodies}
        # A version that is younger than the list is that of a namespace that was created after it.
        gone = [name for name, known in self._known.items() if name not in listed and known.version <= listed_at]
        for name in gone:
            del self._known[name]
        taken = sum(map(self._take, bodies))
        self._deleted.clear()
        if gone or taken:
            self._changed()

    def _take(self, body: Body) -> bool:
        """Return whether this is a new namespace, or has other labels than before."""
        metadata, version = body["metadata"], resource_version(body)
        before, labels = self._known.get(metadata["name"]), dict(metadata.get("labels") or {})
        if (before is not None and version < before.version) or version <= self._deleted.get(metadata["name"], 0):
            return False
        self._known[metadata["name"]] = _Known(labels, version)
        return before is None or before.labels != labels
