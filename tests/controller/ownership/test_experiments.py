"""Artifacts of an experiment's run under management: they stay artifacts of the run, whatever the resource does."""

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import Artifact, DocArtifact, ModelArtifact, ModelVersion, RegisteredModel
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Manifest, Namespace, manifest
from tests.support.waiting import wait_for

OF_THE_RUN = {"experiment_id": 7, "experiment_run_id": 8}


async def _read(registry: ModelRegistryAPIClient, entry_id: str | None) -> Artifact:
    found = await registry.get_artifact_by_id(entry_id)
    assert found is not None
    return found


def _is_of_the_run(artifact: Artifact) -> bool:
    return (artifact.custom_properties or {}).items() >= OF_THE_RUN.items()


@pytest.mark.parametrize("deletion", ["Archive", "Orphan"])
async def test_adopting_changing_correcting_and_deleting_keep_the_run(
    deletion: str,
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    name = unique("churn")
    model = await registry.upsert_registered_model(RegisteredModel(name))
    version = await registry.upsert_model_version(ModelVersion("1"), model.id)
    properties = {"team": "x", **OF_THE_RUN}
    own, weights, card = [
        await registry.upsert_model_version_artifact(
            cls(each, uri="s3://b/1", custom_properties=properties), str(version.id)
        )
        for each, cls in (("own", ModelArtifact), ("weights", ModelArtifact), ("card", DocArtifact))
    ]
    everything = (own, weights, card)
    start_operator(registry_url, own_space, "--feed-interval=0.3")

    def declared(description: str) -> list[Manifest]:
        inline = {"uri": "s3://b/1", "description": description}
        above = {"registeredModelRef": {"external": {"name": name}}, "deletionPolicy": deletion}
        return [
            manifest(
                "ModelVersion",
                f"{name}-1",
                name="1",
                **above,
                artifacts=[{"name": "weights", **inline}],
                docArtifacts=[{"name": "card", **inline}],
            ),
            manifest(
                "ModelArtifact",
                f"{name}-own",
                name="own",
                modelVersionRef={"name": f"{name}-1"},
                deletionPolicy=deletion,
                **inline,
            ),
        ]

    for description in ("adopted", "edited"):
        own_space.apply(*declared(description))
        own_space.ready("ModelVersion", f"{name}-1")
        own_space.ready("ModelArtifact", f"{name}-own")
        for each in everything:
            found = await _read(registry, each.id)
            assert (found.description, _is_of_the_run(found)) == (description, True)

    for each in everything:
        await registry.upsert_artifact(type(each)(each.name, id=each.id, description="by hand"))
        corrected = await wait_for(
            lambda wanted=each.id: _read(registry, wanted),  # type: ignore[misc]  # bound in the loop
            lambda found: found.description == "edited",
        )
        assert _is_of_the_run(corrected)

    for kind, resource in (("ModelArtifact", f"{name}-own"), ("ModelVersion", f"{name}-1")):
        own_space.delete(kind, resource)
        own_space.wait_gone(kind, resource)
    for each in everything:
        left = await _read(registry, each.id)
        assert _is_of_the_run(left)
        assert str(left.state or "LIVE") == ("LIVE" if deletion == "Orphan" else "MARKED_FOR_DELETION")
