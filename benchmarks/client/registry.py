"""The registry that the rivals work on: what is there before, and a check of what they did."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

from benchmarks.client.rivals import CHANGED, DESCRIPTION
from benchmarks.server import API, serving

_SEEDERS = 8
# Differ from entry to entry, or by what a library sends for a field that nobody set.
_NOT_COMPARED = ("id", "name", "createTimeSinceEpoch", "lastUpdateTimeSinceEpoch")


class WorkError(RuntimeError):
    """The rivals did not all do the same work."""


class Registry:
    """A registry, seen from outside.

    Attributes:
        kind: What it is, for people.
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
        """Return the models whose names begin so, by name."""
        params = {"filterQuery": f"name LIKE '{prefix}%'"}
        answer = self._http.get("/registered_models", params=params).raise_for_status()
        return {model["name"]: model for model in answer.json()["items"]}

    def _create(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._http.post(path, json=body).raise_for_status().json()


def check_created(models: Mapping[str, Mapping[str, Any]], names: list[str], like: Mapping[str, Any] | None) -> Any:
    """Check that exactly these models were created, each with the same content.

    Args:
        models: What the registry has, by name.
        names: What it should have.
        like: The content that the rival before wrote; None if this is the first.

    Returns:
        The content.

    Raises:
        WorkError: Something is missing, too much or different.
    """
    if sorted(models) != sorted(names):
        raise WorkError(f"{len(names)} models should have been created, the registry has {len(models)}")
    for model in models.values():
        content = {field: value for field, value in model.items() if field not in _NOT_COMPARED}
        like = content if like is None else like
        if content != like:
            raise WorkError(f"{model['name']} was created as {content}, another one as {like}")
    return like


def check_patched(models: Mapping[str, Mapping[str, Any]], names: list[str]) -> None:
    """Check that these models have the new description.

    Raises:
        WorkError: One has not.
    """
    left = [name for name in names if models[name].get("description") != CHANGED]
    if left:
        raise WorkError(f"{len(left)} of {len(names)} models were not patched, {left[0]} among them")


@contextmanager
def registry() -> Iterator[Registry]:
    """The registry that MODEL_REGISTRY_URL names, or an embedded one for the length of the block.

    Raises:
        AddressError: The variable holds no address that all rivals can be given.
    """
    with serving() as server, connected(server.kind, server.url) as one:
        yield one


@contextmanager
def connected(kind: str, url: str) -> Iterator[Registry]:
    """A registry that runs already."""
    with httpx.Client(base_url=url + API, trust_env=False, timeout=60) as http:
        yield Registry(kind, url, http)
