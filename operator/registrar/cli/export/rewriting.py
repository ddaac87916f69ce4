"""What a manifest that differs from the registry becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from registrar.cli.documents.dump import dump
from registrar.cli.documents.edit import EditError, edited
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.changes import Differing
from registrar.cli.export.check import Checker
from registrar.cli.export.compare import differences
from registrar.cli.export.manifests import spec_class
from registrar.cli.export.report import Omission
from registrar.cli.export.update import Content, target_of
from registrar.kinds.base import PROPERTIES, EntryKind

Rewrite = Callable[[Differing, str], str | None]
"""Is given a manifest and the text of its document; returns the new text, or None to leave it as it is."""

_NOT_IN_THE_REGISTRY = ("deletionPolicy", "adoptionPolicy", "driftPolicy", "registryRef")
"""Fields of a manifest that its entry does not have."""


class Rewriting(StrEnum):
    """How manifests that differ are rewritten."""

    OVERWRITE = "overwrite"
    """As an export writes them: what is not the registry's stays, such as labels and policies; comments are lost."""
    UPDATE = "update"
    """Only the values that differ are changed, if that is possible."""


def leave(_differing: Differing, _text: str) -> None:
    """Leave a manifest as it is."""


def rewrite_by(rewriting: Rewriting | None, checker: Checker) -> Rewrite:
    """Return what rewrites manifests; None for no rewriting."""
    match rewriting:
        case Rewriting.OVERWRITE:
            return lambda differing, _: _overwritten(differing)
        case Rewriting.UPDATE:
            return lambda differing, text: _updated(differing, text, checker)
    return leave


def _updated(differing: Differing, text: str, checker: Checker) -> str | None:
    try:
        target = target_of(differing.found, differing.manifest, checker)
        if differences(replace(differing.found, manifest=target), differing.manifest, checker):
            return None
        return edited(text, target.body)
    except (EditError, ValidationError):
        return None


def _overwritten(differing: Differing) -> str:
    """Return a manifest as an export writes it, with what the export cannot know: the operator would clear it."""
    manifest, before = differing.manifest, differing.found.manifest
    after = FileManifest(manifest.body())
    spec = {
        **_with_left_out(after.spec, before.spec, manifest.kind.entry, manifest.declared.omissions),
        **{name: before.spec[name] for name in _NOT_IN_THE_REGISTRY if name in before.spec},
    }
    for inline in manifest.kind.inline:
        name, declared = inline.field, manifest.items.get(inline.field)
        present = {item["name"]: item for item in before.spec.get(name) or ()}
        if declared:
            spec[name] = [
                _with_left_out(item, present.get(item["name"], {}), inline.entry, one.omissions)
                for item, one in zip(spec[name], declared, strict=True)
            ]
    order = [str(info.alias) for info in spec_class(manifest.kind).model_fields.values()]
    ordered = {name: spec[name] for name in order if name in spec}
    comments = "".join(f"{one.comment()}\n" for one in manifest.omissions)
    return comments + dump({**after.body, "metadata": before.metadata, **({"spec": ordered} if ordered else {})})


def _with_left_out(
    exported: Content, present: Content, kind: EntryKind, omissions: Iterable[Omission]
) -> dict[str, Any]:
    """Return what an export declares, with the parts that it left out as they are present."""
    content = dict(exported)
    for part in (one.part for one in omissions):
        name, _, of_property = part.partition(".")
        value = present.get(name)
        if name == PROPERTIES and kind.property_path(of_property) != part:
            # A field holds it, so it is refused as a property.
            continue
        if of_property and isinstance(value, Mapping) and of_property in value:
            properties = {**content.get(name, {}), of_property: value[of_property]}
            content[name] = {each: properties[each] for each in sorted(properties)}
        elif name and not of_property and value is not None:
            content[name] = value
    return content
