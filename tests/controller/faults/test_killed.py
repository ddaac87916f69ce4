"""kill -9 at every point of a creation and of a deletion: each entry exists once, and the status has its ID."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegistryEntry
from tests.support.api_server_proxy import is_finalizer_patch, is_status_patch, proxy_to_api_server
from tests.support.fault_proxy import Fault, FaultProxy, on_matching, proxy_to
from tests.support.fixtures import Unique, operator_arguments
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, manifest

Entries = dict[str, list[RegistryEntry]]
"""By name."""

DESCRIBED: dict[str, object] = {"description": "first", "customProperties": {"team": "a"}}
BEFORE, AFTER = Fault.STALL_BEFORE, Fault.STALL_AFTER


@dataclass(frozen=True)
class Surroundings:
    """An operator between two proxies, and parents for the resources of the tests."""

    space: Namespace
    operator: OperatorProcess
    apiserver: FaultProxy
    registry: FaultProxy
    model: Manifest
    version: Manifest


@pytest.fixture(scope="module")
def around(space: Namespace, registry_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Surroundings]:
    """The tests of this module share an operator; each kills it and starts it again."""
    folder = tmp_path_factory.mktemp("killed")
    with proxy_to_api_server(space.cluster, folder) as api_server_proxy, proxy_to(registry_url) as registry:
        operator = OperatorProcess(
            [*operator_arguments(registry.url, space), api_server_proxy.kubeconfig_flag], folder / "operator.log"
        )
        operator.start()
        space.apply(
            manifest("RegisteredModel", "parent", name=space.name),
            manifest("ModelVersion", "parent", registeredModelRef={"name": "parent"}),
        )
        model, version = space.ready("RegisteredModel", "parent"), space.ready("ModelVersion", "parent")
        yield Surroundings(space, operator, api_server_proxy, registry, model, version)
        operator.stop()
        print(operator.log)  # noqa: T201 - pytest shows it where the module's last test failed


@pytest.fixture(autouse=True)
def restored(around: Surroundings) -> Iterator[None]:
    """After a test that failed between the kill and the restart, the next one finds the operator running."""
    yield
    around.apiserver.heal()
    around.registry.heal()
    if not around.operator.is_running:
        around.operator.start()


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

    def writes(self, matches: Callable[[Received], bool]) -> Callable[[Received], bool]:
        """Return what matches such a request to the API server about these resources.

        Their parents are written too: a version's status has the address of its newest artifact.
        """
        names = {name for _, name in self.resources}
        return lambda received: not names.isdisjoint(received.route.split("/")) and matches(received)

    @property
    def first_written(self) -> set[str]:
        """The entry that tests catch in each resource: the inline artifact, where it has one."""
        return {self.model, self.version, self.artifact, self.card, self.weights}

    def apply(self, **described: object) -> None:
        """Apply all resources; each entry gets these fields."""
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
        """Return the entries that the registry has of the family, by name."""
        versions = await registry.get_model_versions(self.around.model["status"]["id"])
        found: list[RegistryEntry] = [*await registry.get_registered_models(), *versions]
        holders = [str(entry.id) for entry in versions if entry.name in {self.documented, self.weighted}]
        for holder in (self.around.version["status"]["id"], *holders):
            found += await registry.get_model_version_artifacts(holder)
        names = {name for _, name in self.resources} | self.first_written
        return {name: here for name in names if (here := [entry for entry in found if entry.name == name])}

    def ids(self) -> dict[str, str]:
        """Wait until all are Ready; returns the IDs in their statuses, by the entry's name."""
        ids = {}
        for kind, name in self.resources:
            status = self.around.space.ready(kind, name)["status"]
            ids[name] = status["id"]
            ids |= {artifact["name"]: artifact["id"] for artifact in status.get("artifacts", ())}
        return ids

    async def assert_whole(self, registry: ModelRegistryAPIClient, before: Entries) -> None:
        """Assert that every entry exists once, with its ID in the status, and that those from before are unchanged."""
        ids = self.ids()
        entries = await self.entries(registry)
        assert {name: [entry.id for entry in found] for name, found in entries.items()} == {
            name: [entry_id] for name, entry_id in ids.items()
        }
        assert {name: entries[name] for name in before} == before


def _kill_at(
    around: Surroundings, proxy: FaultProxy, fault: Fault, matches: Callable[[Received], bool], act: Callable[[], None]
) -> None:
    """Kill the operator once each of the five resources waits for the answer to such a request.

    A request about another resource must not match: it would be counted in place of one of the five.
    """
    proxy.script = on_matching(fault, matches)
    act()
    proxy.wait_for_stalled(5)
    around.operator.kill()
    proxy.heal()


def _restart(around: Surroundings, unique: Unique) -> None:
    """Start the operator again, and return when it has reconciled everything."""
    around.operator.start()
    marker = unique("marker")
    around.space.apply(manifest("RegisteredModel", marker))
    around.space.ready("RegisteredModel", marker)


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
async def test_killed_while_an_entry_is_created(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique, fault: Fault
) -> None:
    family = Family.named(around, unique)
    caught = family.first_written
    _kill_at(
        around,
        around.registry,
        fault,
        lambda received: received.method == "POST" and received.json["name"] in caught,
        lambda: family.apply(**DESCRIBED),
    )
    before = await family.entries(registry)
    assert before.keys() & caught == (caught if fault is AFTER else set())
    _restart(around, unique)
    await family.assert_whole(registry, before)


async def test_a_field_that_left_the_spec_meanwhile_is_cleared(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    family = Family.named(around, unique)
    caught = family.first_written
    _kill_at(
        around,
        around.registry,
        AFTER,
        lambda received: received.method == "POST" and received.json["name"] in caught,
        lambda: family.apply(**DESCRIBED),
    )
    family.apply(customProperties={"stage": "b"})
    _restart(around, unique)
    family.ids()
    for name, (entry,) in (await family.entries(registry)).items():
        if name in caught:
            assert not entry.description
            assert (entry.custom_properties or {}).keys() == {"model-registrar.dev/owner", "stage"}


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
@pytest.mark.parametrize("matches", [is_finalizer_patch, is_status_patch], ids=["finalizer", "status"])
async def test_killed_while_the_resource_is_written(
    around: Surroundings,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    matches: Callable[[Received], bool],
    fault: Fault,
) -> None:
    family = Family.named(around, unique)
    _kill_at(around, around.apiserver, fault, family.writes(matches), lambda: family.apply(**DESCRIBED))
    before = await family.entries(registry)
    # Nothing is created before the finalizer is set; everything is created before the status reports it.
    assert len(before) == (0 if matches is is_finalizer_patch else 7)
    ids = [around.space.get(kind, name)["status"].get("id") for kind, name in family.resources]
    assert [entry_id is not None for entry_id in ids] == [matches is is_status_patch and fault is AFTER] * 5
    _restart(around, unique)
    await family.assert_whole(registry, before)


def _retires(received: Received) -> bool:
    return received.method == "PATCH" and received.json.get("state") in {"ARCHIVED", "MARKED_FOR_DELETION"}


def _state(found: list[Any]) -> str:
    return str(found[0].state)


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["never sent", "answer lost"])
@pytest.mark.parametrize("stage", ["archive", "finalizer"])
async def test_killed_during_a_deletion(
    around: Surroundings, registry: ModelRegistryAPIClient, unique: Unique, stage: str, fault: Fault
) -> None:
    family = Family.named(around, unique)
    family.apply(**DESCRIBED)
    ids = family.ids()

    def delete() -> None:
        for kind, name in family.resources:
            around.space.delete(kind, name)

    is_archive = stage == "archive"
    proxy = around.registry if is_archive else around.apiserver
    _kill_at(around, proxy, fault, _retires if is_archive else family.writes(is_finalizer_patch), delete)
    before = await family.entries(registry)
    _restart(around, unique)
    for kind, name in family.resources:
        around.space.wait_gone(kind, name)
    entries = await family.entries(registry)
    assert {name: [entry.id for entry in found] for name, found in entries.items()} == {
        name: [entry_id] for name, entry_id in ids.items()
    }
    states = {name: _state(found) for name, found in entries.items()}
    inside = {family.artifact, family.card, family.weights}
    assert states == {name: "MARKED_FOR_DELETION" if name in inside else "ARCHIVED" for name in ids}
    # What was archived before the kill is not written again.
    assert {name: found for name, found in before.items() if _state(found) != "LIVE"}.items() <= entries.items()
