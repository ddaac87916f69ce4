"""What published programs call of PyPI's `model-registry` beside its documented names."""

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import mr_openapi
from model_registry import ModelRegistry, types
from model_registry.exceptions import APIStatusError, ConnectionFailed, DuplicateError, RegistryError, StoreError
from model_registry.types import ArtifactState, ModelVersion, RegisteredModel
from tests.support.loopback import Reply, serving

Unique = Callable[[str], str]
FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}


@pytest.fixture
def registry(registry_url: str) -> Iterator[ModelRegistry]:
    with ModelRegistry(registry_url, author="me", user_token="t") as connected:
        yield connected


async def upload_job(client: ModelRegistry, name: str, version: str, uri: str) -> tuple[str, str, str]:
    """Do what upstream's upload job does to create a model, in its order and with its arguments."""
    assert await client._api.get_registered_model_by_params(name) is None
    model = await client._register_model(name=name, owner="team", description="d", custom_properties={})
    new = await client._register_new_version(
        model, version, client._author, description="v", custom_properties={"a": "1"}
    )
    artifact = await client._register_model_artifact(
        new,
        model.name,
        uri,
        **FORMAT,
        storage_key=None,
        storage_path="p",
        service_account_name=None,
        model_source_kind="k",
        model_source_class=None,
        model_source_group=None,
        model_source_id=None,
        model_source_name=None,
        custom_properties={},
    )
    assert artifact.state is ArtifactState.UNKNOWN
    artifact.state = ArtifactState.LIVE
    await client._api.upsert_model_artifact(artifact)
    return str(model.id), str(new.id), str(artifact.id)


def test_the_upload_job_creates_a_model(registry: ModelRegistry, unique: Unique) -> None:
    model_id, version_id, artifact_id = registry.async_runner(upload_job(registry, unique("m"), "v1", "oci://1"))
    model, version = registry.get_registered_model(unique("m")), registry.get_model_version(unique("m"), "v1")
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert model is not None
    assert version is not None
    assert artifact is not None
    assert (model.id, version.id, artifact.id) == (model_id, version_id, artifact_id)
    assert (model.owner, model.description) == ("team", "d")
    assert (version.author, version.description, version.custom_properties) == ("me", "v", {"a": "1"})
    assert (artifact.uri, artifact.state, artifact.storage_path) == ("oci://1", ArtifactState.LIVE, "p")


def test_the_upload_job_updates_an_artifact(registry: ModelRegistry, unique: Unique) -> None:
    _, _, artifact_id = registry.async_runner(upload_job(registry, unique("m"), "v1", "oci://1"))

    async def update() -> None:
        for state, uri in ((ArtifactState.PENDING, None), (ArtifactState.LIVE, "oci://2")):
            artifact = await registry._api.get_model_artifact_by_id(artifact_id)
            assert artifact is not None
            artifact.state, artifact.uri = state, uri or artifact.uri
            await registry._api.upsert_model_artifact(artifact)

    registry.async_runner(update())
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert artifact is not None
    assert (artifact.uri, artifact.state) == ("oci://2", ArtifactState.LIVE)


def test_the_private_steps_use_an_existing_model_and_refuse_an_existing_version(
    registry: ModelRegistry, unique: Unique
) -> None:
    first = registry.async_runner(registry._register_model(unique("m"), owner="a"))
    assert registry.async_runner(registry._register_model(unique("m"), owner="b")) == first
    registry.async_runner(registry._register_new_version(first, "v1", "me"))
    with pytest.raises(StoreError, match=r"^Version v1 already exists$"):
        registry.async_runner(registry._register_new_version(first, "v1", "me"))


def test_the_private_steps_ignore_what_is_no_field_as_upstreams_do(registry: ModelRegistry, unique: Unique) -> None:
    """A published store of MLflow passes its tags as keywords."""
    tags = {"mlflow.run_id": "1", "team": "x"}
    model = registry.async_runner(registry._register_model(unique("m"), description="d", **tags))
    version = registry.async_runner(registry._register_new_version(model, "v1", "me", externalId=unique("e"), **tags))
    artifact = registry.async_runner(
        registry._register_model_artifact(version, unique("m"), "s3://1", **FORMAT, **tags)
    )
    assert (model.description, version.external_id, artifact.model_format_name) == ("d", unique("e"), "onnx")
    assert {} == model.custom_properties == version.custom_properties == artifact.custom_properties
    with pytest.raises(ValueError, match="team"):
        RegisteredModel(unique("m"), team="x")


def test_a_taken_external_id_is_not_reported_as_an_existing_version(registry: ModelRegistry, unique: Unique) -> None:
    model = registry.async_runner(registry._register_model(unique("m"), external_id=unique("e")))
    with pytest.raises(DuplicateError, match=f"held by RegisteredModel '{unique('m')}'"):
        registry.async_runner(registry._register_new_version(model, "v1", "me", external_id=unique("e")))


@pytest.mark.parametrize("status", [401, 403, 500, 503])
@pytest.mark.filterwarnings("ignore:User access token is missing")
def test_an_outage_is_not_taken_for_an_entry_that_does_not_exist(status: int) -> None:
    """Six of nine public programs that catch StoreError create the model then."""
    with serving(lambda _: Reply(status, "x", {"Retry-After": "60"})) as server, pytest.raises(RegistryError) as raised:
        ModelRegistry(server.url, author="me")
    assert not isinstance(raised.value, StoreError)


@pytest.mark.filterwarnings("ignore:User access token is missing")
def test_nobody_listening_is_not_taken_for_that_either(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectionFailed) as raised:
        ModelRegistry("http://127.0.0.1", unused_tcp_port, author="me")
    assert not isinstance(raised.value, StoreError)


def test_a_model_that_does_not_exist_is_a_store_error(registry: ModelRegistry, unique: Unique) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        registry.get_model_version(unique("nobodys"), "v1")


def test_the_generated_packages_exceptions_catch_ours(registry: ModelRegistry, unique: Unique) -> None:
    generated = importlib.import_module("mr_openapi.exceptions")
    registry.async_runner(registry._register_model(unique("m")))
    with pytest.raises(generated.ConflictException) as raised:
        registry.async_runner(registry.api.upsert_registered_model(RegisteredModel(unique("m"))))
    assert isinstance(raised.value, generated.ApiException)
    assert isinstance(raised.value, generated.OpenApiException)
    assert (raised.value.status, raised.value.reason) == (409, "Conflict")
    with pytest.raises(generated.NotFoundException):
        registry.update(ModelVersion("v", id="2000000000"))
    assert {"ForbiddenException", "UnauthorizedException", "ServiceException"} <= set(generated.__all__)


def test_a_status_without_a_standard_phrase_has_no_reason() -> None:
    assert APIStatusError("m", 599, "GET", "http://host").reason is None


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestException"),
        (401, "UnauthorizedException"),
        (403, "ForbiddenException"),
        (422, "UnprocessableEntityException"),
        (500, "ServiceException"),
        (503, "ServiceException"),
    ],
)
def test_a_program_that_waits_for_a_registry_catches_what_the_constructor_raises(status: int, name: str) -> None:
    """Red Hat's tests retry until the registry's proxy is up, and until a role binding has taken effect."""
    generated = importlib.import_module("mr_openapi.exceptions")
    error = Reply(status, {"code": "", "message": "not yet"}, {"Retry-After": "60"})
    with serving(lambda _: error) as server, pytest.raises(getattr(generated, name), match="not yet") as raised:
        ModelRegistry(f"{server.url}/path", 443, author="me", user_token="t", is_secure=False)
    assert raised.value.status == status


def test_the_best_version_is_picked_by_its_properties(registry: ModelRegistry, unique: Unique) -> None:
    """A published evaluation step asks for the newest version again within its loop, and searches properties."""
    for name, metadata in (("1", {"prod": True, "accuracy": 0.6}), ("2", {}), ("3", {"accuracy": 0.7})):
        registry.register_model(unique("m"), "s3://b/o", version=name, metadata=metadata, **FORMAT)
    seen = []
    for version in registry.get_model_versions(unique("m")).order_by_id().descending():
        newest = registry.get_model_versions(unique("m")).order_by_id().descending().next_item()
        assert newest.name == "3"
        assert version.custom_properties is not None
        seen.append((version.name, "prod" in version.custom_properties, version.custom_properties.get("accuracy", 0)))
    assert seen == [("3", False, 0.7), ("2", False, 0), ("1", True, 0.6)]


def test_the_generated_packages_states_are_ours() -> None:
    assert mr_openapi.ArtifactState is ArtifactState
    for name in mr_openapi.__all__:
        assert hasattr(mr_openapi, name)


@pytest.mark.parametrize("name", mr_openapi.models.__all__)
def test_every_enumeration_has_its_module(name: str) -> None:
    module = importlib.import_module(f"mr_openapi.models.{re.sub(r'(?<!^)(?=[A-Z])', '_', name).lower()}")
    assert getattr(module, name) is getattr(mr_openapi, name) is getattr(types, name)


def test_the_exception_is_found_in_the_module_of_requests() -> None:
    assert importlib.import_module("mr_openapi.rest").ApiException is APIStatusError


@pytest.mark.parametrize(
    "statement",
    [
        "from mr_openapi import ModelRegistryServiceApi",
        "from mr_openapi.models import RegisteredModel",
        "from mr_openapi.models.registered_model import RegisteredModel",
        "from mr_openapi.rest import RESTClientObject",
        "from mr_openapi.api.model_registry_service_api import ModelRegistryServiceApi",
        "import mr_openapi.api_client",
        "import mr_openapi.configuration",
    ],
)
def test_the_rest_of_the_generated_package_is_refused_with_what_to_use(statement: str) -> None:
    with pytest.raises(ImportError, match=r"'mr_openapi.*: .*no generated client\. Use .*ModelRegistryAPIClient"):
        exec(statement, {})  # noqa: S102 - the statement that users write
    assert not hasattr(mr_openapi, "__wrapped__")


def test_signing_is_refused_with_what_to_use() -> None:
    with pytest.raises(ImportError, match="signing is not supported: sign the model with sigstore's `model-signing`"):
        importlib.import_module("model_registry.signing")
