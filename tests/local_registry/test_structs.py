"""The text of a struct stays the same when it is sent again, whatever it contains."""

import base64
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_registry import structs
from tests.support.fixtures import Unique

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=10,
)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@given(st.dictionaries(TEXTS, VALUES, max_size=3))
def test_a_text_means_what_was_sent_and_is_its_own_text(value: dict[str, Any]) -> None:
    text = structs.read(encoded(json.dumps(value)))
    assert json.loads(text, parse_int=float) == value
    assert structs.read(encoded(text)) == text


@pytest.mark.parametrize(("depth", "status"), [(100, 201), (100_000, 400)])
def test_a_struct_that_is_nested_too_deeply_is_refused(
    registry: httpx.Client, unique: Unique, depth: int, status: int
) -> None:
    value = encoded('{"a":' + "[" * depth + "]" * depth + "}")
    properties = {"s": {"metadataType": "MetadataStructValue", "struct_value": value}}
    answer = registry.post("/registered_models", json={"name": unique("deep"), "customProperties": properties})
    assert answer.status_code == status
