"""The cache has synced once the watch has shown every resource that existed."""

import pytest

from registrar.api.bodies import ResourceKey
from registrar.cluster.cache import ResourceCache
from registrar.cluster.client import KubernetesAPI
from registrar.cluster.login import log_in
from registrar.cluster.relist import is_complete
from registrar.fencing import Leadership, WriteFence
from registrar.telemetry.metrics import Metrics
from tests.support.fixtures import Unique
from tests.support.resources import Namespace, manifest


async def test_the_cache_is_complete_once_it_has_every_kind_of_every_namespace(
    own_space: Namespace, space: Namespace, monkeypatch: pytest.MonkeyPatch, unique: Unique
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(own_space.cluster.kubeconfig))
    kube = KubernetesAPI(log_in(), WriteFence(Leadership(), Metrics().to_kubernetes))
    names = [f"{unique('model')}-{number}" for number in range(3)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    version = manifest("ModelVersion", names[0], registeredModelRef={"name": names[0]})
    own_space.apply(version)
    space.apply(version)
    places = (own_space.name, space.name)
    known = ResourceCache()
    existing = [ResourceKey("RegisteredModel", own_space.name, name) for name in names]
    existing += [ResourceKey("ModelVersion", place, names[0]) for place in reversed(places)]
    for key in existing:
        assert not await is_complete(known, kube, places)
        body = await kube.get(key)
        assert body is not None
        known.put(body)
    assert await is_complete(known, kube, places)
    assert not await is_complete(ResourceCache(), kube, ())
    await kube.aclose()
