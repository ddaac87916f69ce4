"""Custom properties: what the schema lets through and the operator refuses, and which type reaches the registry."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from registrar.api.properties import CustomProperties, Declared, TypedProperty, resolve_properties
from registrar.api.validation import describe

PROPERTIES: TypeAdapter[dict[str, Declared]] = TypeAdapter(CustomProperties)
int32 = st.integers(-(2**31), 2**31 - 1)
doubles = st.floats(allow_nan=False, allow_infinity=False)
texts = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
scalars = st.text(texts) | st.booleans() | int32 | doubles

ONLY_SCALARS = "must be a string, an integer, a number or a boolean; write a list as a string that holds JSON"
TYPED_FORM = (
    "objects are allowed in the typed form only, with one key: {string: text}, {int: 1}, {double: 1.5} "
    "or {bool: true}; write other structures as a string that holds JSON"
)
REFUSED: dict[str, tuple[Any, str]] = {
    "null": (None, "p: is null; give it a value, or remove the key"),
    "list": (["a"], f"p: {ONLY_SCALARS}"),
    "foreign object": ({"a": 1}, f"p: {TYPED_FORM}"),
    "empty object": ({}, f"p: {TYPED_FORM}"),
    "two types": ({"int": 1, "double": 1}, f"p: {TYPED_FORM}"),
    "string that is a number": ({"string": 1}, f"p: {TYPED_FORM}"),
    "int that is text": ({"int": "1"}, f"p: {TYPED_FORM}"),
    "int that is a fraction": ({"int": 1.5}, f"p: {TYPED_FORM}"),
    "int that is a boolean": ({"int": True}, f"p: {TYPED_FORM}"),
    "double that is a boolean": ({"double": False}, f"p: {TYPED_FORM}"),
    "double that is null": ({"double": None}, f"p: {TYPED_FORM}"),
    "bool that is a number": ({"bool": 1}, f"p: {TYPED_FORM}"),
    "integer above 32 bits": (
        2**31,
        "p: 2147483648 does not fit the registry's 32-bit integers; write it as a string, or as {double: 2147483648}",
    ),
    "integer below 32 bits": (-(2**31) - 1, "p: -2147483649 does not fit the registry's 32-bit integers"),
    "typed integer above 32 bits": ({"int": 2**31}, "p: 2147483648 does not fit the registry's 32-bit integers"),
    "NaN": (float("nan"), "p: must be a finite number; the registry cannot store NaN or infinity"),
    "infinity": (float("-inf"), "p: must be a finite number; the registry cannot store NaN or infinity"),
    "typed infinity": (
        {"double": float("inf")},
        "p: must be a finite number; the registry cannot store NaN or infinity",
    ),
    "double beyond doubles": ({"double": 10**400}, "p: is too large for a double; write it as a string"),
}
REFUSED_NAMES = {
    "the owner's stamp": ("model-registrar.dev/owner", "names under model-registrar.dev/ belong to the operator"),
    "another of the operator's": ("model-registrar.dev/", "names under model-registrar.dev/ belong to the operator"),
    "hidden by the registry": ("experiment_id", "the registry reserves this name and never returns it"),
    "a NUL character": ("a\0", "must not contain a NUL character, which the registry refuses"),
    "empty": ("", "a name must not be empty; give it one, or remove it"),
    "too long": ("n" * 256, "a name must have at most 255 characters; shorten it"),
}


@pytest.mark.parametrize(("value", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_value_says_what_to_write_instead(value: object, message: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        PROPERTIES.validate_python({"p": value})

    assert describe(refusal.value).startswith(message)


@pytest.mark.parametrize(("name", "message"), REFUSED_NAMES.values(), ids=REFUSED_NAMES.keys())
def test_refused_name_says_why(name: str, message: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        PROPERTIES.validate_python({name: 1})

    shown = f"{name[:63]}…" if len(name) > 63 else name.replace("\0", "\\x00") or '""'
    assert describe(refusal.value).startswith(f"{shown}: {message}")


def test_every_refused_property_is_named() -> None:
    with pytest.raises(ValidationError) as refusal:
        PROPERTIES.validate_python({"a": None, "fine": 1, "b": []})

    assert [part.split(":")[0] for part in describe(refusal.value).split("; ") if ": " in part] == ["a", "b"]


@given(st.dictionaries(st.text(texts, min_size=1, max_size=9), scalars, max_size=4))
def test_scalars_keep_their_value_and_type(declared: dict[str, Any]) -> None:
    resolved = resolve_properties(PROPERTIES.validate_python(declared), {})

    assert {name: (type(value), value) for name, value in resolved.items()} == {
        name: (type(value), value) for name, value in declared.items()
    }


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ({"double": 1}, 1.0),
        ({"double": 0.5}, 0.5),
        ({"double": 3_000_000_000}, 3e9),
        ({"int": 1}, 1),
        ({"string": "1"}, "1"),
        ({"bool": True}, True),
    ],
)
def test_typed_form_decides_the_type(typed: dict[str, Any], value: object) -> None:
    for observed in ({}, {"p": "text"}, {"p": 7}, {"p": 7.5}):
        resolved = resolve_properties(PROPERTIES.validate_python({"p": typed}), observed)
        assert (type(resolved["p"]), resolved["p"]) == (type(value), value)


@given(int32)
def test_plain_integer_stays_double_where_the_registry_has_a_double(value: int) -> None:
    resolved = resolve_properties({"p": value}, {"p": 0.97})
    assert (type(resolved["p"]), resolved["p"]) == (float, float(value))

    for observed in ({}, {"p": 1}, {"p": True}, {"p": "1.0"}, {"other": 0.97}):
        assert type(resolve_properties({"p": value}, observed)["p"]) is int


@given(doubles)
def test_plain_double_makes_an_integer_of_the_registry_a_double(value: float) -> None:
    assert type(resolve_properties({"p": value}, {"p": 1})["p"]) is float


@pytest.mark.parametrize("value", [True, False])
def test_boolean_never_becomes_a_number(value: bool) -> None:  # noqa: FBT001  # pytest passes it by name
    assert resolve_properties({"p": value}, {"p": 1.0})["p"] is value


def test_only_declared_properties_are_resolved() -> None:
    assert resolve_properties({"mine": 1}, {"mine": 2, "theirs": 3}) == {"mine": 1}


@given(st.dictionaries(st.text(texts, min_size=1, max_size=9), scalars | scalars.map(TypedProperty), max_size=4))
def test_declared_properties_survive_writing_and_reading(declared: dict[str, Declared]) -> None:
    written = json.loads(json.dumps(PROPERTIES.dump_python(declared)))
    read = PROPERTIES.validate_python(written)

    assert read == declared
    resolved, expected = resolve_properties(read, {}), resolve_properties(declared, {})
    assert [type(value) for value in resolved.values()] == [type(value) for value in expected.values()]
