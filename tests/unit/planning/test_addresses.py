"""A version has an address for KServe only while upstream's storage initializer loads exactly its ``uri`` from it."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import Artifact, DocArtifact, ModelArtifact
from registrar.api.v1alpha1.aliases import AliasStatus
from registrar.api.v1alpha1.model_version import ModelVersionStatus
from registrar.api.v1alpha1.texts import MAX_STATUS_URI_LENGTH, MAX_URI_BYTES
from registrar.planning.addresses import addresses_of

S3, GS, OCI = "s3://bucket/model", "gs://bucket/model", "oci://registry/model:1"


def model(entry_id: int, uri: str | None = S3, state: str = "LIVE") -> ModelArtifact:
    return ModelArtifact(f"m{entry_id}", id=str(entry_id), uri=uri, state=state)


def document(entry_id: int) -> DocArtifact:
    return DocArtifact(f"d{entry_id}", id=str(entry_id), uri="https://docs/card", state="LIVE")


def initializer(address: str, model_name: str, version: str, artifacts: Sequence[Artifact]) -> str | None:
    """What upstream's initializer downloads, or None where it fails (``modelregistry_provider.go``).

    Names are split at ``/``, and what follows ``?`` is a query. Of the version's artifacts it takes the first by
    create time, newest first, whatever its state. KServe's downloads know four protocols; that of S3 takes the rest of
    the address for the key.
    """
    tokens = address.removeprefix("model-registry://").partition("?")[0].split("/", 2)
    if tokens != [model_name, version]:
        return None
    newest = max(artifacts, key=lambda artifact: int(str(artifact.id)), default=None)
    if not isinstance(newest, ModelArtifact) or not newest.uri:
        return None
    if not re.match(r"(s3|gs|https?)://", newest.uri):
        return None
    return None if newest.uri.startswith("s3://") and "?" in newest.uri else newest.uri


TABLE: dict[str, tuple[list[Artifact], list[int], dict[str, Any]]] = {
    "nothing": ([], [], {}),
    "one artifact": ([model(1)], [], {"uri": S3, "served": True}),
    "two artifacts": ([model(9, GS), model(10, S3)], [], {"uri": S3, "served": True}),
    "documents first": ([document(1), model(2)], [], {"uri": S3, "served": True}),
    "a document that came later": ([model(1), document(2)], [], {"uri": S3, "why": "the document 'd2'"}),
    "a document alone": ([document(1)], [], {"why": "no declared model artifact of the version is LIVE"}),
    "an artifact that left the spec": ([model(1)], [2], {"uri": S3, "why": "the ID 2, which no resource declares"}),
    "an older one that left the spec": ([model(2)], [1], {"uri": S3, "served": True}),
    "nothing is declared any more": ([], [1], {"why": "no declared model artifact of the version is LIVE"}),
    "a newer one marked for deletion": (
        [model(1), model(2, state="MARKED_FOR_DELETION")],
        [],
        {"uri": S3, "why": "'m2' in the state MARKED_FOR_DELETION"},
    ),
    "a newer one that waits for its upload": (
        [model(1), model(2, None, "PENDING")], [], {"uri": S3, "why": "'m2' in the state PENDING"}
    ),
    "an older one marked for deletion": ([model(1, state="DELETED"), model(2)], [], {"uri": S3, "served": True}),
    "gs": ([model(1, GS)], [], {"uri": GS, "served": True}),
    "http": ([model(1, "http://files/m")], [], {"uri": "http://files/m", "served": True}),
    "https with a query": ([model(1, "https://f/m?sig=1")], [], {"uri": "https://f/m?sig=1", "served": True}),
    "oci": ([model(1, OCI)], [], {"uri": OCI, "why": "and not oci"}),
    "pvc": ([model(1, "pvc://claim/m")], [], {"uri": "pvc://claim/m", "why": "and not pvc"}),
    "hf": ([model(1, "hf://o/m")], [], {"uri": "hf://o/m", "why": "and not hf"}),
    "a path": ([model(1, "models/m")], [], {"uri": "models/m", "why": "an address without a scheme"}),
    "s3 with a query": ([model(1, f"{S3}?endpoint=e")], [], {"uri": f"{S3}?endpoint=e", "why": "the query of an s3"}),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "others", "expected"), TABLE.values(), ids=list(TABLE))
def test_addresses(declared: list[Artifact], others: list[int], expected: dict[str, Any]) -> None:
    found = addresses_of("fraud", "v1", "LIVE", declared, map(str, others))
    assert found.uri == expected.get("uri")
    assert found.storage_uri == ("model-registry://fraud/v1" if expected.get("served") else None)
    assert (expected["why"] in str(found.obstacle)) if "why" in expected else found.obstacle is None
    newest = max([int(str(artifact.id)) for artifact in declared] + others, default=None)
    assert found.newest_id == (None if newest is None else str(newest))


@pytest.mark.parametrize(
    ("name", "version", "why"),
    [
        ("org/fraud", "v1", "has a slash in a name"),
        ("fraud", "v1/a", "has a slash in a name"),
        ("fraud?", "v1", "has a question mark in a name"),
        (None, "v1", "the name of the model is not known"),
    ],
)
def test_names_that_an_address_cannot_express(name: str | None, version: str, why: str) -> None:
    found = addresses_of(name, version, "LIVE", [model(1)], ())
    assert (found.uri, found.storage_uri) == (S3, None)
    assert why in str(found.obstacle)


@pytest.mark.parametrize("uri", [S3, OCI])
def test_an_archived_version_has_no_address_although_kserve_would_load_it(uri: str) -> None:
    found = addresses_of("fraud", "v1", "ARCHIVED", [model(1, uri)], ["2"])
    assert (found.uri, found.storage_uri, found.newest_id) == (None, None, "2")
    assert found.obstacle == "the version is ARCHIVED"
    assert addresses_of("fraud", "v1", "ARCHIVED", [], ()).obstacle is None, "there is nothing to load"


URIS = st.sampled_from([S3, GS, OCI, "hf://o/m", "http://f/m", "https://f/m?x=1", f"{S3}?endpoint=e", "m"])
STATES = st.sampled_from(["LIVE", "LIVE", "PENDING", "UNKNOWN", "MARKED_FOR_DELETION"])
NAMES = st.sampled_from(["fraud", "a b", "org/fraud", "why?", "ümläut", "%"])


@given(data=st.data(), name=NAMES, version=NAMES)
def test_the_initializer_loads_the_uri_whenever_there_is_an_address_for_it(
    data: st.DataObject, name: str, version: str
) -> None:
    held: list[Artifact] = [
        model(number, f"{data.draw(URIS)}/{number}", data.draw(STATES))
        if data.draw(st.booleans())
        else document(number)
        for number in range(1, data.draw(st.integers(1, 5)))
    ]
    declared = [artifact for artifact in held if data.draw(st.booleans())]
    others = [str(artifact.id) for artifact in held if artifact not in declared]
    found = addresses_of(name, version, "LIVE", declared, others)
    if found.storage_uri is not None:
        assert initializer(found.storage_uri, name, version, held) == found.uri
        assert initializer(f"{found.storage_uri}?namespace=n", name, version, held) == found.uri
    elif found.uri is not None:
        # No address is held back that would do.
        assert initializer(f"model-registry://{name}/{version}", name, version, held) != found.uri


def test_an_address_that_others_changed_in_the_registry_is_none_to_serve_from() -> None:
    found = addresses_of("fraud", "v1", "LIVE", [model(1), model(2)], (), {"2"})
    assert (found.uri, found.storage_uri, found.newest_id) == (None, None, "2")
    assert found.obstacle == "'m2' has another uri in the registry than its resource declares"
    assert addresses_of("fraud", "v1", "LIVE", [model(1), model(2)], (), {"1"}).storage_uri is not None


def test_a_version_from_old_data_without_a_state_has_the_addresses_of_a_live_one() -> None:
    assert addresses_of("churn", "1", None, [model(1)], []) == addresses_of("churn", "1", "LIVE", [model(1)], [])


def test_an_address_that_no_status_can_hold_is_left_out_with_the_reason() -> None:
    """An upload writes the URI, so no schema has bounded it."""
    for length, is_shown in (
        (MAX_URI_BYTES + 1, True),
        (MAX_STATUS_URI_LENGTH, True),
        (MAX_STATUS_URI_LENGTH + 1, False),
    ):
        uri = "https://b/".ljust(length, "\u00e4")
        found = addresses_of("churn", "1", "LIVE", [model(1, uri)], [])
        assert found.uri == (uri if is_shown else None)
        status = ModelVersionStatus(uri=found.uri, storage_uri=found.storage_uri)
        alias = AliasStatus(name="champion", version="1", uri=found.uri)
        assert status.uri == alias.uri == found.uri
    assert (found.storage_uri, found.newest_id) == (None, "1")
    assert found.obstacle == f"the uri of 'm1' is longer than {MAX_STATUS_URI_LENGTH} characters"


def test_an_address_that_nobody_can_read_is_none_for_kserve() -> None:
    found = addresses_of("churn", "1", "LIVE", [model(1, "http://[")], [])
    assert (found.uri, found.storage_uri) == ("http://[", None)
    assert found.obstacle == "KServe cannot read the address: it is no URL"
