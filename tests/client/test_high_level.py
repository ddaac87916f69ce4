"""`ModelRegistry` with a registry: it works like upstream's, and a failed registration can be repeated."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest

from model_registry import ModelRegistry, _background
from model_registry.exceptions import (
    BadRequest,
    ConnectionFailed,
    DuplicateError,
    NotARegistryError,
    NotFound,
    StoreError,
)
from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, Pager, RegisteredModel
from tests.support.loopback import Received, Reply, serving

Unique = Callable[[str], str]

FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}


def connect(url: str, **arguments: Any) -> ModelRegistry:
    return ModelRegistry(url, **{"author": "me", "user_token": "t", **arguments})


@pytest.fixture
def registry(registry_url: str) -> Iterator[ModelRegistry]:
    with connect(registry_url) as connected:
        yield connected


def test_a_registration_writes_model_version_and_artifact(registry: ModelRegistry, unique: Unique) -> None:
    model = registry.register_model(
        unique("m"),
        "s3://bucket/key",
        **FORMAT,
        version="v1",
        storage_key="connection",
        storage_path="path",
        service_account_name="account",
        model_source_kind="kind",
        model_source_class="class",
        model_source_group="group",
        model_source_id="id",
        model_source_name="name",
        version_description="the first",
        metadata={"accuracy": 0.9, "epochs": 3, "final": True, "note": "n"},
    )
    assert registry.get_registered_model(unique("m")) == model
    assert (model.owner, model.state) == ("me", "LIVE")
    version = registry.get_model_version(unique("m"), "v1")
    assert version is not None
    assert (version.author, version.description, version.registered_model_id) == ("me", "the first", model.id)
    assert version.custom_properties == {"accuracy": 0.9, "epochs": 3, "final": True, "note": "n"}
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert artifact is not None
    assigned = {"id", "create_time_since_epoch", "last_update_time_since_epoch", "state", "artifact_type"}
    assert artifact.model_dump(exclude=assigned, exclude_none=True) == {
        "name": unique("m"),
        "uri": "s3://bucket/key",
        "custom_properties": {},
        **FORMAT,
        "storage_key": "connection",
        "storage_path": "path",
        "service_account_name": "account",
        "model_source_kind": "kind",
        "model_source_class": "class",
        "model_source_group": "group",
        "model_source_id": "id",
        "model_source_name": "name",
    }


def test_a_second_version_leaves_the_model_as_it_is(registry: ModelRegistry, unique: Unique) -> None:
    first = registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1", owner="she")
    second = registry.register_model(unique("m"), "s3://2", **FORMAT, version="v2", owner="he", author="he")
    assert second == first
    assert second.owner == "she"
    versions = list(registry.get_model_versions(unique("m")))
    assert [(version.name, version.author) for version in versions] == [("v1", "me"), ("v2", "he")]


def test_an_existing_version_is_an_error_and_is_not_changed(registry: ModelRegistry, unique: Unique) -> None:
    registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1")
    before = registry.get_model_version(unique("m"), "v1"), registry.get_model_artifact(unique("m"), "v1")
    with pytest.raises(DuplicateError, match=r"^Version v1 already exists$") as refused:
        registry.register_model(unique("m"), "s3://2", **FORMAT, version="v1", author="another")
    assert isinstance(refused.value, StoreError), "what upstream raises"
    assert before == (registry.get_model_version(unique("m"), "v1"), registry.get_model_artifact(unique("m"), "v1"))


def test_a_description_is_the_versions_and_is_deprecated(registry: ModelRegistry, unique: Unique) -> None:
    with pytest.warns(DeprecationWarning, match="Use 'version_description' instead"):
        model = registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1", description="old")
    assert model.description is None
    version = registry.get_model_version(unique("m"), "v1")
    assert version is not None
    assert version.description == "old"
    with pytest.warns(DeprecationWarning, match="description"):
        registry.register_model(
            unique("m"), "s3://1", **FORMAT, version="v2", description="old", version_description="new"
        )
    version = registry.get_model_version(unique("m"), "v2")
    assert version is not None
    assert version.description == "new"


def test_a_misspelt_field_is_refused_before_anything_is_written(registry: ModelRegistry, unique: Unique) -> None:
    with pytest.raises(ValueError, match="storage_kye"):
        registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1", storage_kye="k")  # type: ignore[call-arg]  # the mistake
    assert registry.get_registered_model(unique("m")) is None


def forwarding(registry_url: str, *, refused: str) -> Callable[[Received], Reply]:
    """Forward everything to the registry, but answer the first POST to a path with this ending with an error."""
    left = [refused]

    def answer(received: Received) -> Reply:
        if received.method == "POST" and left and received.path.endswith(left[0]):
            left.clear()
            return Reply(400, {"code": "Bad Request", "message": "out of order"})
        request = urllib.request.Request(  # noqa: S310 - the registry's address, http
            registry_url + received.path,
            received.body or None,
            {"Content-Type": "application/json"},
            method=received.method,
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
                return Reply(response.status, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read())

    return answer


@pytest.mark.parametrize("failing", ["/registered_models", "/model_versions", "/artifacts"])
def test_a_registration_that_failed_halfway_is_completed_by_repeating_it(
    registry_url: str, unique: Unique, failing: str
) -> None:
    call: dict[str, Any] = {**FORMAT, "version": "v1", "version_description": "d", "metadata": {"a": 1.0, "b": 2}}
    with serving(forwarding(registry_url, refused=failing)) as proxy, connect(proxy.url) as registry:
        with pytest.raises(BadRequest, match="out of order"):
            registry.register_model(unique("m"), "s3://1", **call)
        model = registry.register_model(unique("m"), "s3://1", **call)
        (version,) = registry.get_model_versions(unique("m"))
        assert version.registered_model_id == model.id
        artifacts = registry.async_runner(registry.api.get_model_version_artifacts(version.id))
        assert [(artifact.name, artifact.uri) for artifact in artifacts] == [(unique("m"), "s3://1")]
        with pytest.raises(DuplicateError, match="already exists"):
            registry.register_model(unique("m"), "s3://1", **call)


def test_an_incomplete_version_is_completed_by_a_minimal_call(registry: ModelRegistry, unique: Unique) -> None:
    model = registry.async_runner(registry.api.upsert_registered_model(RegisteredModel(unique("m"))))
    registry.async_runner(registry.api.upsert_model_version(ModelVersion("v1", author="me", description="d"), model.id))
    registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1")
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert artifact is not None
    assert artifact.uri == "s3://1"


@pytest.mark.parametrize(
    ("different", "named"),
    [
        ({"author": "another"}, "author"),
        ({"version_description": "another"}, "description"),
        ({"metadata": {"a": 2}}, "custom_properties"),
        ({"author": "another", "metadata": {"a": 2}}, "author, custom_properties"),
    ],
)
def test_a_different_version_without_an_artifact_is_not_completed(
    registry: ModelRegistry, unique: Unique, different: dict[str, Any], named: str
) -> None:
    model = registry.async_runner(registry.api.upsert_registered_model(RegisteredModel(unique("m"))))
    left = ModelVersion("v1", author="me", description="d", custom_properties={"a": 1})
    version = registry.async_runner(registry.api.upsert_model_version(left, model.id))
    call: dict[str, Any] = {**FORMAT, "version": "v1", "version_description": "d", "metadata": {"a": 1}}
    with pytest.raises(DuplicateError, match=f"with another {named}: .*`update` version {version.id} first"):
        registry.register_model(unique("m"), "s3://1", **{**call, **different})
    assert registry.async_runner(registry.api.get_model_version_artifacts(version.id)) == []
    registry.register_model(unique("m"), "s3://1", **call)
    assert registry.get_model_version(unique("m"), "v1") == version


def test_of_simultaneous_registrations_of_a_version_one_succeeds_completely(
    registry: ModelRegistry, unique: Unique
) -> None:
    def attempt(number: int) -> str | StoreError:
        try:
            registry.register_model(unique("m"), f"s3://{number}", **FORMAT, version="v1")
        except StoreError as error:
            return error
        return f"s3://{number}"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(8)))
    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, str))
    assert all(isinstance(outcome, DuplicateError) for outcome in outcomes if outcome != winner)
    (version,) = registry.get_model_versions(unique("m"))
    (artifact,) = registry.async_runner(registry.api.get_model_version_artifacts(version.id))
    assert artifact.uri == winner


def test_updates_of_every_kind(registry: ModelRegistry, unique: Unique) -> None:
    model = registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1")
    version = registry.get_model_version(unique("m"), "v1")
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert version is not None
    assert artifact is not None
    document = registry.async_runner(
        registry.api.upsert_model_version_artifact(DocArtifact("README", uri="u"), version.id)
    )
    for entry in (model, version, artifact, document):
        entry.description = "changed"
        updated = registry.update(entry)
        assert type(updated) is type(entry)
        assert updated.description == "changed"
    model.state = "ARCHIVED"
    registry.update(model)
    found = registry.get_registered_model(unique("m"))
    assert found is not None
    assert found.state == "ARCHIVED"


def test_an_update_of_something_else_is_refused(registry: ModelRegistry, unique: Unique) -> None:
    with pytest.raises(StoreError, match=r"^Model must have an ID$"):
        registry.update(RegisteredModel(unique("m")))
    with pytest.raises(StoreError, match="Model must be an instance of RegistryEntry or a subclass"):
        registry.update({"id": "1"})  # type: ignore[type-var]  # the mistake
    with pytest.raises(NotFound):
        registry.update(ModelArtifact("a", id="2147483647"))


def test_what_does_not_exist_is_none_or_an_error_that_names_it(registry: ModelRegistry, unique: Unique) -> None:
    assert registry.get_registered_model(unique("nobodys")) is None
    for call in (registry.get_model_version, registry.get_model_artifact):
        with pytest.raises(StoreError, match=f"^Model {unique('nobodys')} does not exist$"):
            call(unique("nobodys"), "v1")
    with pytest.raises(StoreError, match=f"^Model {unique('nobodys')} does not exist$"):
        registry.get_model_versions(unique("nobodys"))
    model = registry.async_runner(registry.api.upsert_registered_model(RegisteredModel(unique("m"))))
    assert registry.get_model_version(unique("m"), "v1") is None
    with pytest.raises(StoreError, match=r"^Version v1 does not exist$"):
        registry.get_model_artifact(unique("m"), "v1")
    registry.async_runner(registry.api.upsert_model_version(ModelVersion("v1"), model.id))
    assert registry.get_model_artifact(unique("m"), "v1") is None


def test_lists_are_pagers(registry: ModelRegistry, unique: Unique) -> None:
    for number in range(3):
        registry.register_model(unique("m"), "s3://1", **FORMAT, version=f"v{number}")
    models = registry.get_registered_models()
    assert isinstance(models, Pager)
    assert unique("m") in [model.name for model in models.page_size(50)]
    newest = registry.get_registered_models().order_by_creation_time().descending().page_size(1).next_page()
    assert len(newest) == 1
    versions = registry.get_model_versions(unique("m")).page_size(2)
    assert [version.name for version in versions] == ["v0", "v1", "v2"]
    assert [len(versions.restart().next_page()), len(versions.next_page())] == [2, 1]
    assert next(registry.get_model_versions(unique("m")).descending()).name == "v2"


def test_an_import_from_hugging_face_says_what_to_do_instead(registry: ModelRegistry) -> None:
    with pytest.raises(AttributeError, match="hf_hub_url"):
        registry.register_hf_model  # type: ignore[attr-defined]  # noqa: B018 - unsupported


def test_a_call_of_the_asynchronous_client_can_be_run(registry: ModelRegistry, unique: Unique) -> None:
    model = registry.async_runner(registry.api.upsert_registered_model(RegisteredModel(unique("m"))))
    assert registry.get_registered_model(unique("m")) == model


def test_host_and_port_as_separate_arguments_over_http(registry_url: str) -> None:
    parts = urlsplit(registry_url)
    with connect(str(parts.hostname), port=parts.port, is_secure=False) as registry:
        assert registry.get_registered_model("nobody's") is None


def test_the_constructor_fails_if_no_server_answers(unused_tcp_port: int) -> None:
    with pytest.raises(ConnectionFailed, match="cannot be reached"):
        connect(f"http://127.0.0.1:{unused_tcp_port}")


def test_the_constructor_fails_if_the_server_is_not_a_registry() -> None:
    with serving(lambda _: Reply(200, "<html>")) as server, pytest.raises(NotARegistryError):
        connect(server.url)


def test_a_custom_runner_runs_every_call(registry_url: str) -> None:
    ran = []

    def runner(call: Any) -> Any:
        ran.append(call.cr_code.co_name)
        return _background.run(call)

    with connect(registry_url, async_runner=runner) as registry:
        registry.get_registered_model("nobody's")
    assert ran == ["get_registered_models", "get_registered_model_by_params", "aclose"]


def test_a_runner_that_is_not_callable_is_refused() -> None:
    with pytest.raises(ValueError, match="`async_runner` must be"):
        connect("http://localhost", async_runner=3)
