"""Which manifests an adoption applies: those that are planned, and that no resource stands in the way of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from registrar.api.bodies import Body, ResourceKey, is_same_json, is_terminating, spec_of
from registrar.cli.catalogue import Catalogue, kind_name
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.export.known import Known, Places, known_from
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.writing import stream
from registrar.cli.plan.change import Action, PlannedChange
from registrar.cli.plan.make import Wanted, make
from registrar.cli.plan.manifests import NOTHING, Manifests, checked
from registrar.cli.plan.report import Report, Source
from registrar.cli.plan.text import report_lines
from registrar.cli.selection import Selection
from registrar.cli.validate.reading import Reading, read_text
from registrar.planning.fields import RETIRED, state_of
from registrar.registries.inventory import Inventory
from registrar.settings import Settings

Present = Mapping[ResourceKey, Body]
"""The resources of a namespace."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A manifest that is not applied.

    Attributes:
        manifest: it.
        why: what stands in its way, as the end of a sentence about its resource.
    """

    manifest: Manifest
    why: str

    def __str__(self) -> str:
        return f"{named(self.manifest)} {self.why}"


def named(manifest: Manifest) -> str:
    """Return kind and name of a manifest's resource."""
    return f"{manifest.kind.name} {manifest.name}"


def known_in(present: Present, catalogue: Catalogue) -> Known:
    """Return which entries the resources of a namespace represent already."""
    manifests = [FileManifest(body) for body in present.values()]
    places = Places(manifests, catalogue)
    return known_from((each, place) for each in manifests if (place := places.of(each)) is not None)


def refused_by(
    present: Present, ours: Collection[ResourceKey], manifests: Iterable[Manifest], catalogue: Catalogue
) -> Iterator[Refused]:
    """Yield the manifests whose names other resources have: those of other entries, and those that are being deleted.

    Args:
        present: the resources of the namespace that the manifests name.
        ours: those of them that may be of this registry.
        manifests: the manifests.
        catalogue: the registry.
    """
    wanted = list(manifests)
    bodies = [FileManifest(body) for body in present.values()]
    places = Places([*bodies, *(FileManifest(each.body()) for each in wanted)], catalogue)
    for manifest in wanted:
        body = present.get(key_of_resource(manifest))
        if body is None:
            continue
        place = places.of(FileManifest(body))
        if is_terminating(body):
            yield Refused(manifest, "is being deleted: wait until it is gone.")
        elif key_of_resource(manifest) not in ours:
            yield Refused(manifest, "exists already for an entry of another registry: give another --namespace.")
        elif place != manifest.place:
            entry = "an entry that is not known" if place is None else f"the entry {'/'.join(place[1:])!r}"
            ours_is = "/".join(manifest.place[1:])
            yield Refused(
                manifest,
                f"exists already for {entry}, and {ours_is!r} would get its name: rename it, or give another "
                "--namespace.",
            )


def stranded(catalogue: Catalogue, known: Known, selection: Selection) -> Iterator[str]:
    """Yield the artifacts that nothing manages in versions that are managed: only the version's manifest can hold them.

    Args:
        catalogue: the registry.
        known: what resources represent already; the operator may just not have stamped it yet.
        selection: the models that are adopted.
    """
    chosen = replace(selection, unmanaged=False)
    for model in catalogue.inventory.models:
        for version in catalogue.versions_of(model):
            if selection.takes(version) or not chosen.takes_version(model, version):
                continue
            for held in catalogue.artifacts_of(version):
                is_free = selection.takes(held.artifact) and state_of(held.artifact) not in RETIRED
                if is_free and not known.has(catalogue.place(held.artifact, version)):
                    yield (
                        f"Not adopted: {kind_name(held.artifact)} {held.artifact.name!r} (id {held.artifact.id}) of "
                        f"{model.name}/{version.name}, which is managed: declare it in that version's manifest"
                    )


def key_of_resource(manifest: Manifest) -> ResourceKey:
    """Return the key of the resource that a manifest with a namespace describes."""
    return ResourceKey(manifest.kind.name, str(manifest.namespace), manifest.name)


def without(manifests: Iterable[Manifest], blocked: Collection[Manifest]) -> list[Manifest]:
    """Return the manifests but for some, and for those below them."""
    names = {manifest.place[1:] for manifest in blocked}
    return [
        manifest
        for manifest in manifests
        if not any(manifest.place[1 : depth + 1] in names for depth in range(1, len(manifest.place)))
    ]


def pending(manifests: Iterable[Manifest], read: Manifests, present: Present) -> list[Manifest]:
    """Return the manifests that change the namespace: all but those of an earlier run.

    Args:
        manifests: the manifests.
        read: the same, as they are planned.
        present: the resources of the namespace.
    """
    keys = [(manifest, key_of_resource(manifest)) for manifest in manifests]
    return [each for each, key in keys if key not in present or not is_same_json(spec_of(present[key]), read.spec(key))]


@dataclass(frozen=True, slots=True)
class Planned:
    """What an adoption would do.

    Attributes:
        read: the manifests, as they are planned.
        report: the plan.
    """

    read: Manifests
    report: Report

    def lines(self) -> Iterator[str]:
        """Yield the plan; nothing without manifests."""
        if self.read.found:
            yield from report_lines(self.report)

    def refused(self, manifests: Iterable[Manifest]) -> list[Manifest]:
        """Return the manifests that the operator would refuse."""
        keys = {(change.origin.key.kind, change.origin.key.name) for change in self._refusals()}
        return [each for each in manifests if (each.kind.name, each.name) in keys]

    def _refusals(self) -> Iterator[PlannedChange]:
        return (change for change in self.report.changes if change.action is Action.REFUSE)


def plan(
    manifests: Iterable[Manifest],
    heading: Callable[[Manifest], str],
    namespace: str,
    inventory: Inventory,
    settings: Settings,
    source: Source,
    present: Present | None = None,
) -> Planned:
    """Return the plan of manifests.

    Args:
        manifests: the manifests.
        heading: what the plan lists a manifest under, such as a file.
        namespace: the namespace of manifests that name none.
        inventory: the registry.
        settings: those of the operator.
        source: what the plan is made from.
        present: the resources that exist; None where no cluster is known.
    """
    reading = Reading()
    groups: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        groups.setdefault(heading(manifest), []).append(manifest)
    for name, group in groups.items():
        read_text(stream(group), name, namespace, reading)
    read = checked(reading)
    return Planned(read, make(Wanted(read, NOTHING, cluster=present), inventory, settings, source))
