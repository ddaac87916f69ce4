"""Whether a manifest that a folder has already says what the registry holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from registrar.api.validation import describe
from registrar.api.wording import shown_path
from registrar.cli.catalogue import Catalogue, Place
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.check import REGISTRY, Checker
from registrar.cli.export.existing import Found
from registrar.cli.export.manifests import Manifest, parse
from registrar.cli.fields import unknown_fields
from registrar.kinds.base import AnyResource, Desired
from registrar.kinds.desired import desired_entry, desired_inline
from registrar.planning.fields import field_name


def differences(found: Found, manifest: Manifest, checker: Checker) -> list[str]:
    """Return how a manifest differs from the one that an export would write; empty if both say the same.

    Policies, labels and annotations are not the registry's, so they do not count. Nor does the way of writing: ``2``
    for a property that is a double, an explicit ``state: LIVE``, a reference by ID.
    """
    body = found.manifest.body
    try:
        before = parse(found.kind, found.manifest)
    except ValidationError as error:
        return [describe(error)]
    after = parse(manifest.kind, FileManifest(manifest.body()))
    # Both represent the same place, so they have the same parent.
    parent_id = checker.parent_id(after) or ""
    desired = desired_entry(before, REGISTRY, parent_id)
    wanted = desired_entry(after, REGISTRY, parent_id)
    return [
        *(f"{shown_path(path)}: {message}" for path, message in unknown_fields(found.kind.name, body)),
        *checker.differences(desired, manifest.entry),
        *_undeclared(desired, wanted),
        *_item_differences(before, after, manifest, checker),
    ]


def _undeclared(desired: Desired, wanted: Desired, where: str = "") -> Iterator[str]:
    """Yield what an export would declare, and the manifest does not."""
    yield from (f"{where}{name} is not declared" for name in undeclared_parts(desired, wanted))


def undeclared_parts(desired: Desired, wanted: Desired) -> list[str]:
    """Return the paths of what an export would declare, and the manifest does not."""
    missing = (name for name, value in wanted.fields.items() if value and name not in desired.fields)
    names = [field_name(wanted.kind.entry, name) for name in missing]
    names += [wanted.kind.property_path(name) for name in wanted.properties if name not in desired.properties]
    if wanted.state is not None and desired.state is None:
        names.append("state")
    return names


def _item_differences(before: AnyResource, after: AnyResource, manifest: Manifest, checker: Checker) -> Iterator[str]:
    entry_id = str(manifest.entry.id)
    wanted = by_place(desired_inline(after, REGISTRY, entry_id), manifest.place)
    present = by_place(desired_inline(before, REGISTRY, entry_id), manifest.place)
    for place, desired in present.items():
        where = f"{desired.kind.name} {desired.name}: "
        entries = checker.catalogue.at(place)
        if len(entries) != 1:
            yield f"{where}the registry has {len(entries) or 'none'} of that name"
            continue
        yield from (where + difference for difference in checker.differences(desired, entries[0]))
        if place in wanted:
            yield from _undeclared(desired, wanted[place], where)
    for place in (place for place in wanted if place not in present):
        yield f"{wanted[place].kind.name} {wanted[place].name} is not declared"


def by_place(items: tuple[Desired, ...], version: Place) -> Mapping[Place, Desired]:
    """Return inline entries by their places in a version."""
    return {(item.kind.name, *version[1:], item.name): item for item in items}


def is_gone(found: Found, catalogue: Catalogue) -> bool:
    """Return whether the registry has no entry for a manifest."""
    return not catalogue.at(found.place)
