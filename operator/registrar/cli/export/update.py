"""What a manifest has to say so that it differs in nothing from the registry; everything else in it stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from model_registry.types import RegistryEntry
from registrar.api.bodies import is_same_json
from registrar.cli.catalogue import Place
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.check import REGISTRY, Checker
from registrar.cli.export.compare import by_place, undeclared_parts
from registrar.cli.export.existing import Found
from registrar.cli.export.manifests import Manifest, parse
from registrar.kinds.base import AnyResource, Desired, InlineList
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.kinds.table import kind_of

_STATE = "state"

Content = Mapping[str, Any]
"""A part of a manifest, as it is written."""


def target_of(found: Found, manifest: Manifest, checker: Checker) -> FileManifest:
    """Return what a manifest has to say.

    What the registry has and an export leaves out, such as a secret, stays as it is: without its line, the operator
    would clear it.

    Args:
        found: the manifest as it is.
        manifest: what an export would write.
        checker: the registry.

    Raises:
        ValidationError: the API server would refuse the manifest as it is.
    """
    exported = FileManifest(manifest.body())
    before, after = parse(found.kind, found.manifest), parse(manifest.kind, exported)
    parent_id = checker.parent_id(after) or ""
    entry = _Entry(
        manifest.entry,
        desired_entry(before, REGISTRY, parent_id),
        desired_entry(after, REGISTRY, parent_id),
    )
    spec = entry.updated(found.manifest.spec, exported.spec, checker)
    items = _Items(manifest, before, after, checker)
    for inline in kind_of(manifest.kind.name).inline:
        present, wanted = (each.get(inline.field) or [] for each in (found.manifest.spec, exported.spec))
        if not is_same_json(updated := items.updated(inline, present, wanted), present):
            spec = _with(spec, inline.field, updated or None, exported.spec)
    return found.manifest.with_spec(spec)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry, what the manifest wants of it, and what an export would."""

    entry: RegistryEntry
    desired: Desired
    wanted: Desired

    def updated(self, present: Content, exported: Content, checker: Checker) -> dict[str, Any]:
        """Return what declares the entry, with the parts that differ as an export writes them."""
        content = dict(present)
        differing = (*checker.changed_parts(self.desired, self.entry), *undeclared_parts(self.desired, self.wanted))
        for path in differing:
            name, _, of_property = path.partition(".")
            if of_property:
                properties = self._updated_properties(content.get(name) or {}, exported.get(name) or {}, of_property)
                content = _with(content, name, properties or None, exported)
            elif name in exported or not self._has(name):
                content = _with(content, name, exported.get(name), exported)
        return content

    def _updated_properties(self, present: Content, exported: Content, name: str) -> Content:
        if name not in exported and name in (self.entry.custom_properties or {}):
            return present
        return _with(present, name, exported.get(name), sorted({*present, *exported}))

    def _has(self, field: str) -> bool:
        """Return whether the registry has a value that an export left out."""
        if field == _STATE:
            return False  # an export leaves it out where it is LIVE
        names = {str(info.alias or name): name for name, info in type(self.entry).model_fields.items()}
        return names.get(field) in self.wanted.kind.fields_on(self.entry)


class _Items:
    """The inline entries of a manifest."""

    def __init__(self, manifest: Manifest, before: AnyResource, after: AnyResource, checker: Checker) -> None:
        entry_id = str(manifest.entry.id)
        self._place = manifest.place
        self._checker = checker
        self._desired = by_place(desired_inline(before, REGISTRY, entry_id), manifest.place)
        self._wanted = by_place(desired_inline(after, REGISTRY, entry_id), manifest.place)

    def updated(self, inline: InlineList, present: list[Content], exported: list[Content]) -> list[Content]:
        """Return the items of a list: those that the registry has, in their order, and new ones behind them."""
        by_name = {item["name"]: item for item in exported}
        kept = [self._item(self._place_of(inline, item), item, by_name) for item in present]
        known = {item["name"] for item in present}
        return [*(item for item in kept if item is not None), *(by_name[name] for name in by_name if name not in known)]

    def _item(self, place: Place, present: Content, exported: Mapping[str, Content]) -> Content | None:
        entries = self._checker.catalogue.at(place)
        if not entries:
            return None
        if len(entries) > 1 or place not in self._wanted:
            return present
        entry = _Entry(entries[0], self._desired[place], self._wanted[place])
        return entry.updated(present, exported[place[-1]], self._checker)

    def _place_of(self, inline: InlineList, item: Content) -> Place:
        return (inline.entry.name, *self._place[1:], str(item["name"]))


def _with(content: Content, name: str, value: Any, order: Iterable[str]) -> dict[str, Any]:
    """Return content with another value, or (None) without one; a new name goes behind those that precede it."""
    if value is None:
        return {key: each for key, each in content.items() if key != name}
    if name in content:
        return {**content, name: value}
    preceding = []
    for each in order:
        if each == name:
            break
        preceding.append(each)
    keys = list(content)
    position = max((keys.index(each) + 1 for each in preceding if each in content), default=0)
    return {key: value if key == name else content[key] for key in [*keys[:position], name, *keys[position:]]}
