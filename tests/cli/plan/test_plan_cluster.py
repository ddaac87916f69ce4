"""`registrar plan --cluster`: what the operator has set is read from the statuses of a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelVersion, RegisteredModel
from registrar.api.meta import OWNER_PROPERTY
from registrar.cli.exits import ExitCode
from tests.cli.plan.manifests import model, write
from tests.cli.program import PROGRAMS, run
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, manifest


def plan(space: Namespace, folder: Path, url: str, *more: str) -> CompletedProcess[str]:
    arguments = ["-n", space.name, "--cluster", f"--registry-url={url}", "-o", "json", *more]
    return run(space.cluster.kubeconfig, PROGRAMS / "registrar", "plan", str(folder), *arguments)


def changes(answer: CompletedProcess[str]) -> list[tuple[str, str, str]]:
    return [
        (change["action"], change["cause"], change["entry"]["name"]) for change in json.loads(answer.stdout)["changes"]
    ]


async def test_the_statuses_say_what_is_cleared_and_what_is_drift(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_url: str,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    tmp_path: Path,
) -> None:
    edited, drifted, outside = unique("edited"), unique("drifted"), unique("outside")
    operator = start_operator(registry_url, own_space)
    own_space.apply(
        *(manifest("RegisteredModel", name, owner="me", description="a") for name in (edited, drifted, outside))
    )
    ids = {name: own_space.ready("RegisteredModel", name)["status"]["id"] for name in (edited, drifted, outside)}
    # What else the cluster has is not of this plan, drift of it neither: an artifact gives its version no turn.
    version = manifest("ModelVersion", outside, registeredModelRef={"external": {"name": outside}}, description="ours")
    artifact = manifest("ModelArtifact", outside, modelVersionRef={"name": outside}, uri="s3://b/w")
    own_space.apply(version, artifact)
    own_space.ready("ModelArtifact", outside)
    version_id = own_space.ready("ModelVersion", outside)["status"]["id"]
    operator.stop()
    await registry.upsert_registered_model(RegisteredModel(drifted, id=ids[drifted], owner="someone"))
    await registry.upsert_model_version(ModelVersion(outside, id=version_id, description="theirs"), ids[outside])
    # The registry has another address for those who are outside of the cluster.
    url = registry_url.replace("127.0.0.1", "localhost")
    rival = model("rival", name=outside)
    folder = write(tmp_path, all=[model(edited, owner="me"), model(drifted, owner="me", description="a"), rival])
    owner = f"--owner-id=tests/{own_space.name}"
    answer = plan(own_space, folder, url, owner, "--exit-code")
    assert answer.returncode == ExitCode.ATTENTION, answer.stderr
    assert changes(answer) == [
        ("update", "change", edited),
        ("update", "drift", drifted),
        ("refuse", "change", outside),
    ]
    first, second, third = json.loads(answer.stdout)["changes"]
    assert [field["path"] for field in first["fields"]] == ["description"]
    assert first["fields"][0]["after"] is None
    assert [field["path"] for field in second["fields"]] == ["owner"]
    assert third["reason"] == "NameConflict"
    assert answer.stderr == ""
    wrong = plan(own_space, folder, url)
    assert f"The installation tests/{own_space.name} manages resources of the cluster: if it" in wrong.stderr


async def test_what_a_resource_that_is_gone_left_elsewhere_is_no_parent_of_a_new_one(
    own_space: Namespace, registry_url: str, registry: ModelRegistryAPIClient, unique: Unique, tmp_path: Path
) -> None:
    """Without a cluster, the stamp means that the resource exists: then its parent would change, which is refused."""
    before, after = unique("before"), unique("after")
    owner, stamp = f"tests/{own_space.name}", f"created:tests/{own_space.name}/{own_space.name}/first"
    left = await registry.upsert_registered_model(RegisteredModel(before))
    await registry.upsert_registered_model(RegisteredModel(after))
    entry = ModelVersion("1.0", custom_properties={OWNER_PROPERTY: stamp})
    await registry.upsert_model_version(entry, str(left.id))
    reference = {"external": {"name": after}}
    folder = write(tmp_path, all=[manifest("ModelVersion", "first", name="1.0", registeredModelRef=reference)])
    assert changes(plan(own_space, folder, registry_url, f"--owner-id={owner}")) == [("create", "change", "1.0")]
    arguments = ["-n", own_space.name, f"--registry-url={registry_url}", f"--owner-id={owner}", "-o", "json"]
    unknown = run(own_space.cluster.kubeconfig, PROGRAMS / "registrar", "plan", str(folder), *arguments)
    assert changes(unknown) == [("refuse", "change", "1.0")]
    assert json.loads(unknown.stdout)["changes"][0]["reason"] == "ParentChanged"
