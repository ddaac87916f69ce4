"""The index of aliases: which resources represent a version of that name, and which models have aliases of it."""

from __future__ import annotations

from collections.abc import Iterable

from registrar.api.bodies import Body, ResourceKey, entry_name_of, key_of, shown_to_others
from registrar.kinds.model_version import MODEL_VERSION

_Name = tuple[str, str]
"""A namespace, and the name of a version in the registry."""


class AliasIndex:
    """The versions and the models that name them, by namespace and by the version's name in the registry."""

    def __init__(self) -> None:
        self._versions: dict[_Name, set[ResourceKey]] = {}
        self._followers: dict[_Name, set[ResourceKey]] = {}
        self._followed: dict[ResourceKey, frozenset[_Name]] = {}

    def follow(self, key: ResourceKey, names: Iterable[str]) -> None:
        """Have later calls of `note` for these versions return a model, and for no others."""
        wanted = frozenset((key.namespace, name) for name in names)
        for name in self._followed.pop(key, frozenset()) - wanted:
            _discard(self._followers, name, key)
        if wanted:
            self._followed[key] = wanted
        for name in wanted:
            self._followers.setdefault(name, set()).add(key)

    def versions(self, namespace: str, name: str) -> frozenset[ResourceKey]:
        """Return the resources of a namespace that represent a version of that name, of whatever model."""
        return frozenset(self._versions.get((namespace, name), ()))

    def note(self, before: Body | None, after: Body | None) -> frozenset[ResourceKey]:
        """Take a resource as it was and as it is; None where it did not exist, or no longer exists.

        Returns:
            The models that have to compare, because what they name has changed.
        """
        bodies = [body for body in (before, after) if body is not None and body["kind"] == MODEL_VERSION.name]
        if not bodies:
            return frozenset()
        key = key_of(bodies[0])
        names = {(key.namespace, entry_name_of(body)) for body in bodies}
        for name in names:
            _discard(self._versions, name, key)
        if after is not None:
            self._versions.setdefault((key.namespace, entry_name_of(after)), set()).add(key)
        followers = frozenset(model for name in names for model in self._followers.get(name, ()))
        is_same = before is not None and after is not None and shown_to_others(before) == shown_to_others(after)
        return frozenset() if is_same else followers


def _discard(index: dict[_Name, set[ResourceKey]], name: _Name, key: ResourceKey) -> None:
    keys = index.get(name, set())
    keys.discard(key)
    if not keys:
        index.pop(name, None)
