"""Two registries, and the command between them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from local_registry.store import Store
from registrar.cli import main
from tests.env.registry import serve
from tests.support.rest import PROPERTIES, STRUCT, Rest

Copy = Callable[..., Result]
"""What the fixture `copy` is: runs the command with options, from and to the two registries unless others are named."""

Content = dict[tuple[str, ...], dict[str, Any]]
"""What registries can have in common: entries by their names from the root down, without IDs and times."""

_NOT_CONTENT = {"id", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch", "registeredModelId", "modelVersionId"}


@pytest.fixture
def other() -> Iterator[Rest]:
    """Another empty registry: entries are copied to it."""
    with serve(Store(":memory:")) as url, httpx.Client(trust_env=False) as http:
        yield Rest(url, http)


@pytest.fixture
def copy(rest: Rest, other: Rest) -> Copy:
    """Run the command."""

    def run(*arguments: str, start: str = rest.url, to: str = other.url, **variables: str) -> Result:
        return CliRunner().invoke(main, ["copy", f"--from={start}", f"--to={to}", *arguments], env=variables)

    return run


@pytest.fixture
def seeded(rest: Rest) -> Rest:
    """A registry with entries of every type, made in another order than by name, and names that are hard to carry."""
    churn = rest.model(
        "org/Churn Ψ",
        owner="analytics",
        description="Predicts churn.",
        language=["en", "no"],
        externalId="m-1",
        customProperties={**PROPERTIES, "struct": STRUCT},
    )
    second = rest.version(churn, "2", author="grace", externalId="v-2", customProperties={"struct": STRUCT})
    fraud = rest.model("日本語")
    first = rest.version(churn, "1")
    rest.version(fraud, "2026-11-23/b")
    stamp = {"model-registrar.dev/owner": {"metadataType": "MetadataStringValue", "string_value": "created:x/y/n/m"}}
    rest.artifact(second, "old", uri="s3://b/old", state="LIVE", customProperties={**stamp, **PROPERTIES})
    rest.artifact(second, "card: ü", artifactType="doc-artifact", uri="s3://b/card")
    rest.artifact(first, "data", artifactType="dataset-artifact", uri="s3://b/data", digest="d", externalId="a-1")
    rest.artifact(second, "a newer one", uri="s3://b/new", modelFormatName="onnx", state="PENDING")
    return rest


def contents(registry: Rest) -> Content:
    """Return what a registry holds."""
    models = {each["id"]: each for each in registry.get("registered_models")["items"]}
    found: Content = {(each["name"],): _content(each) for each in models.values()}
    for version in registry.get("model_versions")["items"]:
        place = (models[version["registeredModelId"]]["name"], version["name"])
        found[place] = _content(version)
        for artifact in registry.get(f"model_versions/{version['id']}/artifacts")["items"]:
            found[*place, artifact["artifactType"], artifact["name"]] = _content(artifact)
    return found


def names_by_id(registry: Rest) -> list[list[str]]:
    """Return the names of the models, versions and artifacts, each in the order of the IDs."""
    lists = (registry.get(path)["items"] for path in ("registered_models", "model_versions", "artifacts"))
    return [[each["name"] for each in sorted(entries, key=lambda each: int(each["id"]))] for entries in lists]


def _content(entry: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in entry.items() if name not in _NOT_CONTENT}
    properties = {
        name: {**value, "struct_value": json.loads(value["struct_value"])} if "struct_value" in value else value
        for name, value in entry.get("customProperties", {}).items()
        if not name.startswith("model-registrar.dev/")
    }
    return {**kept, "customProperties": properties}
