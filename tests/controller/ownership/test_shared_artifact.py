"""One artifact in two versions, as another program may link it: one resource has it, and the other one waits."""

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from tests.env.registry import EmbeddedServers
from tests.support.fixtures import StartOperator
from tests.support.resources import Namespace, has_reason, manifest


async def test_the_second_version_waits_for_the_first_to_let_it_go(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    server = embedded_registry()
    start_operator(server.url, own_space, "--feed-interval=0.5", "--resync-interval=1")
    async with ModelRegistryAPIClient.connect(server.url) as registry:
        model = await registry.upsert_registered_model(RegisteredModel("m"))
        versions = [await registry.upsert_model_version(ModelVersion(name), model.id) for name in ("1", "2")]
        shared = await registry.upsert_model_version_artifact(ModelArtifact("w", uri="s3://b/w"), str(versions[0].id))
        await registry.upsert_model_version_artifact(shared, str(versions[1].id))

        def declare(name: str) -> None:
            artifact = {"name": "w", "uri": "s3://b/w", "description": f"of {name}"}
            ref = {"external": {"id": model.id}}
            own_space.apply(
                manifest("ModelVersion", f"v{name}", name=name, registeredModelRef=ref, artifacts=[artifact])
            )

        declare("1")
        own_space.ready("ModelVersion", "v1")
        declare("2")
        own_space.wait("ModelVersion", "v2", has_reason("NameConflict"))
        entry = await registry.get_artifact_by_id(shared.id)
        assert entry is not None
        assert entry.description == "of 1"

        own_space.patch("ModelVersion", "v1", {"spec": {"artifacts": []}})
        own_space.ready("ModelVersion", "v2")
        entry = await registry.get_artifact_by_id(shared.id)
    assert entry is not None
    assert entry.description == "of 2"
