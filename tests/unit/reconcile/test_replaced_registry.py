"""Resets, restores and strangers under a running pipeline: never an entry below another parent than its resource says.

The registry answers over HTTP. In place of the API server stands a dictionary: what is tested is what the pipeline
believes of the registry, in any order of its turns.
"""

import asyncio
import contextlib
import copy
import itertools
import math
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_registry.store import Store
from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from registrar.api.bodies import Body, ResourceKey, key_of
from registrar.api.meta import ObjectMeta
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import KubernetesAPI
from registrar.planning.ownership import stamp_of
from registrar.reconcile import pipeline
from registrar.reconcile.context import Context
from registrar.reconcile.memory import Memory
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.census import Census
from registrar.registries.kubeflow.backend import KubeflowBackend
from registrar.registries.registry import Registry
from registrar.registries.replacement import MAX_MISSING, MassDeletionGuard
from registrar.settings import Settings
from registrar.telemetry.metrics import Metrics
from tests.env.registry import serve
from tests.unit.build import OWNER_ID, body, open_gate

URL = "http://registry"
FAMILIES = ("a", "b", "c")
MAX_ROUNDS = 12


class Cluster:
    """The calls of `KubernetesAPI` that a reconcile makes, on a dictionary."""

    def __init__(self) -> None:
        self.bodies: dict[ResourceKey, dict[str, Any]] = {}
        self._versions = itertools.count(100)

    def apply(self, resource: dict[str, Any]) -> None:
        key = key_of(resource)
        if key not in self.bodies:
            self.bodies[key] = resource

    async def get(self, key: ResourceKey) -> Body | None:
        return copy.deepcopy(self.bodies.get(key))

    async def patch_status(self, key: ResourceKey, _: ObjectMeta, status: Mapping[str, Any]) -> Body:
        current = self.bodies[key]["status"]
        for name, value in status.items():
            current.pop(name, None)
            if value is not None:
                current[name] = copy.deepcopy(value)
        return self._next(key)

    async def patch_finalizers(self, key: ResourceKey, _: ObjectMeta, finalizers: Sequence[str]) -> Body:
        self.bodies[key]["metadata"]["finalizers"] = list(finalizers)
        return self._next(key)

    async def write_event(self, name: str, event: Mapping[str, Any], patch: Mapping[str, Any] | None) -> None:
        """Take an Event, which nothing here reads."""

    def _next(self, key: ResourceKey) -> Body:
        self.bodies[key]["metadata"]["resourceVersion"] = str(next(self._versions))
        return copy.deepcopy(self.bodies[key])


class World:
    """A cluster, an operator, and a registry whose database can be replaced."""

    def __init__(self, folder: Path, servers: contextlib.ExitStack, *, accept_new_registry: bool) -> None:
        self.folder, self.servers = folder, servers
        self.cluster = Cluster()
        self.settings = Settings(registry_url=URL, accept_new_registry=accept_new_registry)
        self.theirs: dict[tuple[type[RegistryEntry], str], RegistryEntry] = {}
        self.backups: list[tuple[Path, dict[tuple[type[RegistryEntry], str], RegistryEntry]]] = []
        self.clients: list[ModelRegistryAPIClient] = []
        self.replace_database(None)
        self.restart()

    def replace_database(self, source: Path | None) -> None:
        """The registry goes on at its address, with another database."""
        self.database = self.folder / f"{uuid.uuid4().hex}.db"
        if source is not None:
            _copy(source, self.database)
        self.client = ModelRegistryAPIClient.connect(self.servers.enter_context(serve(Store(str(self.database)))))
        self.clients.append(self.client)
        if hasattr(self, "context"):
            # A reset takes its time; only what was answered within the last second is believed.
            self.context.registry.view._answered.clear()
            self.context.registry.backend = KubeflowBackend(self.client)

    def restart(self) -> None:
        """The operator ends, and another one starts."""
        registry = Registry(KubeflowBackend(self.client), URL, OWNER_ID)
        memory = Memory(ResourceCache(), open_gate(), registry.view.leave)
        guard = MassDeletionGuard(partial(memory.cache.recorded_ids, OWNER_ID), registry)
        kube = cast("KubernetesAPI", self.cluster)
        self.context = Context(
            self.settings, kube, registry, memory, guard, Census(registry, memory.cache.count_new), Metrics().reconciles
        )
        memory.cache.synced.set()

    def apply(self, letter: str) -> None:
        for resource in resources_of(letter):
            self.cluster.apply(resource)

    def backup(self) -> None:
        copied = self.folder / f"{uuid.uuid4().hex}.backup"
        _copy(self.database, copied)
        self.backups.append((copied, dict(self.theirs)))

    def restore(self) -> None:
        source, theirs = self.backups[-1] if self.backups else (None, {})
        self.replace_database(source)
        self.theirs = dict(theirs)

    async def stranger(self, number: int) -> None:
        """Someone registers a model with a version of a name that our resources use too."""
        model = await self.client.get_or_create_registered_model(RegisteredModel(f"zz{number}"))
        version = await self.client.get_or_create_model_version(ModelVersion("v1", author="theirs"), str(model.id))
        for entry in (model, version):
            self.theirs[type(entry), str(entry.id)] = entry

    async def poll(self) -> None:
        registry = self.context.registry
        try:
            if registry.loaded:
                await registry.poll()
        except RegistryWentBackError:
            registry.end_epoch()
        if not registry.loaded:
            await registry.load()
        registry.breaker.close(time.monotonic())

    async def reconcile(self, key: ResourceKey) -> None:
        resource = await self.cluster.get(key)
        if resource is not None:
            self.context.memory.cache.put(resource)
            await pipeline.run(key, self.context)

    async def check(self) -> None:
        """No entry of ours below a wrong parent, and none of theirs changed."""
        models = {str(model.id): model.name for model in await self.client.get_registered_models()}
        for version in await self.client.get_model_versions():
            stamp = stamp_of(version, OWNER_ID)
            if stamp is not None:
                letter = stamp.reference.removeprefix("team/v-")
                assert models.get(str(version.registered_model_id)) == f"m-{letter}", version
                artifacts = await self.client.get_model_version_artifacts(str(version.id))
                assert {str(artifact.uri) for artifact in artifacts} <= {f"s3://{letter}"}, artifacts
        for (entry_type, entry_id), entry in self.theirs.items():
            read = (
                self.client.get_registered_model_by_id
                if entry_type is RegisteredModel
                else self.client.get_model_version_by_id
            )
            assert await read(entry_id) == entry

    async def settle(self) -> None:
        for _ in range(MAX_ROUNDS):
            await self.poll()
            for key in list(self.cluster.bodies):
                await self.reconcile(key)
            await self.check()


def _copy(source: Path, target: Path) -> None:
    """Copy an idle database, with what is only in its log so far."""
    for suffix in ("", "-wal"):
        if (part := source.with_name(source.name + suffix)).exists():
            shutil.copy(part, target.with_name(target.name + suffix))


def resources_of(letter: str) -> list[dict[str, Any]]:
    artifact = {"name": "weights", "uri": f"s3://{letter}"}
    version = body(
        "ModelVersion",
        f"v-{letter}",
        uid=f"v{letter}",
        registeredModelRef={"name": f"m-{letter}"},
        artifacts=[artifact],
    )
    # Every version has the name of the strangers' and of the other families'.
    version["spec"]["name"] = "v1"
    return [version, body("RegisteredModel", f"m-{letter}", uid=f"m{letter}")]


STEPS = st.one_of(
    st.tuples(st.just("apply"), st.sampled_from(FAMILIES)),
    st.tuples(st.just("reconcile"), st.permutations([*(f"v-{f}" for f in FAMILIES), *(f"m-{f}" for f in FAMILIES)])),
    st.tuples(st.sampled_from(["reset", "backup", "restore", "restart", "poll"]), st.none()),
    st.tuples(st.just("stranger"), st.integers(1, 3)),
)


async def _step(world: World, step: str, argument: Any) -> None:
    match step:
        case "apply":
            world.apply(argument)
        case "reconcile":
            for name in argument:
                kind = "ModelVersion" if name.startswith("v") else "RegisteredModel"
                await world.reconcile(ResourceKey(kind, "team", name))
        case "reset":
            world.replace_database(None)
            world.theirs.clear()
        case "stranger":
            await world.stranger(argument)
        case "poll":
            await world.poll()
        case _:
            getattr(world, step)()
    await world.check()


async def _play(world: World, steps: list[tuple[str, Any]]) -> None:
    for letter in FAMILIES:
        version, model = resources_of(letter)
        world.cluster.apply(model)
        if letter in FAMILIES[:2]:
            world.cluster.apply(version)
    await world.settle()
    for step, argument in steps:
        await _step(world, step, argument)
    await world.settle()
    trees = {str(model.name) for model in await world.client.get_registered_models()}
    for client in world.clients:
        await client.aclose()
    # A socket is closed one turn of the loop after its connection.
    await asyncio.sleep(0)
    assert {key.name for key in world.cluster.bodies if key.kind == "RegisteredModel"} <= trees, "all are healed"


@contextlib.contextmanager
def _world(*, accept_new_registry: bool) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as servers:
        yield World(Path(folder), servers, accept_new_registry=accept_new_registry)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=1, max_size=12), accept_new_registry=st.booleans())
def test_every_entry_stays_below_its_own_parent(steps: list[tuple[str, Any]], *, accept_new_registry: bool) -> None:
    with _world(accept_new_registry=accept_new_registry) as world:
        asyncio.run(_play(world, steps))


@pytest.mark.parametrize("first", ["v-c", "v-b"], ids=["a new version", "a known version"])
def test_a_child_that_runs_first_after_a_reset_is_not_written_below_a_stranger(first: str) -> None:
    """Before its parent and before a poll: what is remembered of the parent's ID belongs to a stranger's entry."""
    order = [first, "v-a", "m-b", "m-c", "m-a"]
    steps: list[tuple[str, Any]] = [("reset", None), *(("stranger", number) for number in (1, 2, 3))]
    with _world(accept_new_registry=True) as world:
        asyncio.run(_play(world, [*steps, ("apply", "c"), ("reconcile", order), ("reconcile", order)]))


def test_entries_without_their_stamps_are_not_missing_after_a_restart() -> None:
    """The list of stamped entries lacks them; those who ignore drift do not restore the stamps either."""

    async def play(world: World) -> MassDeletionGuard:
        for number in range(MAX_MISSING + 1):
            world.cluster.apply(body("RegisteredModel", f"m{number}", uid=f"m{number}", driftPolicy="Ignore"))
        await world.settle()
        for model in await world.client.get_registered_models():
            await world.client.upsert_registered_model(model.model_copy(update={"custom_properties": {}}))
        world.restart()
        await world.poll()
        for resource in world.cluster.bodies.values():
            world.context.memory.cache.put(resource)
        assert world.context.guard.replacement(0.0) is not None, "nothing is known of them yet"
        for key in list(world.cluster.bodies):
            await world.reconcile(key)
        for client in world.clients:
            await client.aclose()
        await asyncio.sleep(0)
        return world.context.guard

    with _world(accept_new_registry=False) as world:
        assert asyncio.run(play(world)).replacement(math.inf) is None
