"""kill -9 at every point between create and status, and on the way out: one entry each, and its ID is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from tests.support.fixtures import Unique, operator_arguments
from tests.support.flaky import Fault, FlakyProxy, between
from tests.support.front import before_apiserver, holding, is_finalizer_patch, is_status_patch
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, manifest

Entries = dict[str, list[RegistryEntry]]
"""By name."""

DESCRIBED: dict[str, object] = {"description": "first", "customProperties": {"team": "a"}}
BEFORE, AFTER = Fault.STALL_BEFORE, Fault.STALL_AFTER


@dataclass(frozen=True)
class Surroundings:
    """An operator between two proxies, and parents for what the tests make."""

    space: Namespace
    operator: OperatorProcess
    apiserver: FlakyProxy
    registry: FlakyProxy
    model: Manifest
    version: Manifest


@pytest.fixture(scope="module")
def around(space: Namespace, registry_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """What the tests of this module share: each kills the operator and starts it again."""
    folder = tmp_path_factory.mktemp("killed")
    with before_apiserver(space.cluster, folder) as front, between(registry_url) as registry:
        operator = OperatorProcess([*operator_arguments(registry.url, space), front.argument], folder / "operator.log")
        operator.start()
        space.apply(
            manifest("RegisteredModel", "parent", name=space.name),
            manifest("ModelVersion", "parent", registeredModelRef={"name": "parent"}),
        )
        model, version = space.ready("RegisteredModel", "parent"), space.ready("ModelVersion", "parent")
        yield Surroundings(space, operator, front.proxy, registry, model, version)
        operator.stop()
        print(operator.log)  # noqa: T201 - pytest shows it where the module's last test failed


@dataclass(frozen=True)
class Family:
    """One resource of each kind, and two versions with an inline artifact each; each entry has its own name."""

    around: Surroundings
    model: str
    version: str
    artifact: str
    documented: str
    card: str
    weighted: str
    weights: str

    @classmethod
    def named(cls, around: Surroundings, unique: Unique) -> "Family":
        names = ("model", "version", "artifact", "documented", "card", "weighted", "weights")
        return cls(around, **{name: unique(name) for name in names})

    @property
    def resources(self) -> list[tuple[str, str]]:
        """Kind and name of each."""
        versions = (self.version, self.documented, self.weighted)
        return [
            ("RegisteredModel", self.model),
            *(("ModelVersion", name) for name in versions),
            ("ModelArtifact", self.artifact),
        ]

    @property
    def first_written(self) -> set[str]:
        """The entry of each resource that is the first of its kind to be written in it."""
        return {self.model, self.version, self.artifact, self.card, self.weights}

    def apply(self, **described: object) -> None:
        """Apply all; each entry is described in the same way."""
        parent = {"name": "parent"}
        self.around.space.apply(
            manifest("RegisteredModel", self.model, **described),
            manifest("ModelVersion", self.version, registeredModelRef=parent, **described),
            manifest("ModelArtifact", self.artifact, modelVersionRef=parent, uri="s3://b/a", **described),
            manifest(
                "ModelVersion",
                self.documented,
                registeredModelRef=parent,
                docArtifacts=[{"name": self.card, "uri": "https://example.org/card", **described}],
            ),
            manifest(
                "ModelVersion",
                self.weighted,
                registeredModelRef=parent,
                artifacts=[{"name": self.weights, "uri": "s3://b/w", **described}],
            ),
        )

    async def entries(self, registry: ModelRegistryAPIClient) -> Entries:
        """What the registry holds of it, by name."""
        versions = await registry.get_model_versions(self.around.model["status"]["id"])
        found: list[RegistryEntry] = [*await registry.get_registered_models(), *versions]
        holders = [str(one.id) for one in versions if one.name in {self.documented, self.weighted}]
        for holder in (self.around.version["status"]["id"], *holders):
            found += await registry.get_model_version_artifacts(holder)
        names = {name for _, name in self.resources} | self.first_written
        return {name: here for name in names if (here := [one for one in found if one.name == name])}

    def ids(self) -> dict[str, str]:
        """The IDs that the statuses tell, by name of the entry; all have to be Ready."""
        told = {}
        for kind, name in self.resources:
            status = self.around.space.ready(kind, name)["status"]
            told[name] = status["id"]
            told |= {one["name"]: one["id"] for one in status.get("artifacts", ())}
        return told

    async def assert_whole(self, registry: ModelRegistryAPIClient, before: Entries) -> None:
        """Every entry is there once, its ID is told, and what was there before is as it was."""
        ids = self.ids()
        entries = await self.entries(registry)
        assert {name: [one.id for one in found] for name, found in entries.items()} == {
            name: [entry_id] for name, entry_id in ids.items()
        }
        assert {name: entries[name] for name in before} == before


def _kill_at(
    around: Surroundings, proxy: FlakyProxy, fault: Fault, fits: Callable[[Received], bool], act: Callable[[], None]
) -> None:
    """Have the operator killed when each of the five resources waits for the answer to such a request."""
    proxy.script = holding(fault, fits)
    act()
    proxy.wait_for_stalled(5)
    around.operator.kill()
    proxy.heal()


def _restart(around: Surroundings, unique: Unique) -> None:
    """Start the operator again, and return when it has looked through everything."""
    around.operator.start()
    marker = unique("marker")
    around.space.apply(manifest("RegisteredModel", marker))
    around.space.ready("RegisteredModel", marker)


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
async def test_killed_while_an_entry_is_made(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique, fault: Fault
) -> None:
    family = Family.named(around, unique)
    made = family.first_written
    _kill_at(
        around,
        around.registry,
        fault,
        lambda received: received.method == "POST" and received.json["name"] in made,
        lambda: family.apply(**DESCRIBED),
    )
    before = await family.entries(registry)
    assert before.keys() & made == (made if fault is AFTER else set())
    _restart(around, unique)
    await family.assert_whole(registry, before)


async def test_what_left_the_spec_meanwhile_is_cleared(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    family = Family.named(around, unique)
    made = family.first_written
    _kill_at(
        around,
        around.registry,
        AFTER,
        lambda received: received.method == "POST" and received.json["name"] in made,
        lambda: family.apply(**DESCRIBED),
    )
    family.apply(customProperties={"stage": "b"})
    _restart(around, unique)
    family.ids()
    for name, (entry,) in (await family.entries(registry)).items():
        if name in made:
            assert not entry.description
            assert (entry.custom_properties or {}).keys() == {"model-registrar.dev/owner", "stage"}


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
@pytest.mark.parametrize("fits", [is_finalizer_patch, is_status_patch], ids=["finalizer", "status"])
async def test_killed_while_the_resource_is_written(
    around: Surroundings,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    fits: Callable[[Received], bool],
    fault: Fault,
) -> None:
    family = Family.named(around, unique)
    _kill_at(around, around.apiserver, fault, fits, lambda: family.apply(**DESCRIBED))
    before = await family.entries(registry)
    # Nothing is made before the finalizer is on; all is made before the status tells of it.
    assert len(before) == (0 if fits is is_finalizer_patch else 7)
    told = [around.space.get(kind, name)["status"].get("id") for kind, name in family.resources]
    assert [entry_id is not None for entry_id in told] == [fits is is_status_patch and fault is AFTER] * 5
    _restart(around, unique)
    await family.assert_whole(registry, before)


def _retires(received: Received) -> bool:
    return received.method == "PATCH" and received.json.get("state") in {"ARCHIVED", "MARKED_FOR_DELETION"}


def _state(found: list[Any]) -> str:
    return str(found[0].state)


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
@pytest.mark.parametrize("side", ["archive", "release"])
async def test_killed_while_it_lets_go(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique, side: str, fault: Fault
) -> None:
    family = Family.named(around, unique)
    family.apply(**DESCRIBED)
    ids = family.ids()

    def delete() -> None:
        for kind, name in family.resources:
            around.space.delete(kind, name)

    is_archive = side == "archive"
    proxy = around.registry if is_archive else around.apiserver
    _kill_at(around, proxy, fault, _retires if is_archive else is_finalizer_patch, delete)
    before = await family.entries(registry)
    _restart(around, unique)
    for kind, name in family.resources:
        around.space.wait_gone(kind, name)
    entries = await family.entries(registry)
    assert {name: [one.id for one in found] for name, found in entries.items()} == {
        name: [entry_id] for name, entry_id in ids.items()
    }
    states = {name: _state(found) for name, found in entries.items()}
    inside = {family.artifact, family.card, family.weights}
    assert states == {name: "MARKED_FOR_DELETION" if name in inside else "ARCHIVED" for name in ids}
    # What had been archived before the kill is not written once more.
    assert {name: found for name, found in before.items() if _state(found) != "LIVE"}.items() <= entries.items()
