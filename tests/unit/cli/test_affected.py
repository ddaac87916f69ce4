"""Which resources `registrar plan --changed` plans, where the cluster alone has what was there before."""

import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar.api.bodies import ResourceKey, key_of
from registrar.cli.plan.affected import affected
from registrar.cli.plan.manifests import NOTHING, read_manifests
from registrar.cli.plan.population import Population
from registrar.registries.connection import dry_run
from registrar.registries.inventory import Inventory
from tests.unit.build import body

MODEL = body("RegisteredModel", "churn")
FIRST = body("RegisteredModel", "first", externalId="id-1")
SECOND = body("RegisteredModel", "second", externalId="id-1")
INLINE = [{"name": "w", "uri": "s3://b/1", "externalId": "id-2"}, {"name": "x", "uri": "s3://b/x"}]
REFERENCE: dict[str, Any] = {"registeredModelRef": {"name": "churn"}}
VERSION = body("ModelVersion", "v", **REFERENCE, artifacts=INLINE)
OWN = body("ModelArtifact", "own", name="w", modelVersionRef={"external": {"id": "7"}}, uri="s3://b/2")
OTHER = body("ModelArtifact", "other", modelVersionRef={"external": {"id": "7"}}, uri="s3://b/3", externalId="id-2")


def edited(resource: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**resource, "spec": spec}


CASES = {
    "an external ID that becomes free": (
        [FIRST, SECOND],
        [edited(FIRST, externalId="id-3"), SECOND],
        {"first", "second"},
    ),
    "an external ID that stays": ([MODEL, SECOND], [edited(MODEL, owner="me"), SECOND], {"churn"}),
    "an inline artifact that leaves": (
        [MODEL, VERSION, OWN, OTHER],
        [MODEL, edited(VERSION, **REFERENCE, artifacts=INLINE[1:]), OWN, OTHER],
        {"v", "own", "other"},
    ),
    "an inline artifact that stays": (
        [MODEL, VERSION, OWN, OTHER],
        [MODEL, VERSION, edited(OWN, **{**OWN["spec"], "name": "z"}), OTHER],
        {"own"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=list(CASES))
def test_what_waited_for_an_edited_resource_is_affected(
    before: list[dict[str, Any]], after: list[dict[str, Any]], expected: set[str]
) -> None:
    documents = [{**each, "metadata": {"name": each["metadata"]["name"]}} for each in after]
    stream = io.BytesIO(yaml.safe_dump_all(documents).encode())
    namespace = str(MODEL["metadata"]["namespace"])
    manifests = read_manifests([Path("-")], stream, namespace)
    cluster: dict[ResourceKey, Any] = {key_of(each): each for each in before}
    registry, _ = dry_run(Inventory([], [], {}, loose_artifacts=[]), "http://r", "us")
    found = affected(Population(manifests, NOTHING, registry, {}, cluster))
    assert {key.name for key in found} == expected
