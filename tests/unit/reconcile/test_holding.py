"""Claims a resource from another installation, also where the API server refuses the claim."""

from collections.abc import Mapping
from typing import Any, cast

import pytest

from registrar.api.bodies import Body, ResourceKey
from registrar.api.meta import ObjectMeta
from registrar.api.v1alpha1.common import Holder
from registrar.api.v1alpha1.registry_ref import RegistryRef
from registrar.cluster.api import KubernetesError
from registrar.cluster.cache import ResourceCache
from registrar.planning.holding import CLAIM_SECONDS
from registrar.reconcile.holding import hold
from registrar.reconcile.memory import Memory
from registrar.reconcile.resource import declared_names, read_resource
from registrar.workqueue.queue import DONE
from tests.unit.build import NOBODY, OWNER_ID, body, open_gate

OURS = Holder(owner_id=OWNER_ID, registry_url=NOBODY)
OTHER = {"ownerId": "other", "registryUrl": "http://other"}


class Kube:
    """The API server's status, which can refuse a patch."""

    def __init__(self) -> None:
        self.refuses = False
        self.resource = body(status={"managedBy": OTHER, "observedGeneration": 1})

    async def patch_status(self, _: ResourceKey, __: ObjectMeta, status: Mapping[str, Any]) -> Body:
        if self.refuses:
            raise KubernetesError(503, "ServiceUnavailable", "try again")
        version = int(self.resource["metadata"]["resourceVersion"]) + 1
        self.resource = body(version=version, status={**self.resource["status"], **status})
        return self.resource


async def test_a_claim_that_was_refused_is_made_again() -> None:
    kube: Any = Kube()
    memory = Memory(ResourceCache(), open_gate(), lambda _: None)
    kube.refuses = True
    for _ in range(2):
        with pytest.raises(KubernetesError):
            await hold(read_resource(kube.resource), memory, kube, OURS)
    kube.refuses = False
    result, note = await hold(read_resource(kube.resource), memory, kube, OURS)
    assert note is None
    assert result is not None
    assert result.requeue_after == pytest.approx(CLAIM_SECONDS, abs=1)
    assert Holder.model_validate(kube.resource["status"]["managedBy"]) == OURS
    # Only now is another holder a reversal.
    kube.resource = body(version=9, status={"managedBy": OTHER, "observedGeneration": 1})
    result, note = await hold(read_resource(kube.resource), memory, kube, OURS)
    assert result == DONE
    assert note is not None
    assert note.reason == "ManagedByOther"


async def test_another_address_of_the_same_cluster_registry_is_no_other_installation() -> None:
    ref = {"kind": "ClusterRegistry", "name": "prod"}
    former = {"ownerId": OWNER_ID, "registryUrl": "http://former"}
    memory, kube = Memory(ResourceCache(), open_gate(), lambda _: None), cast("Any", None)
    moved = read_resource(body(status={"managedBy": former, "registryRef": ref, "observedGeneration": 1}))
    assert await hold(moved, memory, kube, OURS, RegistryRef.model_validate(ref)) == (None, None)
    other = read_resource(body(status={"managedBy": OTHER, "registryRef": ref, "observedGeneration": 1}))
    elsewhere = read_resource(body(status={"managedBy": former, "observedGeneration": 1}))
    for resource in (other, elsewhere):
        kube = Kube()
        memory = Memory(ResourceCache(), open_gate(), lambda _: None)
        result, _ = await hold(resource, memory, cast("Any", kube), OURS, RegistryRef.model_validate(ref))
        assert result is not None
        assert Holder.model_validate(kube.resource["status"]["managedBy"]) == OURS, "it is claimed first"


def test_the_names_that_a_resource_declares_are_read_without_parsing_it() -> None:
    assert list(declared_names(body())) == ["fraud"]
    assert list(declared_names(body(name="other"))) == ["other"]
    version = body("ModelVersion", "v1", artifacts=[{"name": "weights", "uri": "s3://b/w"}])
    assert list(declared_names(version)) == ["v1", "weights"]


async def test_another_spelling_of_an_address_is_no_other_installation() -> None:
    """Such as that of a Service, which the flags give in one way and a ClusterRegistry in another."""
    ours = Holder(owner_id=OWNER_ID, registry_url="http://registry.ml.svc:8080")
    before = {"ownerId": OWNER_ID, "registryUrl": "http://registry.ml:8080/"}
    memory = Memory(ResourceCache(), open_gate(), lambda _: None)
    held = read_resource(body(status={"managedBy": before, "observedGeneration": 1}))
    assert await hold(held, memory, cast("Any", None), ours) == (None, None)
