"""What a stamp proves: whether the resource that it names still wants the entry, and whether it was copied."""

from typing import Any

import pytest

from model_registry.types import DocArtifact, RegisteredModel, RegistryEntry
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.planning.ownership import Origin, Stamp
from registrar.reconcile.conflicts import is_copied, still_wants
from tests.support.loopback import Reply, serving
from tests.unit.build import NOBODY, body, claim, context_of, model_key

X, Y = ({"kind": "ClusterRegistry", "name": name} for name in "xy")


@pytest.mark.parametrize(
    ("status", "wants"),
    [
        ({"id": "7", "registryUrl": "http://y.example", "registryRef": Y}, False),
        ({"id": "7", "registryUrl": "http://flags.example"}, False),
        ({"id": "7", "registryUrl": "http://former.example", "registryRef": X}, True),
        ({"id": "7", "registryUrl": f"{NOBODY}/", "registryRef": Y}, True),
        ({}, True),
    ],
    ids=["another registry", "that of the flags", "another address", "a neighbour", "none yet"],
)
async def test_the_holder_of_a_stamp_counts_in_the_registry_of_its_entry(status: dict[str, Any], wants: bool) -> None:  # noqa: FBT001 - a parameter of the test
    holder = body(status=status)
    with serving(lambda _: Reply(body=holder, headers={"Content-Type": "application/json"})) as cluster:
        async with context_of(kubernetes_url=cluster.url) as context:
            registry, key = context.registry, model_key()
            registry.ref = RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name="x")
            found = await still_wants(key, "team/fraud", claim(), context.memory.cache, context.kube, registry)
            assert found is wants


LEAVING = {"deletionTimestamp": "2026-11-23T12:00:01Z"}
CARD = {"name": "card", "uri": "https://docs.example/card"}


@pytest.mark.parametrize(
    ("holder", "is_foreign"),
    [
        (body(status={"id": "8", "registryUrl": NOBODY}), True),
        (body(status={"id": "7", "registryUrl": NOBODY}), False),
        (body(), True),
        (body("RegisteredModel", "other"), False),
        ({**(leaving := body()), "metadata": {**leaving["metadata"], **LEAVING}}, False),
    ],
    ids=["has another entry", "has this one", "has none yet", "is gone", "is being deleted"],
)
async def test_a_stamp_counts_for_none_where_its_resource_has_another_entry(
    holder: dict[str, Any],
    is_foreign: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert await _is_copied("team/fraud", RegisteredModel("fraud", id="7"), holder) is is_foreign


@pytest.mark.parametrize(
    ("holder", "is_foreign"),
    [
        (body("ModelVersion", "v1", docArtifacts=[CARD]), True),
        (body("ModelVersion", "v1"), False),
        (body("ModelVersion", "v1", status={"id": "7", "registryUrl": NOBODY}), False),
    ],
    ids=["declares another", "declares none", "dropped it"],
)
async def test_a_version_hands_over_the_artifact_that_it_dropped(
    holder: dict[str, Any],
    is_foreign: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert await _is_copied("team/v1#card", DocArtifact("card", id="9"), holder) is is_foreign


async def _is_copied(reference: str, entry: RegistryEntry, holder: dict[str, Any]) -> bool:
    """Judge an entry whose stamp names a resource, once nothing else wants the entry."""
    async with context_of() as context:
        context.memory.cache.put(holder)
        return is_copied(Stamp(Origin.CREATED, reference), entry, context.memory.cache, context.registry)
