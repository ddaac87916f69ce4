"""Which entries a command is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import click

from model_registry.types import ModelVersion, RegisteredModel, RegistryEntry
from model_registry.types.properties import PropertyValue
from registrar.api.meta import OWNER_PROPERTY
from registrar.cli.console import AttentionError
from registrar.cli.options import Command, option
from registrar.registries.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Selection:
    """The entries that the flags of a command select; without flags, all.

    Attributes:
        models: patterns for the names of models, such as ``churn-*``; none selects all.
        versions: patterns for the names of versions; none selects all.
        owners: values of the models' field ``owner``; none selects all.
        properties: names and values of custom properties, as text, all of which a version or its model must have.
        unmanaged: select only entries without an owner stamp.
    """

    models: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    unmanaged: bool = False

    def takes_model(self, model: RegisteredModel) -> bool:
        """Return whether a model is selected itself, whether or not one of its versions is."""
        return not self.versions and self._concerns(model) and self._has_properties([model]) and self.takes(model)

    def takes_version(self, model: RegisteredModel, version: ModelVersion) -> bool:
        """Return whether a version of a model is selected."""
        return (
            self._concerns(model)
            and _matches(version.name, self.versions)
            and self._has_properties([model, version])
            and self.takes(version)
        )

    def takes(self, entry: RegistryEntry) -> bool:
        """Return whether an entry is selected as far as its owner stamp goes."""
        return not self.unmanaged or not (entry.custom_properties or {}).get(OWNER_PROPERTY)

    def unmatched(self, models: Iterable[RegisteredModel]) -> list[str]:
        """Return the patterns that no model's name matches."""
        names = [model.name for model in models]
        return [pattern for pattern in self.models if not any(fnmatchcase(name, pattern) for name in names)]

    def _concerns(self, model: RegisteredModel) -> bool:
        return _matches(model.name, self.models) and (not self.owners or model.owner in self.owners)

    def _has_properties(self, entries: Iterable[RegistryEntry]) -> bool:
        found = [{name: _text(value) for name, value in (each.custom_properties or {}).items()} for each in entries]
        return all(any(each.get(name) == value for each in found) for name, value in self.properties)


EVERYTHING = Selection()
"""What is selected without flags."""


def require_matches(selection: Selection, inventory: Inventory) -> None:
    """Refuse patterns that no model's name matches: most likely they are misspelt.

    Raises:
        AttentionError: there is one.
    """
    if unmatched := selection.unmatched(inventory.models):
        raise AttentionError(f"The registry has no model {' or '.join(map(repr, unmatched))}.")


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


def _text(value: PropertyValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _property(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Any:
    pairs = [value.partition("=") for value in values]
    for (name, sign, _), value in zip(pairs, values, strict=True):
        if not name or not sign:
            raise click.BadParameter(f"{value!r} has no form NAME=VALUE")
    return tuple((name, value) for name, _, value in pairs)


_MODEL = option("--model", "models", multiple=True, help="Models to select, such as 'churn-*'; repeat it for several.")
_NARROWING = (
    option("--version", "versions", multiple=True, help="Versions to select, with their models."),
    option("--owner", "owners", multiple=True, help="Select models with this owner."),
    option("--property", "properties", multiple=True, callback=_property, help="Select what has it: NAME=VALUE."),
)
_UNMANAGED = option("--unmanaged", is_flag=True, help="Select only entries that no operator manages.")


def selection_options(command: Command) -> Command:
    """Give a command the options that `selection_of` reads."""
    return _MODEL(narrowing_options(_UNMANAGED(command)))


def narrowing_options(command: Command) -> Command:
    """Give a command the options that select some entries of the models that it is called with."""
    for one in reversed(_NARROWING):
        command = one(command)
    return command


def selection_of(options: Mapping[str, Any]) -> Selection:
    """Return the selection that the options of a command describe."""
    return Selection(
        models=options["models"],
        versions=options["versions"],
        owners=options["owners"],
        properties=options["properties"],
        unmanaged=options["unmanaged"],
    )
