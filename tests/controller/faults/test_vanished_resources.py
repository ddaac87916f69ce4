"""Resources that vanish before the operator can finalize them: their entries are released all the same.

The API server may delete an object whose finalizer came while it was being deleted: of 34 resources that were deleted
within 100 ms of their creation, ten left LIVE entries behind.
"""

import asyncio
import contextlib
import random

import kubernetes
import pytest

from devcluster.controlplane import OwnControlPlane
from model_registry import ModelRegistryAPIClient
from model_registry.types import ListOptions, RegisteredModel
from registrar.api.meta import GROUP, OWNER_PROPERTY, VERSION
from tests.env.registry import EmbeddedServers
from tests.support.entries import model_named
from tests.support.etcd import delete_from_etcd
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, has_reason, manifest
from tests.support.waiting import wait_for


def _vanish(space: Namespace, kind: str, name: str) -> None:
    if not isinstance(space.cluster, OwnControlPlane):
        pytest.skip("it needs the cluster's etcd")
    delete_from_etcd(space.cluster, space.name, kind, name)


async def _until_archived(registry: ModelRegistryAPIClient, name: str) -> None:
    await wait_for(lambda: model_named(registry, name), lambda entry: entry.state == "ARCHIVED")


def _version(*artifacts: str) -> Manifest:
    inline = [{"name": name, "uri": f"s3://b/{name}"} for name in artifacts]
    return manifest("ModelVersion", "version", name="1.0", registeredModelRef={"name": "model"}, artifacts=inline)


async def test_the_entries_of_vanished_resources_are_retired(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space)
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", "model", name=name), _version("weights"))
    status = own_space.ready("ModelVersion", "version")["status"]
    _vanish(own_space, "ModelVersion", "version")
    _vanish(own_space, "RegisteredModel", "model")
    await _until_archived(registry, name)
    await wait_for(
        lambda: registry.get_model_version_by_id(status["id"]),
        lambda entry: getattr(entry, "state", None) == "ARCHIVED",
    )
    artifact = await registry.get_artifact_by_id(status["artifacts"][0]["id"])
    assert artifact is not None
    assert artifact.state == "MARKED_FOR_DELETION"


@pytest.mark.parametrize("policy", ["Orphan", None], ids=["orphan", "adopted"])
async def test_the_entry_of_a_vanished_resource_follows_its_policy(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
    policy: str | None,
) -> None:
    start_operator(registry_url, own_space)
    name, last = unique("model"), unique("last")
    if policy is None:
        await registry.upsert_registered_model(RegisteredModel(name, description="by hand"))
    spec = {} if policy is None else {"deletionPolicy": policy}
    own_space.apply(manifest("RegisteredModel", "model", name=name, **spec), manifest("RegisteredModel", last))
    own_space.ready("RegisteredModel", "model")
    own_space.ready("RegisteredModel", last)
    _vanish(own_space, "RegisteredModel", "model")
    _vanish(own_space, "RegisteredModel", last)
    # Its turn comes after that of the first.
    await _until_archived(registry, last)
    entry = await model_named(registry, name)
    assert entry.state == "LIVE"
    assert (OWNER_PROPERTY in (entry.custom_properties or {})) == (policy is not None)


async def test_a_successor_of_the_same_name_resumes_the_entry(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space, "--handover-grace=3")
    name, other = unique("model"), unique("other")
    own_space.apply(manifest("RegisteredModel", "same", name=name), manifest("RegisteredModel", "renamed", name=other))
    entry_id = own_space.ready("RegisteredModel", "same")["status"]["id"]
    own_space.ready("RegisteredModel", "renamed")
    for resource in ("same", "renamed"):
        _vanish(own_space, "RegisteredModel", resource)
    own_space.apply(
        manifest("RegisteredModel", "same", name=name), manifest("RegisteredModel", "renamed", name=unique("new"))
    )
    assert own_space.ready("RegisteredModel", "same")["status"]["id"] == entry_id
    own_space.ready("RegisteredModel", "renamed")
    # The name of the resource is taken, but nothing declares the entry of its predecessor.
    await _until_archived(registry, other)
    assert (await model_named(registry, name)).state == "LIVE"


async def test_what_vanishes_during_an_outage_is_retired_after_it(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server, name = embedded_registry(), unique("model")
    start_operator(server.url, own_space, "--feed-interval=0.5")
    own_space.apply(manifest("RegisteredModel", "model", name=name), manifest("RegisteredModel", "other"))
    own_space.ready("RegisteredModel", "model")
    own_space.ready("RegisteredModel", "other")
    server.stop()
    own_space.apply(manifest("RegisteredModel", "other", description="notices the outage"))
    own_space.wait("RegisteredModel", "other", has_reason("RegistryUnavailable"))
    _vanish(own_space, "RegisteredModel", "model")
    server.start()
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await _until_archived(registry, name)


async def test_resources_that_are_deleted_just_after_their_creation_leave_nothing_live(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    operator = start_operator(registry_url, own_space)
    own_space.apply(manifest("RegisteredModel", "first"))
    own_space.ready("RegisteredModel", "first")
    prefix, dice = unique("flash"), random.Random(7)  # noqa: S311 - delays, no secrets

    async def create_and_delete(number: int) -> None:
        resource = manifest("RegisteredModel", f"flash-{number}", name=f"{prefix}-{number}")
        place = (GROUP, VERSION, own_space.name, "registeredmodels")
        await asyncio.to_thread(own_space.api.create_namespaced_custom_object, *place, resource)
        await asyncio.sleep(dice.uniform(0, 0.1))
        with contextlib.suppress(kubernetes.client.ApiException):
            await asyncio.to_thread(own_space.api.delete_namespaced_custom_object, *place, f"flash-{number}")

    for first in range(0, 40, 8):
        await asyncio.gather(*(create_and_delete(first + number) for number in range(8)))
    for number in range(40):
        await asyncio.to_thread(own_space.wait_gone, "RegisteredModel", f"flash-{number}")

    async def live() -> list[str | None]:
        entries = await registry.get_registered_models(ListOptions(filter_query=f"name LIKE '{prefix}-%'", limit=100))
        return [entry.name for entry in entries if entry.state == "LIVE"]

    await wait_for(live, lambda names: not names)
    assert "failed unexpectedly" not in operator.log
