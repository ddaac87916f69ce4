"""The index of artifacts that are resources of their own: to which version each belongs, and who represents that."""

from __future__ import annotations

from collections.abc import Callable

from registrar.api.bodies import Body, ResourceKey, is_terminating, key_of, recorded_id, shown_to_others
from registrar.kinds.artifacts import MODEL_ARTIFACT_RESOURCE
from registrar.kinds.model_version import MODEL_VERSION

_ARTIFACT, _VERSION = MODEL_ARTIFACT_RESOURCE.name, MODEL_VERSION.name

Place = tuple[str, str]
"""A kind, and the ID of the version that a resource of it represents or belongs to."""


class ArtifactIndex:
    """Versions and their artifacts, by the version's ID in the registry."""

    def __init__(self) -> None:
        self._keys: dict[Place, set[ResourceKey]] = {}
        self._announced: dict[ResourceKey, tuple[Place, str]] = {}

    def artifacts(self, version_id: str) -> frozenset[ResourceKey]:
        """Return the artifacts that belong to a version, as their status or an announcement says."""
        return frozenset(self._keys.get((_ARTIFACT, version_id), ()))

    def announced_id(self, key: ResourceKey) -> str | None:
        """Return the ID of an artifact that its status does not record yet."""
        announced = self._announced.get(key)
        return None if announced is None else announced[1]

    def announce(
        self, body: Body | None, version_id: str, entry_id: str, named: ResourceKey | None
    ) -> frozenset[ResourceKey]:
        """Take the entry of a new artifact before its status records it, so that its version need not wait for that.

        Args:
            body: the artifact; resources of other kinds, and those whose status records an ID, are left out.
            version_id: the ID of the version.
            entry_id: the ID of the artifact.
            named: the resource that the artifact refers to: the status of a new version has no ID yet.

        Returns:
            The versions that have to compare.
        """
        if body is None or body["kind"] != _ARTIFACT or recorded_id(body) is not None:
            return frozenset()
        key = key_of(body)
        was, place = self._place_of(key, body), (_ARTIFACT, version_id)
        self._announced[key] = place, entry_id
        self._move(key, was, place)
        left = frozenset() if was is None else self._versions(was[1], None)
        return left | self._versions(version_id, named)

    def note(
        self, before: Body | None, after: Body | None, parent_of: Callable[[ResourceKey], ResourceKey | None]
    ) -> frozenset[ResourceKey]:
        """Take a resource as it was and as it is; None where it did not exist, or no longer exists.

        Args:
            before: the resource as it was.
            after: the resource as it is.
            parent_of: returns the resource that another one refers to: the status of a new version has no ID yet.

        Returns:
            The versions that have to compare, because an artifact of theirs has changed.
        """
        body = after or before
        if body is None:
            return frozenset()
        key = key_of(body)
        was, announced = self._place_of(key, before), self.announced_id(key)
        if after is None or recorded_id(after) is not None:
            self._announced.pop(key, None)
        is_now = self._place_of(key, after)
        self._move(key, was, is_now)
        if before is not None and after is not None and shown_to_others(before) == shown_to_others(after):
            return frozenset()
        if after is not None and was == is_now and announced is not None and _repeats(announced, after):
            return frozenset()
        named = parent_of(key) if after is not None else None
        places = [place for place in (was, is_now) if place is not None and place[0] == _ARTIFACT]
        return frozenset().union(*(self._versions(version_id, named) for _, version_id in places))

    def _place_of(self, key: ResourceKey, body: Body | None) -> Place | None:
        """Return where a resource stands; None for other kinds, and while there is no ID."""
        recorded = None if body is None else recorded_id(body)
        if recorded is None:
            return self._announced[key][0] if body is not None and key in self._announced else None
        if recorded.kind not in {_VERSION, _ARTIFACT}:
            return None
        version_id = recorded.entry_id if recorded.kind == _VERSION else recorded.parent_id
        return None if version_id is None else (recorded.kind, version_id)

    def _move(self, key: ResourceKey, was: Place | None, is_now: Place | None) -> None:
        """Have a resource stand in one place, or (None) in none."""
        if was is not None:
            keys = self._keys.get(was, set())
            keys.discard(key)
            if not keys:
                self._keys.pop(was, None)
        if is_now is not None:
            self._keys.setdefault(is_now, set()).add(key)

    def _versions(self, version_id: str, named: ResourceKey | None) -> frozenset[ResourceKey]:
        found = self._keys.get((_VERSION, version_id), set())
        return frozenset(found if named is None else {*found, named})


def _repeats(announced_id: str, body: Body) -> bool:
    """Return whether a status records what was announced before, and nothing else that a version compares."""
    recorded = recorded_id(body)
    return not is_terminating(body) and (recorded is None or recorded.entry_id == announced_id)
