"""Writes the manifests and entries of histories that a reader can follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.cli.plan.oracle.cases import OWNER_PROPERTY, Case, Place, Put, World
from tests.cli.plan.oracle.values import text_property
from tests.support.resources import Manifest, manifest


@dataclass(frozen=True)
class Author:
    """Writes the manifests and entries of one case.

    Attributes:
        name: the case's name, with which the model's begins.
        world: where it takes place.
    """

    name: str
    world: World

    def model(self, resource: str = "model", space: int = 0, **spec: Any) -> Manifest:
        return self._in(space, manifest("RegisteredModel", f"{self.name}-{resource}", **{"name": self.name, **spec}))

    def version(self, resource: str = "version", parent: str = "model", space: int = 0, **spec: Any) -> Manifest:
        reference = {"name": f"{self.name}-{parent}"}
        body = {"name": "1.0", "registeredModelRef": reference, **spec}
        return self._in(space, manifest("ModelVersion", f"{self.name}-{resource}", **body))

    def artifact(self, resource: str = "artifact", parent: str = "version", space: int = 0, **spec: Any) -> Manifest:
        reference = {"name": f"{self.name}-{parent}"}
        body = {"name": "weights", "uri": "s3://b/w", "modelVersionRef": reference, **spec}
        return self._in(space, manifest("ModelArtifact", f"{self.name}-{resource}", **body))

    def chain(self, suffix: str = "", space: int = 0) -> tuple[Manifest, ...]:
        """Return a model, its version with an inline artifact, and an artifact of its own."""
        inline = [{"name": "inline", "uri": "s3://b/i"}]
        return (
            self.model(f"model{suffix}", space),
            self.version(f"version{suffix}", f"model{suffix}", space, artifacts=inline),
            self.artifact(f"artifact{suffix}", f"version{suffix}", space),
        )

    def entry(self, stamp: str | None = None, **fields: Any) -> Put:
        """Return an entry of the model that others made."""
        properties = {} if stamp is None else {OWNER_PROPERTY: text_property(stamp)}
        return Put(Place("RegisteredModel", (self.name,)), fields, properties)

    def version_entry(self, **fields: Any) -> Put:
        return Put(Place("ModelVersion", (self.name, "1.0")), fields)

    def entry_elsewhere(self, stamp: str, model: str = "other") -> tuple[Put, Put]:
        """Return an entry like that of the version, in another model."""
        names = f"{self.name}-{model}", "1.0"
        properties = {OWNER_PROPERTY: text_property(stamp)}
        return Put(Place("RegisteredModel", names[:1])), Put(Place("ModelVersion", names), {}, properties)

    def artifact_entry(self, digest: str) -> Put:
        """Return an entry of the inline artifact with a digest."""
        place = Place("model-artifact", (self.name, "1.0", "inline"))
        return Put(place, {"uri": "s3://b/i"}, {"digest": text_property(digest)})

    def case(self, **parts: Any) -> Case:
        return Case(self.name, **parts)

    def _in(self, space: int, body: Manifest) -> Manifest:
        return {**body, "metadata": {**body["metadata"], "namespace": self.world.spaces[space]}}


def author(number: int, world: World) -> Author:
    """Return the author of a story."""
    return Author(f"s{number:02}", world)
