"""``registrar plan``: what applying manifests would do to a registry; nothing is written."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from registrar.api.tenants import Tenant
from registrar.cli.console import say, show, write_errors_explained
from registrar.cli.exits import ExitCode
from registrar.cli.files import write_beside
from registrar.cli.options import (
    ENVIRONMENT_PREFIX,
    GroupedCommand,
    option,
    options_of,
    parse,
    registry_ref_option,
    valid_namespace,
)
from registrar.cli.plan import as_markdown
from registrar.cli.plan.change import Action
from registrar.cli.plan.changed import make_of_part
from registrar.cli.plan.git import PREFIX, existed_at, read_at
from registrar.cli.plan.make import Wanted, make, make_with
from registrar.cli.plan.manifests import NOTHING, Manifests, checked, key_of_found, read_manifests
from registrar.cli.plan.moved import read_moved
from registrar.cli.plan.outputs import Format, lines_of
from registrar.cli.plan.reading import read_resources
from registrar.cli.plan.registries import divide
from registrar.cli.plan.report import Report, Source
from registrar.cli.plan.source import source_of
from registrar.cli.plan.tenancy import tenancy_in
from registrar.cli.source import ask_part, read_for, read_source
from registrar.cli.validate.reading import Reading, read
from registrar.registries.inventory import Inventory
from registrar.settings import OwnerSettings, PolicySettings, RegistrySettings, Settings, TenancySettings

STDIN = "-"


def _actions(_context: click.Context, _parameter: click.Parameter, value: str | None) -> frozenset[Action]:
    names = [name.strip() for name in (value or "").split(",") if name.strip()]
    for name in names:
        if name not in set(Action):
            known = ", ".join(Action)
            raise click.BadParameter(f"{name!r} is not an action: write some of {known}, separated by commas.")
    return frozenset(Action(name) for name in names)


def _format(context: click.Context, _parameter: click.Parameter, value: str | None) -> Format:
    if value is not None:
        return Format(value)
    return Format.DIFF if context.info_name == "diff" else Format.TEXT


def _files(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> dict[Path, Format]:
    found: dict[Path, Format] = {}
    for value in values:
        name, separator, file = value.partition("=")
        if name not in set(Format) or not separator or not file:
            raise click.BadParameter(f"{value!r} is not FORMAT=FILE: the formats are {', '.join(Format)}.")
        if Path(file) in found:
            raise click.BadParameter(f"{file} is named twice.")
        found[Path(file)] = Format(name)
    return found


def _title(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip() or len(value) > as_markdown.MAX_TITLE or not value.isprintable():
        raise click.BadParameter(f"it needs 1 to {as_markdown.MAX_TITLE} printable characters.")
    return value


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
@registry_ref_option(
    "ClusterRegistry that connects this registry. Resources that belong to another one are left out and named; without "
    "the option, all that belong to a ClusterRegistry are."
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
    callback=_format,
    show_default="text, or diff for registrar diff",
    help="Format of what is printed. ndjson is JSON with a change a line, markdown the comment of a pull request, and "
    "github annotations for GitHub Actions.",
)
@option(
    "--out",
    "files",
    multiple=True,
    callback=_files,
    metavar="FORMAT=FILE",
    help="Write the plan to a file too, such as markdown=plan.md. Can be repeated.",
)
@option(
    "--title",
    default=as_markdown.TITLE,
    show_default=True,
    callback=_title,
    help="Heading of the Markdown, by which its comment is found: plans of one pull request need different ones.",
)
@option(
    "--max-length",
    type=click.IntRange(min=as_markdown.MIN_LENGTH),
    default=as_markdown.MAX_LENGTH,
    show_default=True,
    help="Characters of the Markdown at most. What does not fit is counted.",
)
@option("--exit-code", is_flag=True, help="Exit with 2 if the change writes to the registry.")
@option(
    "--fail-on",
    callback=_actions,
    metavar="ACTIONS",
    help="Exit with 1 if one of these actions is in the plan, such as archive,create,restore.",
)
@options_of(RegistrySettings, required=False)
@options_of(TenancySettings)
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
    output: Format,
    files: Mapping[Path, Format],
    title: str,
    max_length: int,
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
        manifests, before = _read(paths, base, namespace)
        source = source_of(snapshot, base, options, has_cluster=cluster)
        settings = parse(Settings, {**options, "registry_url": source.registry_url})
        wanted = Wanted(manifests, before, only_changed=changed, fail_on=fail_on, shows_drift=drift)
        if cluster:
            wanted = replace(wanted, cluster=read_resources(kubeconfig, context, wanted.namespaces(), source))
        wanted = _with_tenants(_of_registry(wanted, source.registry_ref), settings.tenants, source.registry_ref)
        report = _make(wanted, snapshot, settings, source)
    for message in report.messages(has_problems=output is not Format.GITHUB):
        say(message)
    if source.limit is not None:
        say(f"Note: {source.limit}")
    heading = as_markdown.Heading(title, max_length)
    show(lines_of(report, output, heading))
    with write_errors_explained():
        for file, written in files.items():
            write_beside(file, (f"{click.unstyle(line)}\n" for line in lines_of(report, written, heading)))
    return report.exit_code(counts_changes=exit_code)


def _of_registry(wanted: Wanted, registry: str | None) -> Wanted:
    """Leave out what belongs to another registry, and say so."""
    divided = divide(wanted.manifests, wanted.base, wanted.cluster, registry)
    return replace(
        wanted,
        manifests=divided.manifests,
        base=divided.base,
        cluster=divided.cluster,
        left_out=tuple(divided.warnings()),
    )


def _with_tenants(wanted: Wanted, given: Sequence[Tenant] | None, registry: str | None) -> Wanted:
    """Judge who may use the registry, by a file or else by its ClusterRegistry among the manifests."""
    if given is not None:
        return replace(wanted, tenants=given, tenants_before=given)
    tenancy = tenancy_in(wanted.manifests, registry, wanted.namespaces())
    before = tenancy_in(wanted.base, registry, wanted.namespaces()) if wanted.base.registries else tenancy
    warnings = [tenancy.warning] if tenancy.warning else []
    return replace(
        wanted,
        tenants=tenancy.tenants,
        tenants_before=before.tenants,
        left_out=(*wanted.left_out, *warnings),
    )


def _make(wanted: Wanted, snapshot: Path | None, settings: Settings, source: Source) -> Report:
    """Return the plan, made from a snapshot or from the registry."""
    if snapshot is not None:
        return make(wanted, read_source(snapshot, {}), settings, source)
    if wanted.only_changed and wanted.cluster is None:
        report = ask_part(settings, lambda part: make_of_part(wanted, part, settings, source))
        if report is not None:
            return report
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


def _read(paths: tuple[Path, ...], base: str | None, namespace: str | None) -> tuple[Manifests, Manifests]:
    """Return the manifests, and those of the base."""
    reading = Reading() if base is None else _read_base(base, paths, namespace)
    # Git keeps no empty folder: a path that is gone, and was in the base, has lost its manifests.
    present = [path for path in paths if str(path) == STDIN or path.exists() or not _was_there(path, base, reading)]
    manifests = read_manifests(present, sys.stdin.buffer, namespace)
    if base is None:
        return manifests, NOTHING
    if not base.startswith(PREFIX):
        return manifests, checked(reading)
    moved = read_moved(base.removeprefix(PREFIX), paths, namespace, manifests, reading.manifests)
    reading.manifests += moved.manifests
    reading.problems += moved.problems
    return manifests, replace(checked(reading), elsewhere=frozenset(map(key_of_found, moved.manifests)))


def _was_there(path: Path, base: str | None, before: Reading) -> bool:
    """Return whether the base has a path that is gone, and is not just misspelt."""
    if base is None or not base.startswith(PREFIX):
        return bool(before.manifests)
    return existed_at(base.removeprefix(PREFIX), path)


def _read_base(base: str, paths: tuple[Path, ...], namespace: str | None) -> Reading:
    if not base.startswith(PREFIX):
        if base != STDIN and not Path(base).exists():
            hint = f"For a branch, tag or commit, write --base {PREFIX}{base}."
            raise click.UsageError(f"--base: there is no file or folder {base}. {hint}")
        return read([Path(base)], sys.stdin.buffer, namespace)
    if STDIN in map(str, paths):
        raise click.UsageError("--base git:REF reads files: what stdin was before, give as a file.")
    return read_at(base.removeprefix(PREFIX), paths, namespace)
