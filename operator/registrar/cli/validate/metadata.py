"""The metadata of a manifest, as strict as the API server is with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from registrar.api.rules import refusal
from registrar.api.v1alpha1.texts import is_subdomain
from registrar.settings import LABEL

_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_KEY = re.compile(r"(?:(?P<prefix>[^/]+)/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def _must(holds: Callable[[str], Any], message: str) -> AfterValidator:
    def check(value: str) -> str:
        if not holds(value):
            raise refusal("metadata", message)
        return value

    return AfterValidator(check)


def _is_key(text: str) -> bool:
    found = _KEY.fullmatch(text)
    return found is not None and (found["prefix"] is None or is_subdomain(found["prefix"]))


_Key = Annotated[
    str,
    _must(
        _is_key,
        "must be a name of at most 63 letters, digits, '-', '_' and '.', behind a domain and a slash if it has one",
    ),
]
_LabelValue = Annotated[
    str, _must(_LABEL_VALUE.fullmatch, "must have at most 63 letters, digits, '-', '_' and '.', or be empty")
]


class Metadata(BaseModel):
    """The fields of metadata that people write."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", populate_by_name=True)

    name: (
        Annotated[
            str,
            Field(max_length=253),
            _must(
                is_subdomain,
                "must consist of lower-case letters, digits, '-' and '.'; set spec.name to give the entry another name",
            ),
        ]
        | None
    ) = None
    generate_name: str | None = None
    namespace: (
        Annotated[str, _must(LABEL.fullmatch, "must have at most 63 lower-case letters, digits and '-'")] | None
    ) = None
    labels: dict[_Key, _LabelValue] | None = None
    annotations: dict[_Key, str] | None = None

    @model_validator(mode="after")
    def _has_name(self) -> Metadata:
        if self.name is None and self.generate_name is not None:
            raise refusal(
                "metadata",
                "has a generateName, which kubectl apply refuses, and with which each kubectl create makes another "
                "resource for the same entry; set metadata.name instead",
            )
        if self.name is None:
            raise refusal("metadata", "has no name; set metadata.name")
        return self
