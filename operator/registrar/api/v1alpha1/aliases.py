"""Aliases: names of a model's versions, such as ``champion``, that move from one version to another.

The registry has no aliases. Each is a string property ``alias.<name>`` of the model, whose value is the version's name.
"""

import re
from typing import Annotated

from pydantic import Field

from registrar.api.meta import Frozen
from registrar.api.rules import Rule
from registrar.api.v1alpha1.texts import Link, RegistryChildName, RegistryId, StatusUri

PROPERTY_PREFIX = "alias."
"""What the names of properties begin with that hold aliases."""
MAX_ALIASES = 16
_NAME = r"^[a-z][a-z0-9-]{0,62}$"
_RESERVED = "latest"


def is_alias(name: str) -> bool:
    """Return whether a text can be the name of an alias."""
    return _is_well_formed(name) and name != _RESERVED


def property_of(alias: str) -> str:
    """Return the name of the custom property that holds an alias."""
    return f"{PROPERTY_PREFIX}{alias}"


def _is_well_formed(name: str) -> bool:
    return re.fullmatch(_NAME.removesuffix("$"), name, re.ASCII) is not None


_FORM_RULE = Rule(
    cel=f"self.all(alias, alias.matches('{_NAME}'))",
    message="the name of an alias has at most 63 lower-case letters, digits and '-', and begins with a letter",
    holds=lambda aliases: all(map(_is_well_formed, aliases)),
)
_LATEST_RULE = Rule(
    cel=f"!('{_RESERVED}' in self)",
    message="latest is not allowed, because everyone expects it to move by itself; name the alias for what the version "
    "is used for, such as champion",
    holds=lambda aliases: _RESERVED not in aliases,
)

Aliases = Annotated[dict[str, RegistryChildName], Field(max_length=MAX_ALIASES), _FORM_RULE, _LATEST_RULE]
"""The names of versions in the registry, by the names of aliases."""


class AliasStatus(Frozen):
    """One alias as this resource last wrote it, and the version that it names."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    """Name of the alias."""
    version: RegistryChildName
    """Name of the version in the registry."""
    version_id: RegistryId | None = None
    """ID of the version in the registry."""
    uri: StatusUri | None = None
    """Address of the model that the version has, as in the version's status.uri. An archived version has none."""
    storage_uri: Link | None = None
    """Address of the version for KServe, as in the version's status.storageUri."""
