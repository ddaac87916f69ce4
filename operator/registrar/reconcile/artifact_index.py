"""The index of artifacts that are resources of their own: to which version each belongs, and who represents that."""

from __future__ import annotations

from collections.abc import Callable

from registrar.api.bodies import Body, ResourceKey, key_of, recorded_id, shown_to_others
from registrar.kinds.artifacts import MODEL_ARTIFACT_RESOURCE
from registrar.kinds.model_version import MODEL_VERSION

_ARTIFACT, _VERSION = MODEL_ARTIFACT_RESOURCE.name, MODEL_VERSION.name


class ArtifactIndex:
    """Versions and their artifacts, by the version's ID in the registry."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], set[ResourceKey]] = {}

    def artifacts(self, version_id: str) -> frozenset[ResourceKey]:
        """Return the artifacts whose status records that they belong to a version."""
        return frozenset(self._keys.get((_ARTIFACT, version_id), ()))

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
        was, is_now = _place(before), _place(after)
        if before is not None and was is not None:
            keys = self._keys.get(was, set())
            keys.discard(key_of(before))
            if not keys:
                self._keys.pop(was, None)
        if after is not None and is_now is not None:
            self._keys.setdefault(is_now, set()).add(key_of(after))
        if before is not None and after is not None and shown_to_others(before) == shown_to_others(after):
            return frozenset()
        places = [place for place in (was, is_now) if place is not None and place[0] == _ARTIFACT]
        found = {key for _, version_id in places for key in self._keys.get((_VERSION, version_id), ())}
        named = parent_of(key_of(after)) if after is not None and places else None
        return frozenset(found if named is None else {*found, named})


def _place(body: Body | None) -> tuple[str, str] | None:
    """Return kind and version ID of a version or an artifact; None for other kinds, and while there is no ID."""
    recorded = None if body is None else recorded_id(body)
    if recorded is None or recorded.kind not in {_VERSION, _ARTIFACT}:
        return None
    version_id = recorded.entry_id if recorded.kind == _VERSION else recorded.parent_id
    return None if version_id is None else (recorded.kind, version_id)
