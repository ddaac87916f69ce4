"""The latest body of every resource, the registry identity of each, and who depends on whom. All in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from registrar.api.bodies import Body, ResourceKey, key_of, ready_status, resource_version
from registrar.kinds.base import Identity


class ResourceStore:
    """What the operator knows of the cluster's resources.

    Bodies come from the watch and from the answers of our own writes; an older body never replaces a newer one,
    because the answer of a write arrives before the watch event it causes.
    """

    def __init__(self) -> None:
        self._bodies: dict[ResourceKey, Body] = {}
        self._identities: dict[ResourceKey, Identity] = {}
        self._children: dict[ResourceKey, set[ResourceKey]] = {}
        self._parents: dict[ResourceKey, ResourceKey] = {}
        self._waiting_since: dict[ResourceKey, float] = {}
        # Counted as bodies come and go: whoever asks every few seconds must not have all of them looked at.
        self._ready: Counter[tuple[str, str]] = Counter()

    def __len__(self) -> int:
        return len(self._bodies)

    def __iter__(self) -> Iterator[ResourceKey]:
        return iter(list(self._bodies))

    def count_ready(self) -> Mapping[tuple[str, str], int]:
        """How many resources there are by kind and Ready, see `ready_status`."""
        return self._ready

    def get(self, key: ResourceKey) -> Body | None:
        """The latest body, or None for a resource that is not there."""
        return self._bodies.get(key)

    def put(self, body: Body) -> bool:
        """Keep a body unless a newer one, or the same, is known already; tells whether it was kept."""
        key = key_of(body)
        known = self._bodies.get(key)
        if known is not None and resource_version(known) >= resource_version(body):
            return False
        if known is not None and known["metadata"]["uid"] != body["metadata"]["uid"]:
            # Another resource of the same name: nothing that is known of the first holds for it.
            self.remove(key)
        elif known is not None:
            self._ready[key.kind, ready_status(known)] -= 1
        self._ready[key.kind, ready_status(body)] += 1
        metadata = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        annotations = metadata.get("annotations")
        if annotations and "kubectl.kubernetes.io/last-applied-configuration" in annotations:
            # A second copy of the whole spec: half of the memory of a resource, and never read here.
            metadata["annotations"] = {
                name: value
                for name, value in annotations.items()
                if name != "kubectl.kubernetes.io/last-applied-configuration"
            }
        self._bodies[key] = {**body, "metadata": metadata}
        return True

    def remove(self, key: ResourceKey) -> None:
        """Forget a resource that is gone from the cluster."""
        known = self._bodies.pop(key, None)
        if known is not None:
            self._ready[key.kind, ready_status(known)] -= 1
        self._identities.pop(key, None)
        self._waiting_since.pop(key, None)
        self._leave_parent(key)

    def identity(self, key: ResourceKey) -> Identity | None:
        """The registry identity that a reconcile of this process has established, if any."""
        return self._identities.get(key)

    def identify(self, key: ResourceKey, identity: Identity) -> frozenset[ResourceKey]:
        """Record a resource's registry identity; returns its children if this is news to them."""
        if self._identities.get(key) == identity:
            return frozenset()
        self._identities[key] = identity
        return self.children(key)

    def depend(self, child: ResourceKey, parent: ResourceKey) -> None:
        """Have the child returned by each `identify` of this parent that is news. Call this before looking it up."""
        self._leave_parent(child)
        self._parents[child] = parent
        self._children.setdefault(parent, set()).add(child)

    def children(self, parent: ResourceKey) -> frozenset[ResourceKey]:
        """Those who depend on this parent, whether it is there or not."""
        return frozenset(self._children.get(parent, ()))

    def _leave_parent(self, child: ResourceKey) -> None:
        parent = self._parents.pop(child, None)
        if parent is not None:
            siblings = self._children[parent]
            siblings.discard(child)
            if not siblings:
                del self._children[parent]

    def waited(self, key: ResourceKey, now: float) -> float:
        """Seconds for which this resource has been waiting, counted from the first call."""
        return now - self._waiting_since.setdefault(key, now)

    def stop_waiting(self, key: ResourceKey) -> None:
        """Start `waited` anew at its next call."""
        self._waiting_since.pop(key, None)
