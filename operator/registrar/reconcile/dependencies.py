"""The index of parents and children: which identity a resource has, and who waits for it."""

from __future__ import annotations

from registrar.api.bodies import ResourceKey
from registrar.kinds.base import Identity


class Dependencies:
    """The registry identities that this process has established, and the resources that depend on them."""

    def __init__(self) -> None:
        self._identities: dict[ResourceKey, Identity] = {}
        self._children: dict[ResourceKey, set[ResourceKey]] = {}
        self._parents: dict[ResourceKey, ResourceKey] = {}

    def __contains__(self, key: ResourceKey) -> bool:
        return key in self._identities or key in self._parents

    def identity(self, key: ResourceKey) -> Identity | None:
        """Return the registry identity that a reconcile of this process has established, if any."""
        return self._identities.get(key)

    def identify(self, key: ResourceKey, identity: Identity) -> frozenset[ResourceKey]:
        """Record a resource's registry identity; returns its children if it has changed."""
        if self._identities.get(key) == identity:
            return frozenset()
        self._identities[key] = identity
        return self.children(key)

    def depend(self, child: ResourceKey, parent: ResourceKey) -> None:
        """Have later calls of `identify` for this parent return the child. Call this before looking the parent up."""
        self._leave_parent(child)
        self._parents[child] = parent
        self._children.setdefault(parent, set()).add(child)

    def children(self, parent: ResourceKey) -> frozenset[ResourceKey]:
        """Return the resources that depend on this parent, whether it exists or not."""
        return frozenset(self._children.get(parent, ()))

    def parent(self, child: ResourceKey) -> ResourceKey | None:
        """Return the resource that a resource depends on; None if it depends on none."""
        return self._parents.get(child)

    def forget(self, key: ResourceKey) -> frozenset[ResourceKey]:
        """Drop a resource's identity and its dependency; returns its children, which keep theirs."""
        self._identities.pop(key, None)
        self._leave_parent(key)
        return self.children(key)

    def _leave_parent(self, child: ResourceKey) -> None:
        parent = self._parents.pop(child, None)
        if parent is not None:
            siblings = self._children[parent]
            siblings.discard(child)
            if not siblings:
                del self._children[parent]
