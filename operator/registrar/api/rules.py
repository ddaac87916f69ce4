"""Conditions that the API server enforces in CEL, each kept beside its twin in Python.

The twin makes the models as strict as the schemas, and lets tests compare the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

VALIDATIONS = "x-kubernetes-validations"


def refusal(kind: str, message: str) -> PydanticCustomError:
    """An error whose message reaches the user word by word."""
    return PydanticCustomError(kind, message)


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on one value; also the ``Annotated`` metadata that puts it on a field.

    Attributes:
        cel: the condition in CEL, over ``self``.
        message: what to change, for the user.
        holds: the same condition over the parsed value; None for a condition on a change (``oldSelf``).
    """

    cel: str
    message: str
    holds: Callable[[Any], bool] | None

    def check(self, value: Any) -> Any:
        """Return the value; raise PydanticCustomError if the condition does not hold."""
        if self.holds is not None and not self.holds(value):
            raise refusal("rule", self.message)
        return value

    def as_schema(self) -> dict[str, str]:
        """One item of ``x-kubernetes-validations``."""
        return {"rule": self.cel, "message": self.message}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_rules(handler(schema), [self])


def with_rules(schema: JsonSchemaValue, rules: Sequence[Rule]) -> JsonSchemaValue:
    """The JSON schema with the rules added to those it has."""
    return {**schema, VALIDATIONS: [*schema.get(VALIDATIONS, []), *(rule.as_schema() for rule in rules)]}


@dataclass(frozen=True, slots=True)
class ListMap:
    """``Annotated`` metadata of a list whose items are told apart by one key, as server-side apply needs it."""

    key: str

    def check(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the items; raise PydanticCustomError if two share the key."""
        seen: set[Any] = set()
        for item in items:
            value = getattr(item, self.key)
            if value in seen:
                raise refusal("list_map", f"{self.key} {value!r} appears more than once; each needs its own")
            seen.add(value)
        return items

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
