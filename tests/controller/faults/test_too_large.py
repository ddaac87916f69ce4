"""A resource that etcd stores, but not with its status, which repeats the names of the custom properties."""

from model_registry import ModelRegistryAPIClient
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest


def _version(name: str, properties: int) -> Manifest:
    named = {f"{number:0>240}": "x" for number in range(properties)}
    artifacts = [{"name": f"part-{number}", "uri": "s3://b", "customProperties": named} for number in range(32)]
    return manifest("ModelVersion", name, name="1", registeredModelRef={"name": name}, artifacts=artifacts)


async def test_the_resource_says_so_and_recovers(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    operator = start_operator(registry_url, own_space)
    name = unique("churn")
    own_space.create(manifest("RegisteredModel", name), _version(name, 110))
    refused = own_space.wait("ModelVersion", name, has_reason("InvalidSpec"))
    assert "larger than the API server stores" in condition(refused, "Stalled")["message"]
    assert [event["type"] for event in own_space.events_until(name, "InvalidSpec")][-1] == "Warning"
    assert operator.log.count("cannot store") == 1, "nothing is tried again by itself"
    own_space.patch("ModelVersion", name, {"spec": _version(name, 1)["spec"]})
    status = own_space.ready("ModelVersion", name)["status"]
    async with ModelRegistryAPIClient.connect(registry_url) as registry:
        artifacts = await registry.get_model_version_artifacts(status["id"])
    assert {(each["id"], each["origin"]) for each in status["artifacts"]} == {
        (each.id, "Created") for each in artifacts
    }
    assert {len(each.custom_properties or {}) for each in artifacts} == {2}, (
        "the others are cleared, and the stamp stays"
    )
