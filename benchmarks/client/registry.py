"""The registry that the rivals use: fills it beforehand, and checks what they did."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.client.rivals import CHANGED, DESCRIPTION
from benchmarks.server import API, serving

_SEEDERS = 8
# These differ between entries, or by what a library sends for an unset field.
_NOT_COMPARED = ("id", "name", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")


class WorkError(RuntimeError):
    """The rivals did not all do the same work."""


class Registry:
    """A registry, through bare HTTP.

    Attributes:
        kind: What it is, for messages.
        url: Its root address.
    """

    def __init__(self, kind: str, url: str, http: httpx.Client) -> None:
        self.kind = kind
        self.url = url
        self._http = http

    def add_model(self, name: str) -> str:
        """Create a model and return its ID."""
        return str(self._create("/registered_models", {"name": name, "description": DESCRIPTION})["id"])

    def add_versions(self, model_id: str, count: int) -> list[str]:
        """Create versions of a model and return their names."""
        names = [f"v{number:04}" for number in range(count)]
        common = {"registeredModelId": model_id, "description": DESCRIPTION, "author": "ml-platform"}
        properties = {"accuracy": {"metadataType": "MetadataDoubleValue", "double_value": 0.9375}}
        with ThreadPoolExecutor(_SEEDERS) as seeders:
            bodies = ({"name": name, "customProperties": properties} | common for name in names)
            list(seeders.map(lambda body: self._create("/model_versions", body), bodies))
        return names

    def models(self, prefix: str) -> dict[str, dict[str, Any]]:
        """Return the models whose names begin with ``prefix``, by name."""
        params = {"filterQuery": f"name LIKE '{prefix}%'"}
        answer = self._http.get("/registered_models", params=params).raise_for_status()
        return {model["name"]: model for model in answer.json()["items"]}

    def _create(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()


def check_created(models: Mapping[str, Mapping[str, Any]], names: list[str], like: Mapping[str, Any] | None) -> Any:
    """Check that exactly these models were created, each with the same content.

    Args:
        models: The models that the registry has, by name.
        names: The names that it should have.
        like: The content that the previous rival wrote; None for the first rival.

    Returns:
        The content.

    Raises:
        WorkError: A model is missing, superfluous or different.
    """
    if sorted(models) != sorted(names):
        raise WorkError(f"{len(names)} models should have been created, the registry has {len(models)}")
    for model in models.values():
        content = {field: value for field, value in model.items() if field not in _NOT_COMPARED}
        like = content if like is None else like
        if content != like:
            raise WorkError(f"{model['name']} was created as {content}, another model as {like}")
    return like


def check_patched(models: Mapping[str, Mapping[str, Any]], names: list[str]) -> None:
    """Check that these models have the new description.

    Raises:
        WorkError: A model has another description.
    """
    left = [name for name in names if models[name].get("description") != CHANGED]
    if left:
        raise WorkError(f"{len(left)} of {len(names)} models were not patched, {left[0]} among them")


@contextmanager
def registry() -> Iterator[Registry]:
    """Return the registry that MODEL_REGISTRY_URL names, or an embedded one that runs for the length of the block.

    Raises:
        AddressError: The variable is not an address of the form http://host:port.
    """
    with serving() as server, connected(server.kind, server.url) as served:
        yield served


@contextmanager
def connected(kind: str, url: str) -> Iterator[Registry]:
    """Connect to a registry that already runs."""
    with httpx.Client(base_url=url + API, trust_env=False, timeout=60) as http:
        yield Registry(kind, url, http)
