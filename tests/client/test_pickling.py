"""Used clients, entries and pagers are pickled and copied, as dask and ray do."""

import asyncio
import copy
import multiprocessing
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistry, ModelRegistryAPIClient, Pager
from model_registry.types import ModelVersion, RegisteredModel
from tests.client.certificates import CertificateAuthority

Unique = Callable[[str], str]
FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}

WAYS: list[Callable[[Any], Any]] = [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))]  # noqa: S301 - our own bytes


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
async def test_a_used_asynchronous_client(
    client: ModelRegistryAPIClient, model: RegisteredModel, twin_of: Callable[[Any], Any]
) -> None:
    twin = twin_of(client)
    assert await twin.get_registered_model_by_id(model.id) == model
    assert await client.get_registered_model_by_id(model.id) == model
    await twin.aclose()
    assert await client.get_registered_model_by_id(model.id) == model


@pytest.mark.parametrize("twin_of", WAYS, ids=["copy", "deepcopy", "pickle"])
def test_a_used_synchronous_client_and_its_pager(
    registry_url: str, unique: Unique, twin_of: Callable[[Any], Any]
) -> None:
    with ModelRegistry(registry_url, author="me", user_token="t") as registry:
        for version in ("v1", "v2", "v3"):
            registry.register_model(unique("m"), "s3://1", **FORMAT, version=version)
        with twin_of(registry) as twin:
            assert twin.get_registered_model(unique("m")) == registry.get_registered_model(unique("m"))
            twin.register_model(unique("m"), "s3://1", **FORMAT, version="v4")
        pager = registry.get_model_versions(unique("m")).page_size(2)
        assert next(pager).name == "v1"
        twin = twin_of(pager)
        assert [version.name for version in twin] == ["v2", "v3", "v4"]
        assert [version.name for version in pager] == ["v2", "v3", "v4"], "each goes on for itself"
        assert twin.page_size(1).options.limit != pager.options.limit


def test_a_client_with_its_own_certificates_and_token_file(tmp_path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_text(CertificateAuthority("the company's").pem)
    (tmp_path / "token").write_text("t")
    client = ModelRegistryAPIClient.connect("https://registry.example", token=tmp_path / "token", ca=certificate)
    client._transport._trust.context()
    twin = pickle.loads(pickle.dumps(client))  # noqa: S301 - our own bytes
    assert twin._transport._trust.context() is not client._transport._trust.context()
    assert twin._transport._token.read() == "t"


async def test_entries_as_they_were_read(client: ModelRegistryAPIClient, version: ModelVersion) -> None:
    read = await client.get_model_version_by_id(version.id)
    for twin_of in WAYS:
        twin = twin_of(read)
        assert twin == read
        assert await client.upsert_model_version(twin) is not None


def _names(client: ModelRegistryAPIClient, name: str) -> list[str]:
    async def read() -> list[str]:
        async with client:
            return [found.name async for found in Pager(client.get_registered_models) if found.name == name]

    return asyncio.run(read())


async def test_a_client_in_another_process(client: ModelRegistryAPIClient, model: RegisteredModel) -> None:
    assert model.id is not None
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert await asyncio.to_thread(pool.apply, _names, (client, model.name)) == [model.name]
