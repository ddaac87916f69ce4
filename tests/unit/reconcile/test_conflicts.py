"""Whether the resource that a stamp names still wants the entry: one whose entry is in another registry does not."""

from typing import Any

import pytest

from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.reconcile.conflicts import still_wants
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
