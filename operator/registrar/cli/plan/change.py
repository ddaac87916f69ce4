"""What a plan says of one entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from model_registry.types.properties import OpaqueProperty
from registrar.api.bodies import ResourceKey
from registrar.api.properties import Observed
from registrar.kinds.base import FieldValue


class Action(StrEnum):
    """What applying the manifests does to an entry."""

    CREATE = "create"
    """The registry has no such entry, and gets it."""
    ADOPT = "adopt"
    """The registry has the entry, which no resource manages yet."""
    UPDATE = "update"
    """The entry gets other values."""
    RESTORE = "restore"
    """An archived entry becomes LIVE again."""
    ARCHIVE = "archive"
    """The entry loses its resource and is archived."""
    RELEASE = "release"
    """The entry loses its resource and keeps its values."""
    HAND_OVER = "handover"
    """The entry passes from another resource of this installation to this one."""
    TAKE_OVER = "takeover"
    """The entry passes from another installation to this one."""
    LEAVE = "leave"
    """The entry differs from the manifest, and a drift policy leaves it so."""
    WAIT = "wait"
    """Nothing happens until something else exists."""
    REFUSE = "refuse"
    """Nothing happens until a person changes something."""
    PAUSE = "pause"
    """Nothing happens, because the resource is paused."""


NOT_WRITTEN = frozenset({Action.LEAVE, Action.WAIT, Action.REFUSE, Action.PAUSE})
"""Actions that write nothing."""


class Cause(StrEnum):
    """Why."""

    CHANGE = "change"
    """The manifests say so; with a base, it does not happen without the change."""
    ADOPTION = "adoption"
    """The entry comes under management."""
    DRIFT = "drift"
    """Others changed the registry; it happens without the change, too."""
    BASE = "base"
    """The base says so too, and the registry does not show it yet."""


NOT_OF_THIS_CHANGE = frozenset({Cause.DRIFT, Cause.BASE})
"""Causes that a merge neither brings about nor prevents."""

Value = FieldValue | Observed | None


def plain(value: Value) -> Any:
    """Return a value as JSON and YAML can write it: an opaque one as the registry writes it."""
    return value.tagged if isinstance(value, OpaqueProperty) else value


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an entry.

    Attributes:
        path: as a manifest writes it, such as ``description`` or ``customProperties.team``.
        before: its value in the registry; None for no value.
        after: its value afterwards; None for no value.
        is_sensitive: the values look like secrets, and must not be shown.
        is_drift: the base says the same as the manifest, so others changed it.
    """

    path: str
    before: Value
    after: Value
    is_sensitive: bool = False
    is_drift: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a resource is declared.

    Attributes:
        key: the resource.
        file: the file; None for a resource that only the base or the cluster has.
        line: the line, the first being 1.
    """

    key: ResourceKey
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class EntryName:
    """An entry, as people speak of it.

    Attributes:
        kind: its kind, such as ``ModelVersion`` or ``doc-artifact``.
        names: its name, behind those of the entries above it where they are known.
        id: its ID; None for one that does not exist yet, or is not known.
    """

    kind: str
    names: tuple[str, ...]
    id: str | None

    @property
    def path(self) -> str:
        """The names, such as ``churn/2026-04``."""
        return "/".join(self.names)


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """What happens to one entry.

    Attributes:
        origin: the resource.
        entry: the entry.
        action: what happens.
        cause: why.
        fields: the fields that change; for a creation, those that are set.
        is_inline: the entry is an artifact that its version declares.
        reason: the reason of the condition, for an action that writes nothing.
        message: a sentence, where there is something to say beyond the action.
    """

    origin: Origin
    entry: EntryName
    action: Action
    cause: Cause
    fields: tuple[FieldChange, ...] = ()
    is_inline: bool = False
    reason: str | None = None
    message: str | None = None

    @property
    def overwrites(self) -> bool:
        """Whether a value in the registry is lost."""
        return self.action not in NOT_WRITTEN and any(field.before is not None for field in self.fields)

    @property
    def is_of_this_change(self) -> bool:
        """Whether a merge brings it about."""
        return self.cause not in NOT_OF_THIS_CHANGE


def is_same_value(one: object, other: object) -> bool:
    """Return equality in value and type: Python's True equals 1 and 1.0, the registry keeps three properties."""
    return type(one) is type(other) and one == other


def merged(changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Return changes with one for each entry where a resource updates it again: an alias waits for its version.

    Args:
        changes: the changes, in the order of the writes.
    """
    found: dict[object, PlannedChange] = {}
    for number, change in enumerate(changes):
        entry = change.origin, change.is_inline, change.entry.kind, change.entry.names
        first = found.get(entry)
        if first is None:
            found[entry] = change
        elif change.action is Action.UPDATE and change.cause is first.cause and change.message is None:
            found[entry] = replace(first, fields=_joined(first.fields, change.fields))
        else:
            found[number, entry] = change
    return list(found.values())


def _joined(first: tuple[FieldChange, ...], second: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    before = {each.path: each for each in first}
    again = {each.path: replace(each, before=before[each.path].before) for each in second if each.path in before}
    new = [each for each in second if each.path not in before]
    kept = [again.get(each.path, each) for each in first]
    return tuple(each for each in (*kept, *new) if not is_same_value(each.before, each.after))
