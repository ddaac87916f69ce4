"""Options that select entries, for each command that makes manifests of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from registrar.cli.export.choices import Choices
from registrar.cli.export.report import Reason
from registrar.cli.export.selection import Selection
from registrar.cli.options import Command, option, parse
from registrar.settings import OwnerSettings


def _property(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Any:
    pairs = [value.partition("=") for value in values]
    for (name, sign, _), value in zip(pairs, values, strict=True):
        if not name or not sign:
            raise click.BadParameter(f"{value!r} has no form NAME=VALUE")
    return tuple((name, value) for name, _, value in pairs)


def selecting(verb: str) -> Callable[[Command], Command]:
    """Return a decorator that gives a command the options that select entries, but for the names of models.

    Args:
        verb: what the command does with them, for the help.
    """
    options = (
        option(
            "--version", "versions", multiple=True, help=f"{verb.capitalize()} only these versions, with their models."
        ),
        option("--owner", "owners", multiple=True, help=f"{verb.capitalize()} only models with this owner."),
        option(
            "--property",
            "properties",
            multiple=True,
            callback=_property,
            help=f"{verb.capitalize()} only what has it: NAME=VALUE.",
        ),
        option("--archived", is_flag=True, help=f"Also {verb} archived entries, and artifacts marked for deletion."),
        option(
            "--allow",
            multiple=True,
            metavar="REASON",
            type=click.Choice([*map(str, Reason)]),
            help="Entries that are left out for this reason do not count as a failure; repeat it for several.",
        ),
    )

    def decorate(command: Command) -> Command:
        for each in reversed(options):
            command = each(command)
        return command

    return decorate


def selection_of(models: tuple[str, ...], options: Mapping[str, Any], *, unmanaged: bool) -> Selection:
    """Return what the options of `selecting` select of these models."""
    return Selection(models, options["versions"], options["owners"], options["properties"], unmanaged)


def choices_of(
    selection: Selection,
    namespace: str | None,
    options: Mapping[str, Any],
    *,
    with_sensitive: bool = False,
    external_parents: bool = False,
) -> Choices:
    """Return what an export is asked to do.

    Args:
        selection: which entries.
        namespace: the namespace that manifests name; None leaves it out.
        options: those of `selecting` and `OwnerSettings`.
        with_sensitive: as in `Choices`.
        external_parents: as in `Choices`.
    """
    return Choices(
        owner_id=parse(OwnerSettings, options).owner_id,
        namespace=namespace,
        selection=selection,
        with_archived=options["archived"],
        with_sensitive=with_sensitive,
        external_parents=external_parents,
    )
