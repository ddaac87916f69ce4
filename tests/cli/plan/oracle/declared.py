"""Manifests of resources in the making."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.cli.plan.oracle.rivals import RESOURCE_OF, Resource
from tests.support.resources import Manifest, annotated, manifest


def declared(resource: Resource, resources: Iterable[Resource]) -> Manifest:
    """Return a resource as a manifest.

    Args:
        resource: the resource.
        resources: all that are applied with it, its parent among them.
    """
    place, spec = resource.place, {"name": resource.place.names[-1], **resource.spec}
    if len(place.names) > 1:
        field = "registeredModelRef" if len(place.names) == 2 else "modelVersionRef"
        spec[field] = _reference(resource, resources)
    body = manifest(RESOURCE_OF[place.kind], resource.name, **spec)
    body["metadata"]["namespace"] = resource.space
    return annotated(body, **{name.replace("-", "_"): value for name, value in resource.notes.items()})


def _reference(resource: Resource, resources: Iterable[Resource]) -> dict[str, Any]:
    parent = resource.place.parent
    holder = next((each for each in resources if each.place == parent and each.space == resource.space), None)
    if resource.link == "id":
        return {"external": {"id": parent.id_token}}
    if resource.link == "resource" and holder is not None:
        return {"name": holder.name}
    if len(parent.names) == 1:
        return {"external": {"name": parent.names[0]}}
    return {"external": {"registeredModelName": parent.names[0], "name": parent.names[1]}}
