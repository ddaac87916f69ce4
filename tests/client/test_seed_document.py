"""Every call of the client's API reference, in the same form: same names, positional and keyword arguments, results.

The document's literal names are made unique, since the registry may be shared; nothing else is changed.
"""

import os
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from model_registry.core import ModelRegistryAPIClient
from model_registry.exceptions import ConflictError, DuplicateError, StoreError
from model_registry.types import DocArtifact, ListOptions, ModelArtifact, ModelVersion, Pager, RegisteredModel
from model_registry.utils import s3_uri_from

Unique = Callable[[str], str]


@pytest.fixture
def mr_client(client: ModelRegistryAPIClient) -> ModelRegistryAPIClient:
    return client


@pytest.fixture
def default_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that the document's `s3_uri_from(path, bucket)` assumes."""
    monkeypatch.setenv("AWS_S3_BUCKET", "cool-bucket")
    monkeypatch.setenv("AWS_S3_ENDPOINT", "http://minio:9000")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


def test_both_constructors_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the document's placeholders: nothing is checked before the first call."""
    monkeypatch.setenv("MY_TOKEN", "token")
    monkeypatch.setenv("MY_CERT", "/path/of/a/certificate")
    insecure_mr_client = ModelRegistryAPIClient.insecure_connection("server-address", "port")
    identified = ModelRegistryAPIClient.insecure_connection("server-address", "port", user_token=os.environ["MY_TOKEN"])
    mr_client = ModelRegistryAPIClient.secure_connection("server-address", "port", user_token=os.environ["MY_TOKEN"])
    trusting = ModelRegistryAPIClient.secure_connection(
        "server-address", "port", user_token=os.environ["MY_TOKEN"], custom_ca=os.environ["MY_CERT"]
    )
    for client in (insecure_mr_client, identified, mr_client, trusting):
        assert isinstance(client, ModelRegistryAPIClient)


async def test_an_insecure_connection_with_separate_address_and_port(registry_url: str, unique: Unique) -> None:
    parts = urlsplit(registry_url)
    assert parts.hostname
    insecure_mr_client = ModelRegistryAPIClient.insecure_connection(parts.hostname, str(parts.port))
    model = await insecure_mr_client.upsert_registered_model(RegisteredModel(unique("new_model")))
    assert await insecure_mr_client.get_registered_model_by_id(model.id) == model
    await insecure_mr_client.aclose()


@pytest.mark.usefixtures("default_bucket")
async def test_register_objects(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await mr_client.upsert_registered_model(
        RegisteredModel(
            name=unique("HAL"),
            owner="me ",
        )
    )
    assert model.id
    assert (model.name, model.owner, model.state) == (unique("HAL"), "me ", "LIVE")

    version = await mr_client.upsert_model_version(
        ModelVersion(
            name="9000",
            author="Mr. Tom A.I.",
            external_id=unique("HAL-9000"),
        ),
        model.id,
    )
    assert version.id
    assert (version.name, version.author, version.external_id) == ("9000", "Mr. Tom A.I.", unique("HAL-9000"))
    assert version.registered_model_id == model.id

    trained_model = await mr_client.upsert_model_artifact(
        ModelArtifact(
            name="HAL-core",
            uri=s3_uri_from("build/onnx/hal.onnx", "cool-bucket"),
            model_format_name="onnx",
            model_format_version="1",
            storage_key="secret_secret",
        ),
        version.id,
    )
    assert trained_model.id
    assert trained_model.uri == "s3://cool-bucket/build/onnx/hal.onnx?endpoint=http://minio:9000"
    assert (trained_model.model_format_name, trained_model.model_format_version) == ("onnx", "1")
    assert trained_model.storage_key == "secret_secret"

    readme = await mr_client.upsert_model_version_artifact(
        DocArtifact(
            name="README",
            uri="https://github.com/my-org/my-model/blob/main/README.md",
            description="Model information",
        ),
        version.id,
    )
    assert isinstance(readme, DocArtifact)
    assert (readme.name, readme.description) == ("README", "Model information")
    assert await mr_client.get_model_version_artifacts(version.id) == [trained_model, readme]


async def test_query_by_id(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    new_model = await mr_client.upsert_registered_model(RegisteredModel(unique("new_model")))
    maybe_new_model = await mr_client.get_registered_model_by_id(new_model.id)
    assert maybe_new_model == new_model


async def test_query_by_parameters(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    trained_model = ModelArtifact(
        name=unique("my_model_name"),
        uri="resource_URI",
        description="Model description",
        external_id=unique("unique_reference"),
    )
    version = ModelVersion(name="v1.0", author="model author", external_id=unique("unique_reference"))
    model = RegisteredModel(name=unique("my_model_name"), external_id=unique("another_unique_reference"))

    registered = await mr_client.upsert_registered_model(model)
    another_version = await mr_client.upsert_model_version(version, registered.id)
    artifact = await mr_client.upsert_model_artifact(trained_model, another_version.id)

    another_trained_model = await mr_client.get_model_artifact_by_params(
        name=unique("my_model_name"), model_version_id=another_version.id
    )
    assert another_trained_model == artifact
    assert await mr_client.get_model_artifact_by_params(external_id=unique("unique_reference")) == artifact
    assert await mr_client.get_model_version_by_params(external_id=unique("unique_reference")) == another_version
    assert await mr_client.get_registered_model_by_params(external_id=unique("another_unique_reference")) == registered
    assert (
        await mr_client.get_model_version_by_params(version="v1.0", registered_model_id=registered.id)
        == another_version
    )
    assert await mr_client.get_registered_model_by_params(name=unique("my_model_name")) == registered


async def test_parameters_that_match_no_entry_return_none(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await mr_client.upsert_registered_model(RegisteredModel(unique("model")))
    version = await mr_client.upsert_model_version(ModelVersion("v"), model.id)
    nobodys = unique("nobodys")
    assert await mr_client.get_registered_model_by_params(name=nobodys) is None
    assert await mr_client.get_registered_model_by_params(external_id=nobodys) is None
    assert await mr_client.get_model_version_by_params(version=nobodys, registered_model_id=model.id) is None
    assert await mr_client.get_model_version_by_params(external_id=nobodys) is None
    assert await mr_client.get_model_artifact_by_params(name=nobodys, model_version_id=version.id) is None
    assert await mr_client.get_model_artifact_by_params(external_id=nobodys) is None


async def test_a_model_with_the_external_id_of_a_version_is_an_error(
    mr_client: ModelRegistryAPIClient, unique: Unique
) -> None:
    """ "Registering this will cause an error!"."""
    model = await mr_client.upsert_registered_model(RegisteredModel(unique("model")))
    version = await mr_client.upsert_model_version(
        ModelVersion(name="v1.0", external_id=unique("unique_reference")), model.id
    )
    with pytest.raises(ConflictError) as refused:
        await mr_client.upsert_registered_model(
            RegisteredModel(
                name=unique("my_model_name"),
                external_id=unique("unique_reference"),
            )
        )
    assert refused.value.holder == version
    assert isinstance(refused.value, DuplicateError)
    assert isinstance(refused.value, StoreError)


async def test_query_multiple_objects(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await mr_client.upsert_registered_model(RegisteredModel(unique("model")))
    version = await mr_client.upsert_model_version(ModelVersion("v"), model.id)
    artifact = await mr_client.upsert_model_artifact(ModelArtifact(name="a", uri="u"), version.id)

    models = await mr_client.get_registered_models()
    versions = await mr_client.get_model_versions(model.id)
    all_model_artifacts = await mr_client.get_model_artifacts()

    assert model in models
    assert versions == [version]
    assert artifact in all_model_artifacts


async def test_limit_and_sort(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await mr_client.upsert_registered_model(RegisteredModel(unique("model")))
    assert model.id
    versions = [await mr_client.upsert_model_version(ModelVersion(f"v{number}"), model.id) for number in range(3)]

    options = ListOptions(limit=50)
    first_50_models = await mr_client.get_registered_models(options)
    assert 1 <= len(first_50_models) <= 50
    assert [int(model.id or 0) for model in first_50_models] == sorted(int(model.id or 0) for model in first_50_models)

    options = ListOptions.order_by_creation_time(is_asc=False)
    last_50_models = await mr_client.get_registered_models(options)
    created = [int(model.create_time_since_epoch or 0) for model in last_50_models]
    assert model in last_50_models
    assert created == sorted(created, reverse=True)

    options = ListOptions(limit=2)
    assert await mr_client.get_model_versions(model.id, options) == versions[:2]
    assert options.next_page_token
    assert await mr_client.get_model_versions(model.id, options) == versions[2:]
    assert options.next_page_token == ""


async def test_pager(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    created = [
        await mr_client.upsert_registered_model(RegisteredModel(name=unique(f"model-{number}"))) for number in range(3)
    ]
    models = Pager(mr_client.get_registered_models)
    # Other tests may use the same registry: only these three entries belong to this test.
    seen = [model async for model in models if model in created]
    assert seen == created


async def test_pager_over_a_method_with_more_arguments(mr_client: ModelRegistryAPIClient, unique: Unique) -> None:
    model = await mr_client.upsert_registered_model(RegisteredModel(unique("model")))
    mv = await mr_client.upsert_model_version(ModelVersion("v"), model.id)
    assert mv.id
    artifacts = [
        await mr_client.upsert_model_version_artifact(DocArtifact(name=f"d{number}", uri="u"), mv.id)
        for number in range(5)
    ]

    model_version_artifacts = Pager(lambda o: mr_client.get_model_version_artifacts(mv.id, o))
    assert [artifact async for artifact in model_version_artifacts] == artifacts

    reverse_model_version_artifacts = model_version_artifacts.order_by_creation_time().descending().limit(100)
    page = await reverse_model_version_artifacts.next_page()
    creation_times = [int(artifact.create_time_since_epoch) for artifact in page]
    assert creation_times == sorted(creation_times, reverse=True)
    assert sorted(artifact.id for artifact in page) == sorted(artifact.id for artifact in artifacts if artifact.id)


def test_create_objects_without_a_registry() -> None:
    trained_model = ModelArtifact(
        name="model-exec",
        uri="resource_URI",
        description="Model description",
        model_format_name="onnx",
        model_format_version="1",
    )
    version = ModelVersion(
        name="v1.0",
        author="model author",
    )
    model = RegisteredModel(
        name="model",
        owner="team",
    )
    assert (trained_model.id, version.id, model.id) == (None, None, None)
    assert (trained_model.model_format_name, version.author, model.owner) == ("onnx", "model author", "team")
