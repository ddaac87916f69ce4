"""Which resources have which parent resource, across all registries: a parent decides where they belong."""

from __future__ import annotations

from collections.abc import Collection

from registrar.api.bodies import ResourceKey


class Children:
    """The resources that name a parent resource, by that parent."""

    def __init__(self) -> None:
        self._children: dict[ResourceKey, set[ResourceKey]] = {}

    def of(self, parent: ResourceKey) -> Collection[ResourceKey]:
        """Return the children of a resource."""
        return self._children.get(parent, ())

    def move(self, key: ResourceKey, former: ResourceKey | None, parent: ResourceKey | None) -> None:
        """Note the parent of a resource.

        Args:
            key: the resource.
            former: the parent that it named before; None for none.
            parent: the parent that it names now; None for none.
        """
        if former is not None and former != parent and former in self._children:
            self._children[former].discard(key)
            if not self._children[former]:
                del self._children[former]
        if parent is not None:
            self._children.setdefault(parent, set()).add(key)
