"""Validation rules that the API server enforces in CEL, each beside its Python equivalent.

The Python equivalent makes the models as strict as the schemas, and tests compare the two.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

VALIDATIONS = "x-kubernetes-validations"


POSITION = "position"
"""The context of an error about one item of a list, whose location is the list's."""


def refusal(kind: str, message: str, *, position: int | None = None) -> PydanticCustomError:
    """Return an error whose message reaches the user word for word.

    Args:
        kind: the sort of error.
        message: the message.
        position: of the item that is refused, for an error of a list.
    """
    return PydanticCustomError(kind, message, None if position is None else {POSITION: position})


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition on one value. As ``Annotated`` metadata it applies to a field.

    Attributes:
        cel: the condition in CEL, over ``self``.
        message: what the user has to change.
        holds: the same condition on the parsed value; None for a condition on a change (``oldSelf``).
        field: the field that the API server names, such as ``.spec.digest``; empty for the value itself.
    """

    cel: str
    message: str
    holds: Callable[[Any], bool] | None
    field: str = ""

    def check(self, value: Any) -> Any:
        """Return the value, or raise PydanticCustomError if the condition does not hold."""
        if self.holds is not None and not self.holds(value):
            raise refusal("rule", self.message)
        return value

    def as_schema(self) -> dict[str, str]:
        """Return the rule as an item of ``x-kubernetes-validations``."""
        schema = {"rule": self.cel, "message": self.message}
        return {**schema, "fieldPath": self.field} if self.field else schema

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return with_rules(handler(schema), [self])


def with_rules(schema: JsonSchemaValue, rules: Sequence[Rule]) -> JsonSchemaValue:
    """Return the JSON schema with these rules added to its own."""
    return {**schema, VALIDATIONS: [*schema.get(VALIDATIONS, []), *(rule.as_schema() for rule in rules)]}


def matching(regex: str) -> str:
    """Return the condition in CEL that a text matches a regular expression, which contains no single quote."""
    return f"self.matches(r'{regex}')"


@dataclass(frozen=True, slots=True)
class Pattern:
    """``Annotated`` metadata of a text: a regular expression.

    The API server would show the expression and no message, so it gets a rule in CEL instead
    (`registrar.api.schema.without_patterns`). Schemas for editors keep the expression.

    Attributes:
        regex: it matches the whole text, in Go, in Python and in JavaScript.
        message: what the user has to change.
        cel: the same in CEL, where that costs less than to match the expression; None leaves the expression to the API
            server, because CEL on long texts in lists would exceed its budget.
    """

    regex: str
    message: str
    cel: str | None = ""

    def check(self, value: str) -> str:
        """Return the text, or raise PydanticCustomError if it does not match."""
        if re.fullmatch(self.regex, value) is None:
            raise refusal("pattern", self.message)
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = {**handler(schema), "pattern": self.regex}
        if self.cel is None:
            return described
        rule = Rule(cel=self.cel or matching(self.regex), message=self.message, holds=None)
        return with_rules(described, [rule])


NUL = "\0"
LONG_WITHOUT_NUL = Pattern(r"^[^\x00]*$", "must not contain a NUL character, which the registry refuses", cel=None)
WITHOUT_NUL = replace(LONG_WITHOUT_NUL, cel=r"!self.contains('\x00')")


@dataclass(frozen=True, slots=True)
class ListMap:
    """``Annotated`` metadata of a list whose items are identified by one key, as server-side apply needs it."""

    key: str

    def check(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the items, or raise PydanticCustomError if two have the same key."""
        seen: set[Any] = set()
        for position, item in enumerate(items):
            value = getattr(item, self.key)
            if value in seen:
                message = f"{self.key} {value!r} appears more than once; give each item its own"
                raise refusal("list_map", message, position=position)
            seen.add(value)
        return items

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [self.key]}
