"""Every entry that the types accept is returned by the registry as it was sent, and can be found by its name."""

import uuid
from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st

from model_registry import ModelRegistryAPIClient
from model_registry.types import (
    Artifact,
    ArtifactState,
    DocArtifact,
    ModelArtifact,
    ModelVersion,
    ModelVersionState,
    RegisteredModel,
    RegisteredModelState,
    RegistryEntry,
)
from model_registry.types.properties import MAX_INT32, MIN_INT32

# What the registry refuses: NUL, also as its six-character JSON escape, and more than 255 characters in a property's
# name or in a name, including the parent's ID with which it is stored.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80).filter(
    lambda text: r"\u0000" not in text
)
PROPERTIES = st.dictionaries(
    TEXT.filter(bool),
    TEXT | st.booleans() | st.integers(MIN_INT32, MAX_INT32) | st.floats(allow_nan=False, allow_infinity=False),
    max_size=5,
)
TEXTS = st.lists(TEXT, max_size=4)

Fields = dict[str, Any]


def fields(states: type[StrEnum], *texts: str, **others: st.SearchStrategy[Any]) -> st.SearchStrategy[Fields]:
    """Return fields of an entry, of which any may be missing."""
    common = {"description": TEXT, "custom_properties": PROPERTIES, "state": st.sampled_from(list(states))}
    return st.fixed_dictionaries({}, optional={**common, **dict.fromkeys(texts, TEXT), **others})


OF_MODELS = fields(
    RegisteredModelState,
    "owner",
    "readme",
    "maturity",
    "provider",
    "logo",
    "license",
    "license_link",
    "library_name",
    language=TEXTS,
    tasks=TEXTS,
)
OF_VERSIONS = fields(ModelVersionState, "author")
OF_MODEL_ARTIFACTS = fields(
    ArtifactState,
    "uri",
    "model_format_name",
    "model_format_version",
    "storage_key",
    "storage_path",
    "service_account_name",
    "model_source_kind",
    "model_source_class",
    "model_source_group",
    "model_source_id",
    "model_source_name",
)
OF_DOCUMENTS = fields(ArtifactState, "uri")
ARTIFACTS = st.tuples(st.just(ModelArtifact), OF_MODEL_ARTIFACTS, OF_MODEL_ARTIFACTS) | st.tuples(
    st.just(DocArtifact), OF_DOCUMENTS, OF_DOCUMENTS
)


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    """A separate event loop, because hypothesis calls plain functions, not coroutines."""
    with start_blocking_portal() as started:
        yield started


@pytest.fixture(scope="module")
def client(portal: BlockingPortal, registry_url: str) -> Iterator[ModelRegistryAPIClient]:
    connected = ModelRegistryAPIClient.connect(registry_url)
    yield connected
    portal.call(connected.aclose)


def unique(word: str) -> str:
    return f"{word}{uuid.uuid4().hex}"


def check(stored: RegistryEntry | None, sent: Fields) -> None:
    """Check that every sent field is stored with its value, and every property also with its type."""
    assert stored is not None
    assert {name: getattr(stored, name) for name in sent} == sent
    properties = stored.custom_properties or {}
    for name, value in sent.get("custom_properties", {}).items():
        assert type(properties[name]) is type(value)


@settings(max_examples=60, deadline=None)
@given(word=TEXT, sent=OF_MODELS, changes=OF_MODELS)
def test_models(
    portal: BlockingPortal, client: ModelRegistryAPIClient, word: str, sent: Fields, changes: Fields
) -> None:
    sent |= {"external_id": unique(word)}
    created = portal.call(client.upsert_registered_model, RegisteredModel(unique(word), **sent))
    check(created, sent)
    assert portal.call(client.get_registered_model_by_id, created.id) == created
    assert portal.call(client.get_registered_model_by_params, created.name) == created
    assert portal.call(client.get_registered_model_by_params, None, created.external_id) == created
    changed = portal.call(client.upsert_registered_model, RegisteredModel(created.name, id=created.id, **changes))
    check(changed, sent | changes)
    assert portal.call(client.get_registered_model_by_id, created.id) == changed


@settings(max_examples=60, deadline=None)
@given(word=TEXT, sent=OF_VERSIONS, changes=OF_VERSIONS)
def test_versions(
    portal: BlockingPortal, client: ModelRegistryAPIClient, word: str, sent: Fields, changes: Fields
) -> None:
    model = portal.call(client.upsert_registered_model, RegisteredModel(unique("m")))
    created = portal.call(client.upsert_model_version, ModelVersion(unique(word), **sent), model.id)
    check(created, sent | {"registered_model_id": model.id})
    assert portal.call(client.get_model_version_by_params, model.id, created.name) == created
    assert portal.call(client.get_model_versions, model.id) == [created]
    changed = portal.call(client.upsert_model_version, ModelVersion(created.name, id=created.id, **changes))
    check(changed, sent | changes)
    assert portal.call(client.get_model_version_by_id, created.id) == changed


@pytest.fixture(scope="module")
def version(portal: BlockingPortal, client: ModelRegistryAPIClient) -> ModelVersion:
    model = portal.call(client.upsert_registered_model, RegisteredModel(unique("m")))
    return portal.call(client.upsert_model_version, ModelVersion("v"), model.id)


@settings(max_examples=60, deadline=None)
@given(word=TEXT, given_artifact=ARTIFACTS)
def test_artifacts(
    portal: BlockingPortal,
    client: ModelRegistryAPIClient,
    version: ModelVersion,
    word: str,
    given_artifact: tuple[type[Artifact], Fields, Fields],
) -> None:
    cls, sent, changes = given_artifact
    created = portal.call(client.upsert_model_version_artifact, cls(unique(word), **sent), version.id)
    assert type(created) is cls
    check(created, sent)
    assert portal.call(client.get_artifact_by_id, created.id) == created
    assert portal.call(client.get_artifact_by_params, created.name, version.id) == created
    changed = portal.call(client.upsert_artifact, cls(created.name, id=created.id, **changes))
    check(changed, sent | changes)
    assert portal.call(client.get_artifact_by_id, created.id) == changed
    listing = partial(client.get_model_version_artifacts, version.id)
    assert portal.call(listing)[-1] == changed
