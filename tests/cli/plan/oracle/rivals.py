"""Resources in the making, and what a plan cannot predict of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from registrar.api.bodies import ResourceKey
from registrar.cli.plan.change import NOT_WRITTEN, Action
from registrar.cli.plan.report import Report
from registrar.cli.validate.problems import Rule
from registrar.kinds.table import ENTRY_KINDS, resource_of
from registrar.planning.ownership import Origin, Stamp, read_stamp
from tests.cli.plan.oracle.cases import OWNER_PROPERTY, Case, Place, Put, key_of
from tests.support.resources import Manifest

RESOURCE_OF = {"RegisteredModel": "RegisteredModel", "ModelVersion": "ModelVersion", "model-artifact": "ModelArtifact"}
ARTIFACT_LISTS = {"artifacts": "model-artifact", "docArtifacts": "doc-artifact"}


@dataclass
class Resource:
    """A resource in the making.

    Attributes:
        place: the entry that it wants.
        space: its namespace.
        name: its name.
        spec: its spec, without the name and the reference.
        link: how it refers to its parent: by the parent's resource, or as an external entry by name or ID.
        notes: its annotations.
    """

    place: Place
    space: str
    name: str
    spec: dict[str, Any]
    link: str
    notes: dict[str, str]

    @property
    def key(self) -> ResourceKey:
        return ResourceKey(RESOURCE_OF[self.place.kind], self.space, self.name)


def wanted(resource: Resource) -> Iterator[Place]:
    """Yield the entries that a resource wants: its own, and those of its inline artifacts."""
    yield resource.place
    for field, kind in ARTIFACT_LISTS.items():
        for item in resource.spec.get(field, ()):
            yield Place(kind, (*resource.place.names, item["name"]))


def without_rivals(resources: list[Resource]) -> list[Resource]:
    """Return resources of which no two want the same entry or external ID.

    A plan reports these, and predicts nothing.
    """
    taken: set[object] = set()
    kept = []
    for resource in resources:
        for part, place in zip(_parts(resource), wanted(resource), strict=True):
            external = part.get("externalId"), place.kind.endswith("artifact")
            if external[0] is not None and external in taken:
                del part["externalId"]
            taken.add(external)
        places = set(wanted(resource))
        if not places & taken:
            kept.append(resource)
            taken |= places
    return kept


def without_awaited_id(put: Put, resources: list[Resource]) -> Put:
    """Return an entry without an external ID that one resource wants while another adopts the entry.

    Until it is adopted, nobody is known to let the ID go, so a resource that comes first tries again minutes later.
    """
    declared = {
        (place, part.get("externalId"))
        for resource in resources
        for place, part in zip(wanted(resource), _parts(resource), strict=True)
    }
    is_wanted = any(place == put.place for place, _ in declared)
    is_awaited = any(place != put.place and each == put.fields.get("externalId") for place, each in declared)
    if not (is_wanted and is_awaited):
        return put
    return replace(put, fields={name: value for name, value in put.fields.items() if name != "externalId"})


def _parts(resource: Resource) -> list[dict[str, Any]]:
    return [resource.spec, *(item for field in ARTIFACT_LISTS for item in resource.spec.get(field, ()))]


def without_races(base: list[Resource], head: list[Resource]) -> list[Resource]:
    """Return the resources of a change whose effect does not depend on which of two is reconciled first.

    A version that gives the name of an artifact to one of another type cannot wait for a resource that takes the former
    artifact over: if the version comes first, it retires the artifact, and the resource restores it.
    """
    inline = {place for resource in base for place in wanted(resource) if place != resource.place}
    documents = {place.names for resource in head for place in wanted(resource) if place.kind == "doc-artifact"}
    return [each for each in head if each.place not in inline or each.place.names not in documents]


def of_known_resources(put: Put, known: Mapping[ResourceKey, Resource], owner_id: str, *, has_base: bool) -> Put:
    """Return an entry without a stamp of a resource that only a cluster knows: a plan takes it to exist and to stay.

    The entry carries none of a resource that wants an entry of that name elsewhere, either. If that resource exists,
    its status records the entry and it reports ``ParentChanged``; a new one has no status and creates another entry. A
    plan takes it to exist, which the cases never do. Only a stamp that a deleted resource has kept shows, with a base,
    that it is new.

    Args:
        put: the entry.
        known: the resources that the change adds. One of the base has no stamp yet: a plan takes it to be synced.
        owner_id: the installation.
        has_base: whether the plan has a base.
    """
    text = put.properties.get(OWNER_PROPERTY, {}).get("string_value")
    stamp, kind = read_stamp(text, owner_id), ENTRY_KINDS.get(put.place.kind)
    if kind is None or not isinstance(stamp, Stamp) or stamp.origin is Origin.RELEASED:
        return put
    key = resource_of(kind.entry, stamp.reference)
    resource = None if key is None else known.get(key)
    shows_new = has_base and stamp.origin is Origin.KEPT and stamp.artifact is None
    if resource is not None and (shows_new or not _wants_elsewhere(resource, put.place)):
        return put
    return replace(put, properties={name: value for name, value in put.properties.items() if name != OWNER_PROPERTY})


def begun_at_once(
    added: Mapping[ResourceKey, Resource], refused: Collection[ResourceKey], entries: Iterable[Put]
) -> dict[ResourceKey, Resource]:
    """Return the new resources that the operator reconciles as it would if they had existed before.

    A plan takes a resource to exist if an entry carries its stamp. One that exists and is paused, that the API server
    refuses a change of, or whose external ID another entry has, lets its children go on, and a child that exists goes
    on without its parent; new ones wait.

    Args:
        added: the resources that the change adds.
        refused: those that the API server refuses.
        entries: what others write.
    """
    held = {(put.fields.get("externalId"), len(put.place.names) == 3, put.place) for put in entries}
    missing = {(each.place, each.space) for key, each in added.items() if key in refused}
    return {
        key: each
        for key, each in added.items()
        if key not in refused
        and "paused" not in each.notes
        and not any(
            (external_id, is_artifact) == (each.spec.get("externalId", ""), len(each.place.names) == 3)
            for external_id, is_artifact, place in held
            if place != each.place
        )
        and not (each.link == "resource" and (each.place.parent, each.space) in missing)
    }


def parents_without_entry(case: Case, report: Report) -> dict[ResourceKey, Manifest]:
    """Return the new resources that get no entry and that resources of the base name as their parents.

    What the API server refuses is not among them: it never exists.

    Args:
        case: the case.
        report: its plan.
    """
    base, head = ({key_of(each): each for each in some} for some in (case.base, case.head))
    refused = {change.origin.key for change in report.changes if change.reason in set(Rule)}
    without = {change.origin.key for change in report.changes if change.action in NOT_WRITTEN - {Action.LEAVE}}
    named = {_named_parent(key, manifest) for key, manifest in head.items() if key in base}
    return {key: head[key] for key in without - refused - base.keys() if key in named and key in head}


def _named_parent(key: ResourceKey, manifest: Manifest) -> ResourceKey | None:
    for field, kind in {"registeredModelRef": "RegisteredModel", "modelVersionRef": "ModelVersion"}.items():
        name = manifest["spec"].get(field, {}).get("name")
        if name is not None:
            return ResourceKey(kind, key.namespace, name)
    return None


def without_unseen(put: Put, unseen: Collection[tuple[Place, str]]) -> Put:
    """Return a write by hand without some fields."""
    return replace(put, fields={name: value for name, value in put.fields.items() if (put.place, name) not in unseen})


def unseen_fields(base: list[Resource], head: list[Resource]) -> frozenset[tuple[Place, str]]:
    """Return the fields that the base declares as empty and the head does not declare.

    There is nothing to clear, as far as an operator knows that has not seen yet what others set there. It forgets the
    field, and leaves what they set. An operator that knows what they set clears it, and so does a plan.
    """
    declared = [
        {
            (place, name): value
            for each in resources
            for place, part in zip(wanted(each), _parts(each), strict=True)
            for name, value in part.items()
        }
        for resources in (base, head)
    ]
    return frozenset(each for each, value in declared[0].items() if value in ("", []) and each not in declared[1])


def _wants_elsewhere(resource: Resource, place: Place) -> bool:
    named = [each for each in wanted(resource) if (each.kind, each.names[-1]) == (place.kind, place.names[-1])]
    return any(each != place for each in named)
