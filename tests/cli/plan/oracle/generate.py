"""Random histories: entries that others made, a base, drift, and a change of the manifests."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.cli.plan.oracle import values
from tests.cli.plan.oracle.cases import OWNER_PROPERTY, Case, Place, Put, World, key_of
from tests.cli.plan.oracle.declared import declared
from tests.cli.plan.oracle.rivals import (
    ARTIFACT_LISTS,
    Resource,
    begun_at_once,
    of_known_resources,
    unseen_fields,
    wanted,
    without_awaited_id,
    without_races,
    without_rivals,
)
from tests.support.resources import Manifest


def random_case(name: str, random: Random, world: World) -> Case:
    """Return a history whose names begin with that name."""
    maker = _Maker(name, random, world)
    before = tuple(maker.entries(0.4))
    base = maker.population() if random.random() < 0.7 else []
    head = maker.changed(base) if base else maker.population()
    meanwhile = tuple(maker.drift(base)) if base and random.random() < 0.5 else ()
    of_base, valid = maker.manifests(base), maker.manifests(head)
    of_head = [maker.spoiled(each) for each in valid]
    refused = {key_of(found) for each, found in zip(valid, of_head, strict=True) if found is not each}
    applied = {each.key for each in base}
    added = {each.key: each for each in head if each.key not in applied}
    known = begun_at_once(added, refused, [*before, *meanwhile])
    before = tuple(of_known_resources(put, known, world.owner_id, has_base=bool(base)) for put in before)
    return Case(
        name=name,
        before=tuple(without_awaited_id(put, [*base, *head]) for put in before),
        base=tuple(of_base),
        meanwhile=tuple(without_awaited_id(put, [*base, *head]) for put in meanwhile),
        head=tuple(of_head),
        deletes_first=random.random() < 0.5,
        unseen=unseen_fields(base, head),
    )


class _Maker:
    def __init__(self, prefix: str, random: Random, world: World) -> None:
        self.prefix = prefix
        self.random = random
        self.world = world
        self.places = self._places()
        self.names = 0

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def _places(self) -> list[Place]:
        """Return the entries that this case is about, parents first."""
        places = []
        for model in self.random.sample([f"{self.prefix}-m1", f"{self.prefix}/M 2"], k=self.random.choice([1, 1, 2])):
            places.append(Place("RegisteredModel", (model,)))
            for version in self.random.sample(["v1", "V 2"], k=self.random.choice([1, 1, 2])):
                places.append(Place("ModelVersion", (model, version)))
                places += [
                    Place(kind, (model, version, artifact))
                    for artifact in ("a1", "a2", "a3")
                    for kind in self.random.sample(["model-artifact", "doc-artifact"], k=self.random.choice([0, 1, 1]))
                ]
        return places

    def entries(self, share: float) -> Iterator[Put]:
        """Yield entries that others made, each below one that exists."""
        exist: set[Place] = set()
        for place in self.places:
            if (len(place.names) == 1 or place.parent in exist) and self.chance(share + 0.2 * (len(place.names) < 3)):
                exist.add(place)
                yield self.put(place, is_new=True)
            if place in exist and place.kind == "ModelVersion" and self.chance(0.1):
                # An artifact of a type that no manifest declares, with a name that one may declare.
                yield self.put(Place("dataset-artifact", (*place.names, "a1")), is_new=True)

    def put(self, place: Place, *, is_new: bool) -> Put:
        """Return a write by hand: a creation, or some edits."""
        artifact, properties = place.kind.endswith("artifact"), values.stored_properties(self.random)
        fields = values.fields(self.random, place.kind)
        if artifact and (is_new or self.chance(0.3)):
            fields["uri"] = self.random.choice(values.URIS)
        if artifact and self.chance(0.3):
            digest = self.random.choice([*values.DIGESTS, "of another form", ""])
            properties["digest"] = values.text_property(digest)
        if self.chance(0.3):
            fields["state"] = self.random.choice(values.states(place.kind))
        if self.chance(0.2):
            fields["externalId"] = self.external_id(artifact=artifact)
        if is_new:
            stamp = self.stamp(place)
            if stamp is not None:
                properties[OWNER_PROPERTY] = values.text_property(stamp)
        # Whoever changes a stamp later takes the entry from the base, as far as a plan knows.
        elif self.chance(0.3):
            properties |= dict.fromkeys(self.random.sample(values.PROPERTY_NAMES, k=2))
        return Put(place, fields, properties)

    def stamp(self, place: Place) -> str | None:
        """Return the stamp of an entry that exists before the base: mostly none."""
        origin = self.random.choice(["created", "adopted", "kept", "released"])
        space = self.random.choice(self.world.spaces)
        name = f"{self.prefix}-{self.random.choice(['former', 'r1', 'r2', 'r3'])}"
        is_inline = place.kind == "doc-artifact" or (len(place.names) == 3 and self.chance(0.5))
        inline = f"#{place.names[-1]}" if is_inline else ""
        owner = self.random.choice([None] * 5 + [self.world.owner_id, self.world.owner_id, "other/installation"])
        return None if owner is None else f"{origin}:{owner}/{space}/{name}{inline}"

    def external_id(self, *, artifact: bool) -> str:
        return f"{self.prefix}-{'a' if artifact else 'e'}{self.random.randint(1, 3)}"

    def population(self) -> list[Resource]:
        """Return resources for some of the places, each for one."""
        found: list[Resource] = []
        inline: set[Place] = set()
        for place in self.places:
            if place.kind == "doc-artifact" or place in inline or not self.chance(0.6):
                continue
            resource = self.resource(place)
            if place.kind == "ModelVersion":
                inline |= self.fill_inline(
                    resource, free=[each for each in self.places if each.names[:-1] == place.names]
                )
            found.append(resource)
        return without_rivals(found)

    def resource(self, place: Place) -> Resource:
        self.names += 1
        return Resource(
            place=place,
            space=self.world.spaces[self.chance(0.15)],
            name=f"{self.prefix}-r{self.names}",
            spec=self.spec(place.kind),
            link=self.random.choice(["resource"] * 6 + ["name", "id"]),
            notes={"paused": "true"} if self.chance(0.03) else {"take-over": "true"} if self.chance(0.1) else {},
        )

    def spec(self, kind: str) -> dict[str, Any]:
        spec = values.fields(self.random, kind)
        if properties := values.declared_properties(self.random):
            spec["customProperties"] = properties
        if self.chance(0.2):
            spec["externalId"] = self.external_id(artifact=kind.endswith("artifact"))
        if kind.endswith("artifact"):
            spec["uri"] = self.random.choice(values.URIS)
            if self.chance(0.4):
                spec["digest"] = self.random.choice(values.DIGESTS)
        if self.chance(0.15):
            spec["state"] = self.random.choice(values.states(kind))
        return {**spec, **self.policies()}

    def policies(self) -> dict[str, str]:
        choices = {
            "deletionPolicy": ["Archive", "Orphan"],
            "adoptionPolicy": ["Fail", "Adopt"],
            "driftPolicy": ["Report", "Ignore", "Correct"],
        }
        return {name: self.random.choice(items) for name, items in choices.items() if self.chance(0.12)}

    def fill_inline(self, version: Resource, free: list[Place]) -> set[Place]:
        """Give a version inline artifacts at some of the free places; returns those."""
        taken: set[Place] = set()
        for place in free:
            names = {each.names[-1] for each in taken}
            if place.names[-1] in names or not self.chance(0.5):
                continue
            taken.add(place)
            item = {name: value for name, value in self.spec(place.kind).items() if not name.endswith("Policy")}
            field = "docArtifacts" if place.kind == "doc-artifact" else "artifacts"
            version.spec.setdefault(field, []).append({"name": place.names[-1], **item})
        return taken

    def changed(self, base: list[Resource]) -> list[Resource]:
        """Return the resources after a change."""
        head = []
        for before in base:
            resource = copy.deepcopy(before)
            match self.random.choice(["keep"] * 4 + ["edit"] * 5 + ["delete", "rename", "move"]):
                case "delete":
                    continue
                case "rename":
                    self.names += 1
                    resource.name = f"{self.prefix}-r{self.names}"
                case "move":
                    resource.space = next(space for space in self.world.spaces if space != before.space)
                case "edit":
                    self.edit(resource)
            head.append(resource)
        taken = {place for resource in head for place in wanted(resource)}
        others = [place for place in self.places if place not in taken and place.kind != "doc-artifact"]
        head += [self.resource(place) for place in others if self.chance(0.25)]
        return without_rivals(without_races(base, head))

    def edit(self, resource: Resource) -> None:
        """Change one to three things of a resource."""
        kind, spec = resource.place.kind, resource.spec
        for _ in range(self.random.randint(1, 3)):
            match self.random.choice(["set", "drop", "property", "policy", "note", "link", "inline", "inline"]):
                case "set":
                    spec |= {n: v for n, v in self.spec(kind).items() if self.chance(0.5)}
                case "drop":
                    self.drop(spec)
                case "property":
                    self.edit_properties(spec)
                case "policy":
                    spec |= self.policies()
                case "note":
                    resource.notes = self.random.choice([{}, {"paused": "true"}, {"take-over": "true"}])
                case "link":
                    resource.link = self.random.choice(["resource", "name", "id"])
                case "inline" if kind == "ModelVersion":
                    self.edit_inline(resource)

    def drop(self, spec: dict[str, Any]) -> None:
        """Remove two settings of a spec."""
        for name in self.random.sample(sorted(spec), k=min(2, len(spec))):
            if name not in {"uri", "artifacts", "docArtifacts"}:
                del spec[name]

    def edit_properties(self, spec: dict[str, Any]) -> None:
        properties = dict(spec.get("customProperties", {}))
        for name in self.random.sample(sorted(properties), k=min(1, len(properties))):
            del properties[name]
        spec["customProperties"] = {
            **properties,
            self.random.choice(values.PROPERTY_NAMES): self.random.choice(values.DECLARED),
        }

    def edit_digest(self, item: dict[str, Any]) -> None:
        """Add, keep, remove or replace a digest."""
        digest = self.random.choice([item.get("digest")] * 3 + [None, *values.DIGESTS])
        item.pop("digest", None)
        if digest is not None:
            item["digest"] = digest

    def edit_inline(self, version: Resource) -> None:
        """Drop, change, move to the other list, reorder, or add inline artifacts."""
        spec, field = version.spec, self.random.choice(sorted(ARTIFACT_LISTS))
        items: list[dict[str, Any]] = spec.get(field, [])
        match self.random.choice(["drop", "change", "retype", "shuffle", "add"]):
            case "drop" if items:
                items.remove(self.random.choice(items))
            case "change" if items:
                item = self.random.choice(items)
                item |= values.fields(self.random, ARTIFACT_LISTS[field])
                self.edit_properties(item)
                self.edit_digest(item)
            case "retype" if items:
                item = self.random.choice(items)
                items.remove(item)
                other = next(name for name in ARTIFACT_LISTS if name != field)
                plain = {
                    name: value for name, value in item.items() if not name.startswith(("model", "storage", "service"))
                }
                spec.setdefault(other, []).append(plain)
            case "shuffle":
                self.random.shuffle(items)
            case "add":
                used = {item["name"] for name in ARTIFACT_LISTS for item in spec.get(name, [])}
                named = [each for each in ("a1", "a2", "a3", "a4") if each not in used]
                if named:
                    spec.setdefault(field, []).append(
                        {"name": self.random.choice(named), "uri": self.random.choice(values.URIS)}
                    )

    def drift(self, base: list[Resource]) -> Iterator[Put]:
        """Yield what others change after the base was applied."""
        for place in sorted({place for resource in base for place in wanted(resource)} | set(self.places)):
            if self.chance(0.4):
                yield self.put(place, is_new=False)

    def manifests(self, resources: list[Resource]) -> list[Manifest]:
        """Return resources as manifests, in any order."""
        found = [declared(resource, resources) for resource in resources]
        self.random.shuffle(found)
        return found

    def spoiled(self, body: Manifest) -> Manifest:
        """Return a manifest, now and then with a spec that the API server refuses."""
        if not self.chance(0.03):
            return body
        wrong: dict[str, Any] = self.random.choice([{"state": "NOPE"}, {"description": 5}, {"externalId": ""}])
        return {**body, "spec": {**body["spec"], **wrong}}
