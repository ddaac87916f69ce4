"""Conditions that are enforced twice: by the API server in CEL, and in Python."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from registrar.api.rules import VALIDATIONS, ListMap, Rule, with_rules

EVEN = Rule(cel="self % 2 == 0", message="must be even", holds=lambda value: value % 2 == 0)
SMALL = Rule(cel="self < 10", message="must be small", holds=lambda value: value < 10)
ON_CHANGE = Rule(cel="self == oldSelf", message="cannot change", holds=None)


class Item(BaseModel):
    """An item of a list that is keyed by name."""

    name: str


EVEN_NUMBER: TypeAdapter[int] = TypeAdapter(Annotated[int, EVEN, SMALL, ON_CHANGE])
ITEMS: TypeAdapter[tuple[Item, ...]] = TypeAdapter(Annotated[tuple[Item, ...], ListMap("name")])


def refused(adapter: TypeAdapter[Any], value: object) -> str:
    with pytest.raises(ValidationError) as refusal:
        adapter.validate_python(value)
    return str(refusal.value.errors()[0]["msg"])


def test_a_rule_refuses_what_it_does_not_hold_for_in_its_own_words() -> None:
    assert EVEN_NUMBER.validate_python(4) == 4
    assert refused(EVEN_NUMBER, 3) == "must be even"
    assert refused(EVEN_NUMBER, 12) == "must be small"
    assert "valid integer" in refused(EVEN_NUMBER, "text"), "the value is checked before the rule"


def test_the_schema_lists_the_rules_in_cel() -> None:
    assert EVEN_NUMBER.json_schema() == {
        "type": "integer",
        "x-kubernetes-validations": [
            {"rule": "self % 2 == 0", "message": "must be even"},
            {"rule": "self < 10", "message": "must be small"},
            {"rule": "self == oldSelf", "message": "cannot change"},
        ],
    }


def test_rules_are_added_to_those_that_a_schema_has() -> None:
    schema = with_rules({"type": "integer"}, [EVEN])
    assert with_rules(schema, [SMALL])[VALIDATIONS] == [EVEN.as_schema(), SMALL.as_schema()]
    assert schema[VALIDATIONS] == [EVEN.as_schema()], "the first schema stays as it is"


def test_items_of_a_list_map_have_different_keys() -> None:
    assert ITEMS.validate_python([{"name": "a"}, {"name": "b"}]) == (Item(name="a"), Item(name="b"))
    assert refused(ITEMS, [{"name": "a"}, {"name": "b"}, {"name": "a"}]) == (
        "name 'a' appears more than once; give each item its own"
    )
    schema = ITEMS.json_schema()
    assert (schema["type"], schema["x-kubernetes-list-type"], schema["x-kubernetes-list-map-keys"]) == (
        "array",
        "map",
        ["name"],
    )
