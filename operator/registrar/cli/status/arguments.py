"""What a user may ask ``registrar status`` for, and in which words."""

from __future__ import annotations

from dataclasses import dataclass

import click

from registrar.api.meta import GROUP
from registrar.cli.options import seconds
from registrar.cli.status.find import Entry, sorts
from registrar.kinds.table import RESOURCES

TEXT, WIDE, JSON, DOT = OUTPUTS = ("text", "wide", "json", "dot")
"""Formats of the output."""

MIN_INTERVAL = 1.0
"""Seconds between two readings at least: each lists all resources."""

_KINDS = {
    word.lower(): kind.KIND
    for kind in RESOURCES
    for word in (kind.KIND, kind.PLURAL, kind.SHORT_NAME, f"{kind.SINGULAR}.{GROUP}", f"{kind.PLURAL}.{GROUP}")
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Attributes:
        resource: kind and name; None for everything.
        namespace: the namespace; None for that of the context.
        all_namespaces: look in all instead.
        output: ``text``, ``wide``, ``json`` or ``dot``.
        not_ready: list only what is not ready.
        events: show the Events about the resource.
        entry: the entry whose resource to find; None to report the state.
        timeout: seconds to wait; None not to wait.
        interval: seconds between two readings; None to read once.
    """

    resource: tuple[str, str] | None
    namespace: str | None
    all_namespaces: bool
    output: str
    not_ready: bool
    events: bool
    entry: Entry | None
    timeout: float | None
    interval: float | None = None


def kind_and_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, str] | None:
    """Return kind and name, the kind in any form that kubectl takes or prints."""
    if value is None:
        return None
    word, _, name = value.partition("/")
    kind = _KINDS.get(word.lower())
    if kind is None or not name:
        known = ", ".join(resource.SHORT_NAME for resource in RESOURCES)
        raise click.BadParameter(f"{value!r} is not KIND/NAME: write rmodel/churn, with one of the kinds {known}.")
    return kind, name


def interval(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return seconds between two readings."""
    found = seconds(context, parameter, value)
    if found is not None and found < MIN_INTERVAL:
        raise click.BadParameter(f"{value!r} is too short: the least is {MIN_INTERVAL:g}s.")
    return found


def entry_of_id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Entry | None:
    """Return the entry of a sort and ID, or of an ID alone."""
    if value is None:
        return None
    sort, slash, rest = value.rpartition("/")
    if slash and sort.lower() not in sorts():
        raise click.BadParameter(f"{value!r} does not name an entry: write model/7, version/12 or artifact/3.")
    if not rest.isdecimal():
        raise click.BadParameter(f"{rest!r} is not an ID: IDs are numbers; --find-name finds an entry by its name.")
    return Entry(sorts().get(sort.lower()), id=rest)


def entry_of_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Entry | None:
    """Return the entry; a name may contain a slash, so what is no sort belongs to it."""
    if value is None:
        return None
    sort, slash, rest = value.partition("/")
    is_sort = bool(slash) and sort.lower() in sorts()
    return Entry(sorts()[sort.lower()], name=rest) if is_sort else Entry(None, name=value)


def refuse_what_does_not_fit(asked: Options) -> None:
    """Refuse options that contradict each other.

    Raises:
        click.UsageError: they do.
    """
    if asked.namespace is not None and asked.all_namespaces:
        raise click.UsageError("Give --namespace or --all-namespaces, not both.")
    if asked.resource is not None and asked.all_namespaces:
        raise click.UsageError("KIND/NAME is in one namespace: give --namespace instead of --all-namespaces.")
    if asked.events and asked.resource is None:
        raise click.UsageError("--events shows the Events about one resource: give KIND/NAME.")
    is_report = asked.resource is not None or asked.not_ready or asked.timeout is not None or asked.interval
    if asked.entry is not None and is_report:
        raise click.UsageError(
            "--find looks through all resources: leave out KIND/NAME, --not-ready, --wait and --watch."
        )
    if asked.timeout is not None and asked.interval is not None:
        raise click.UsageError("Give --wait, which ends by itself, or --watch, which does not.")
    if asked.output == DOT and (asked.entry is not None or asked.events or asked.interval is not None):
        raise click.UsageError("A graph has no place for --find, --events or --watch: leave them out, or -o dot.")
