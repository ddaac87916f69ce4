"""``registrar plan``: what applying manifests would do to a registry; nothing is written."""

from __future__ import annotations

import contextlib
import gc
import json
import sys
from collections.abc import Collection, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from registrar.cli.console import say, show
from registrar.cli.exits import ExitCode
from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, option, options_of, parse, valid_namespace
from registrar.cli.plan import as_json, text
from registrar.cli.plan.change import Action
from registrar.cli.plan.git import PREFIX, read_at
from registrar.cli.plan.make import Wanted, make, make_with
from registrar.cli.plan.manifests import NOTHING, Manifests, checked, read_manifests
from registrar.cli.plan.reading import read_resources
from registrar.cli.plan.report import Report, Source
from registrar.cli.plan.source import source_of
from registrar.cli.source import read_for, read_source
from registrar.registries.inventory import Inventory
from registrar.settings import OwnerSettings, PolicySettings, RegistrySettings, Settings

STDIN = "-"


class Format(StrEnum):
    """What ``--output`` takes."""

    TEXT = "text"
    JSON = "json"
    NDJSON = "ndjson"


def _actions(_context: click.Context, _parameter: click.Parameter, value: str | None) -> frozenset[Action]:
    names = [name.strip() for name in (value or "").split(",") if name.strip()]
    for name in names:
        if name not in set(Action):
            raise click.BadParameter(f"{name!r} is no action: write some of {', '.join(Action)}, separated by commas.")
    return frozenset(Action(name) for name in names)


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(allow_dash=True, path_type=Path))
@option("-n", "--namespace", callback=valid_namespace, help="Namespace of the manifests that name none.")
@option(
    "--base",
    metavar="git:REF|PATH",
    help="What the manifests were before the change: at the merge base with a branch, such as git:origin/main, or in "
    "another file or folder. The plan then shows what the change clears and archives, and what is drift.",
)
@option(
    "--cluster", is_flag=True, help="Take from the cluster what the operator has set, in place of --base or with it."
)
@option("--context", help="Context of the kubeconfig, for --cluster.")
@option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Kubeconfig file to log in with, for --cluster. Defaults as kubectl's does.",
)
@option("--changed", is_flag=True, help="Plan only resources that differ from the base, and those below them.")
@option("--drift", is_flag=True, help="List too what this change does not bring about.")
@option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the entries from a file of registrar snapshot, not from a registry.",
)
@option(
    "-o",
    "--output",
    type=click.Choice([each.value for each in Format]),
    default=Format.TEXT.value,
    show_default=True,
    help="Format.",
)
@option("--exit-code", is_flag=True, help="Exit with 2 if the change writes to the registry.")
@option(
    "--fail-on",
    callback=_actions,
    metavar="ACTIONS",
    help="Exit with 1 if one of these actions is in the plan, such as archive,create,restore.",
)
@options_of(RegistrySettings, required=False)
@options_of(OwnerSettings)
@options_of(PolicySettings)
def plan(
    paths: tuple[Path, ...],
    *,
    namespace: str | None,
    base: str | None,
    cluster: bool,
    context: str | None,
    kubeconfig: Path | None,
    changed: bool,
    drift: bool,
    snapshot: Path | None,
    output: str,
    exit_code: bool,
    fail_on: frozenset[Action],
    **options: Any,
) -> ExitCode:
    """Say what applying manifests would do to a registry, and write nothing; "-" reads them from stdin.

    The plan is made by the operator's own code, without a cluster: with read access to the registry, or with a
    snapshot of it alone.

    Exit codes: 0 done, 1 a manifest is invalid or refused, or --fail-on applies, 2 changes with --exit-code, 3 not
    everything could be read, 64 usage.
    """
    if changed and base is None and not cluster:
        raise click.UsageError("--changed compares with --base or --cluster: give one of them too.")
    with _collector_paused():
        manifests = read_manifests(paths, sys.stdin.buffer, namespace)
        before = NOTHING if base is None else _read_base(base, paths, namespace)
        source = source_of(snapshot, base, options, has_cluster=cluster)
        settings = parse(Settings, {**options, "registry_url": source.registry_url})
        wanted = Wanted(manifests, before, only_changed=changed, fail_on=fail_on, shows_drift=drift)
        if cluster:
            wanted = replace(wanted, cluster=read_resources(kubeconfig, context, wanted.namespaces(), source))
        report = _make(wanted, snapshot, settings, source)
    for message in report.messages():
        say(message)
    if source.limit is not None:
        say(f"Note: {source.limit}")
    show(_lines(report, Format(output)))
    return report.exit_code(counts_changes=exit_code)


def _make(wanted: Wanted, snapshot: Path | None, settings: Settings, source: Source) -> Report:
    """Return the plan, made from a snapshot or from the registry."""
    if snapshot is not None:
        return make(wanted, read_source(snapshot, {}), settings, source)
    made: list[Report] = []

    async def needs(inventory: Inventory) -> Collection[str]:
        report, needed = await make_with(wanted, inventory, settings, source)
        made[:] = [report]
        return needed

    read_for(settings, needs)
    return made[-1]


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause Python's cyclic garbage collector, which takes a quarter of the time of a large plan and frees nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _read_base(base: str, paths: tuple[Path, ...], namespace: str | None) -> Manifests:
    if not base.startswith(PREFIX):
        return read_manifests([Path(base)], sys.stdin.buffer, namespace)
    if STDIN in map(str, paths):
        raise click.UsageError("--base git:REF reads files: what stdin was before, give as a file.")
    return checked(read_at(base.removeprefix(PREFIX), paths, namespace))


def _lines(report: Report, output: Format) -> Iterator[str]:
    match output:
        case Format.TEXT:
            yield from text.report_lines(report)
        case Format.JSON:
            yield json.dumps(as_json.report_json(report), indent=2, ensure_ascii=False)
        case Format.NDJSON:
            yield from (json.dumps(record, ensure_ascii=False) for record in as_json.report_records(report))
