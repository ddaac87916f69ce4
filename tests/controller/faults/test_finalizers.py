"""Finalizers that others strip, and metadata of the user's, which the operator never touches."""

import json

from model_registry import ModelRegistryAPIClient
from registrar.api.meta import FINALIZER
from tests.env.registry import EmbeddedServers
from tests.support.api_server_proxy import ApiServerProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, has_reason, is_ready, manifest

KIND = "RegisteredModel"
THEIRS = {
    "labels": {"team": "a", "model-registrar.dev/looks-like-ours": "kept"},
    "annotations": {"example.org/note": "kept"},
    "finalizers": ["example.org/theirs"],
}


def _held(resource: Manifest) -> bool:
    return FINALIZER in resource["metadata"].get("finalizers", ())


async def test_a_finalizer_that_a_replace_stripped_is_restored_and_nothing_else_changes(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    start_operator(registry_url, own_space)
    name = unique("model")
    own_space.apply(manifest(KIND, name, description="d"))
    before = own_space.ready(KIND, name)["status"]
    replacement = manifest(KIND, name, description="d")
    replacement["metadata"] |= THEIRS
    own_space.cluster.run_kubectl("replace", "--namespace", own_space.name, "-f", "-", stdin=json.dumps(replacement))
    resource = own_space.wait(KIND, name, _held)
    assert resource["metadata"]["finalizers"] == ["example.org/theirs", FINALIZER]
    assert {key: resource["metadata"][key] for key in ("labels", "annotations")} == {
        key: THEIRS[key] for key in ("labels", "annotations")
    }
    assert resource["spec"] == replacement["spec"]
    assert resource["status"] == before
    own_space.delete(KIND, name)
    own_space.wait(KIND, name, lambda resource: not _held(resource))
    entry = await registry.get_registered_model_by_id(before["id"])
    assert entry is not None
    assert entry.state == "ARCHIVED"
    own_space.patch(KIND, name, {"metadata": {"finalizers": None}})
    own_space.wait_gone(KIND, name)


async def test_a_finalizer_removed_by_hand_leaves_the_entry_to_a_recreated_resource(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space)
    name, marker = unique("model"), unique("marker")
    own_space.apply(manifest(KIND, name, description="d"))
    entry_id = own_space.ready(KIND, name)["status"]["id"]
    server.stop()
    own_space.delete(KIND, name)
    own_space.wait(KIND, name, has_reason("RegistryUnavailable"))
    own_space.patch(KIND, name, {"metadata": {"finalizers": None}})
    own_space.wait_gone(KIND, name)
    server.start()
    own_space.apply(manifest(KIND, marker))
    own_space.ready(KIND, marker)
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        entry = await registry.get_registered_model_by_id(entry_id)
        assert entry is not None
        assert entry.state == "LIVE"
        own_space.apply(manifest(KIND, name, description="d"))
        again = own_space.wait(KIND, name, is_ready)
        assert (again["status"]["id"], _held(again)) == (entry_id, True)
        assert await registry.get_registered_model_by_id(entry_id) == entry
    assert "Traceback" not in operator.log


def test_resources_that_are_stored_with_the_finalizer_cost_one_write_each(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    api_server_proxy: ApiServerProxy,
    unique: Unique,
) -> None:
    """As the chart's admission policy stores it: the operator has nothing to write before the entry exists."""
    operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag)
    operator.wait_for_log("Ready: ")
    name = unique("chain")
    chain = [
        manifest(
            "ModelVersion",
            name,
            registeredModelRef={"name": name},
            artifacts=[{"name": "weights", "uri": "s3://models/weights"}],
        ),
        manifest(KIND, name),
    ]
    for resource in chain:
        resource["metadata"]["finalizers"] = [FINALIZER]
    own_space.create(*chain)
    for resource in chain:
        own_space.ready(resource["kind"], name)
    writes = [received.route for received in api_server_proxy.writes() if "/events" not in received.route]
    plurals = ("modelversions", "registeredmodels")
    assert sorted(route.rsplit("/", 3)[1:] for route in writes) == [[plural, name, "status"] for plural in plurals]
