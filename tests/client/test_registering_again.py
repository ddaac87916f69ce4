"""Registering what exists, and calls of `ModelRegistry` that are refused before anything is sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from model_registry import ModelRegistry, ModelRegistryAPIClient
from model_registry.exceptions import DuplicateError
from model_registry.types import Artifact, ArtifactState, ModelArtifact, ModelVersion

Unique = Callable[[str], str]

FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}
CALL: dict[str, Any] = {**FORMAT, "version": "v1", "version_description": "d", "metadata": {"a": 1}, "storage_key": "k"}


@pytest.fixture
def registry(registry_url: str) -> Iterator[ModelRegistry]:
    with ModelRegistry(registry_url, author="me", user_token="t") as connected:
        yield connected


def test_registering_what_exists_is_accepted_on_request(registry: ModelRegistry, unique: Unique) -> None:
    first = registry.register_model(unique("m"), "s3://1", **CALL)
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert artifact is not None
    artifact.state = ArtifactState.LIVE
    registry.update(artifact)
    assert registry.register_model(unique("m"), "s3://1", **CALL, exist_ok=True) == first
    with pytest.raises(DuplicateError, match=r"^Version v1 already exists$"):
        registry.register_model(unique("m"), "s3://1", **CALL)
    assert registry.register_model(unique("m"), "s3://1", **{**CALL, "version": "v2"}, exist_ok=True) == first
    assert registry.get_model_artifact(unique("m"), "v2") is not None


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"uri": "s3://2"}, "an artifact with another uri"),
        ({"storage_key": "x", "model_format_name": "x"}, "an artifact with another model_format_name, storage_key"),
        ({"version_description": "x"}, "with another description"),
        ({"metadata": {"a": 2}, "uri": "s3://2"}, "with another custom_properties and an artifact with another uri"),
        ({"metadata": {"a": True}}, "with another custom_properties"),
        ({"author": "you"}, "with another author"),
    ],
)
def test_registering_something_else_under_an_existing_version_names_the_difference(
    registry: ModelRegistry, unique: Unique, change: dict[str, Any], difference: str
) -> None:
    call = {"uri": "s3://1", **CALL}
    registry.register_model(unique("m"), **call)
    with pytest.raises(DuplicateError, match=f"Version v1 already exists, .*{difference}$"):
        registry.register_model(unique("m"), **{**call, **change}, exist_ok=True)


def test_what_others_have_added_is_no_difference(registry: ModelRegistry, unique: Unique) -> None:
    first = registry.register_model(unique("m"), "s3://1", **CALL)
    version = registry.get_model_version(unique("m"), "v1")
    assert version is not None
    version.custom_properties = {**(version.custom_properties or {}), "model-registrar.dev/owner": "created:x/ns/v"}
    registry.update(version)
    assert registry.register_model(unique("m"), "s3://1", **CALL, exist_ok=True) == first


def test_a_registration_that_was_faster_is_accepted_on_request(
    registry: ModelRegistry, unique: Unique, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ModelRegistryAPIClient.upsert_model_version_artifact

    async def slow(client: ModelRegistryAPIClient, artifact: ModelArtifact, version_id: str) -> Artifact:
        # Another program registers the same between the version and its artifact.
        await create(client, artifact, version_id)
        return await create(client, artifact, version_id)

    monkeypatch.setattr(ModelRegistryAPIClient, "upsert_model_version_artifact", slow)
    registry.register_model(unique("m"), "s3://1", **CALL, exist_ok=True)
    with pytest.raises(DuplicateError, match=r"^Version v2 already exists$"):
        registry.register_model(unique("m"), "s3://1", **{**CALL, "version": "v2"})


def test_a_registered_artifact_is_in_the_state_that_upstream_gives_it(registry: ModelRegistry, unique: Unique) -> None:
    registry.register_model(unique("m"), "s3://1", **CALL)
    artifact = registry.get_model_artifact(unique("m"), "v1")
    assert artifact is not None
    assert artifact.state is ArtifactState.UNKNOWN


@pytest.mark.parametrize("uri", [None, ""])
def test_a_model_without_a_uri_is_not_registered(registry: ModelRegistry, unique: Unique, uri: Any) -> None:
    with pytest.raises(ValueError, match=r"The URI of a model cannot be empty, got .*: is a variable not set"):
        registry.register_model(unique("m"), uri, **CALL)
    assert registry.get_registered_model(unique("m")) is None


def test_a_renamed_entry_is_refused_before_anything_is_sent(registry: ModelRegistry, unique: Unique) -> None:
    registry.register_model(unique("m"), "s3://1", **CALL)
    for entry in (registry.get_model_version(unique("m"), "v1"), registry.get_model_artifact(unique("m"), "v1")):
        assert entry is not None
        before = entry.last_update_time_since_epoch
        entry.name, entry.description = "new", "changed"
        with pytest.raises(ValueError, match=r"the name of an entry cannot be changed to 'new'\. Nothing"):
            registry.update(entry)
        api = registry.api
        get = api.get_model_version_by_id if isinstance(entry, ModelVersion) else api.get_artifact_by_id
        stored = registry.async_runner(get(entry.id))
        assert stored is not None
        assert (stored.last_update_time_since_epoch, stored.description != "changed") == (before, True)


@pytest.mark.parametrize("name", [1, b"v1"])
def test_a_name_that_is_not_text_is_refused_with_its_type(registry: ModelRegistry, unique: Unique, name: Any) -> None:
    registry.register_model(unique("m"), "s3://1", **CALL)
    with pytest.raises(TypeError, match=f"A name is text, got {type(name).__name__}"):
        registry.get_model_version(unique("m"), name)
    with pytest.raises(TypeError, match="A name is text, got"):
        registry.get_registered_model(name)


def test_an_address_that_is_not_set_is_refused() -> None:
    with pytest.raises(TypeError, match="The server address is text, got NoneType"):
        ModelRegistry(None, author="me", user_token="t")  # type: ignore[arg-type]  # what os.environ.get may return


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 4_000_000_000, 2**63])
def test_integers_beyond_32_bits_are_refused_and_never_become_doubles(
    registry: ModelRegistry, unique: Unique, number: int
) -> None:
    with pytest.raises(ValueError, match=f"'parameters': {number} needs more than 32 bits: pass it as a string"):
        registry.register_model(unique("m"), "s3://1", **{**CALL, "metadata": {"parameters": number}})
    assert registry.get_registered_model(unique("m")) is None
