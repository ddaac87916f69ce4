"""Many entries that exist already are adopted at once: none of them costs a refused creation."""

import httpx

from registrar.registries.census import MANY
from tests.support.fault_proxy import FaultProxy
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, manifest
from tests.support.rest import Rest

MODEL, VERSION, ARTIFACT = "RegisteredModel", "ModelVersion", "ModelArtifact"


def test_a_registry_that_has_all_entries_gets_no_creation(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, registry_url: str, unique: Unique
) -> None:
    names = [unique(f"model-{number}") for number in range(MANY)]
    with httpx.Client(trust_env=False) as http:
        rest = Rest(registry_url, http)
        for name in names:
            version = rest.version(rest.model(name), "v1")
            rest.artifact(version, "weights", uri=f"s3://models/{name}")
    new = unique("new")
    own_space.apply(
        manifest(MODEL, new),
        *(manifest(MODEL, name) for name in names),
        *(manifest(VERSION, name, name="v1", registeredModelRef={"name": name}) for name in names),
        *(
            manifest(ARTIFACT, name, name="weights", modelVersionRef={"name": name}, uri=f"s3://models/{name}")
            for name in names
        ),
    )
    start_operator(registry_proxy.url, own_space)
    for name in names:
        own_space.ready(ARTIFACT, name)
    own_space.ready(MODEL, new)
    created = [received.json["name"] for received in registry_proxy.received if received.method == "POST"]
    assert created == [new]
