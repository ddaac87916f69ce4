"""``registrar export``: the entries of a registry as manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from registrar.cli.console import say
from registrar.cli.exits import ExitCode
from registrar.cli.export.build import Builder, Export
from registrar.cli.export.catalogue import Catalogue
from registrar.cli.export.choices import Choices
from registrar.cli.export.existing import Existing, read_existing
from registrar.cli.export.layout import Layout, file_of
from registrar.cli.export.report import Reason, failures, lines, shortened
from registrar.cli.export.selection import Selection
from registrar.cli.export.writing import Changes, compare, stream, write, write_kustomization
from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, option, options_of, parse
from registrar.cli.source import read_source, warn_of_unreadable
from registrar.settings import OwnerSettings, RegistrySettings

_STDOUT = "-"


def _property(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Any:
    pairs = [value.partition("=") for value in values]
    for (name, sign, _), value in zip(pairs, values, strict=True):
        if not name or not sign:
            raise click.BadParameter(f"{value!r} has no form NAME=VALUE")
    return tuple((name, value) for name, _, value in pairs)


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@click.argument("directory", type=click.Path(file_okay=False, allow_dash=True, path_type=Path))
@option("--check", is_flag=True, help="Write nothing; exit with 2 if the folder differs from the registry.")
@option("--overwrite", is_flag=True, help="Rewrite manifests that differ; their comments are lost.")
@option(
    "--layout",
    type=click.Choice([*map(str, Layout)]),
    default=Layout.TREE.value,
    show_default=True,
    help="How files are spread.",
)
@option("--kustomization", is_flag=True, help="Also write a kustomization.yaml that lists the files.")
@option("-n", "--namespace", help="Namespace to write into the manifests. Without it they name none.")
@option("--model", "models", multiple=True, help="Models to export, such as 'churn-*'; repeat it for several.")
@option("--version", "versions", multiple=True, help="Versions to export, with their models.")
@option("--owner", "owners", multiple=True, help="Export models with this owner.")
@option("--property", "properties", multiple=True, callback=_property, help="Export what has it: NAME=VALUE.")
@option("--unmanaged", is_flag=True, help="Export only entries that no operator manages.")
@option("--external-parents", is_flag=True, help="Refer to the models of selected versions as external ones.")
@option("--archived", is_flag=True, help="Also export archived entries, and artifacts marked for deletion.")
@option("--include-sensitive", is_flag=True, help="Also write what looks like a secret.")
@option(
    "--allow",
    multiple=True,
    type=click.Choice([*map(str, Reason)]),
    help="Entries that are left out for this reason do not count as a failure.",
)
@option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read this file from registrar snapshot instead of a registry.",
)
@options_of(RegistrySettings, required=False)
@options_of(OwnerSettings)
def export(directory: Path, snapshot: Path | None, **options: Any) -> ExitCode:
    """Write the entries of a registry as manifests into a folder; "-" prints them.

    Applying them changes nothing in the registry but the owner stamp: each manifest is compared with its entry, as the
    operator would, before it is written. What cannot be expressed is listed with the reason. Files that already say
    what the registry holds stay as they are, and no file is deleted.
    """
    is_printed = str(directory) == _STDOUT
    if is_printed and (options["check"] or options["overwrite"] or options["kustomization"]):
        raise click.UsageError("--check, --overwrite and --kustomization need a folder.")
    if options["check"] and options["overwrite"]:
        raise click.UsageError("Give --check or --overwrite, not both.")
    choices = _choices(options)
    inventory = read_source(snapshot, options)
    catalogue = Catalogue(inventory)
    existing = Existing() if is_printed else read_existing(directory, choices.namespace, catalogue)
    builder = Builder(catalogue, existing, choices)
    exported = builder.build()
    code, folder_names = ExitCode.DONE, builder.folder_names()
    if is_printed:
        click.echo(stream(exported.manifests), nl=False)
    else:
        changes = compare(
            exported.manifests,
            existing,
            builder.checker,
            lambda manifest: file_of(manifest, Layout(options["layout"]), folder_names),
            directory,
        )
        code = _check(changes) if options["check"] else _write(changes, existing, directory, options)
    for line in lines(exported.omissions):
        say(line)
    say(_summary(exported))
    missing = failures(exported.omissions, options["allow"])
    return warn_of_unreadable(inventory) or (ExitCode.ATTENTION if missing else code)


def _choices(options: dict[str, Any]) -> Choices:
    selection = Selection(
        models=options["models"],
        versions=options["versions"],
        owners=options["owners"],
        properties=options["properties"],
        unmanaged=options["unmanaged"],
    )
    return Choices(
        owner_id=parse(OwnerSettings, options).owner_id,
        namespace=options["namespace"],
        selection=selection,
        with_archived=options["archived"],
        with_sensitive=options["include_sensitive"],
        external_parents=options["external_parents"],
    )


def _check(changes: Changes) -> ExitCode:
    new = [
        f"Only in the registry: {manifest.kind.name} {manifest.entry.name!r}"
        for each in changes.new.values()
        for manifest in each
    ]
    _list(new, "only in the registry")
    _list([f"Differs: {each}" for each in changes.differing], "that differ")
    _list([f"Not in the registry: {each}" for each in changes.only_here], "not in the registry")
    return ExitCode.DONE if changes.are_none else ExitCode.CHANGES


def _write(changes: Changes, existing: Existing, directory: Path, options: dict[str, Any]) -> ExitCode:
    left = write(changes, overwrite=options["overwrite"])
    hint = "an item of a List; change it by hand" if options["overwrite"] else "--overwrite rewrites it"
    _list([f"Differs ({hint}): {each}" for each in left], "that differ")
    _list([f"Not in the registry: {each}" for each in changes.only_here], "not in the registry")
    if options["kustomization"]:
        files = [*changes.new, *(found.file for found in existing.resources.values())]
        unlisted = write_kustomization(directory, files, overwrite=options["overwrite"])
        _list(
            [f"Not in the kustomization (--overwrite adds it): {name}" for name in unlisted], "not in the kustomization"
        )
    added = sum(map(len, changes.new.values()))
    rewritten = len(changes.differing) - len(left)
    say(
        f"{added:,} manifests written to {len(changes.new):,} files, {rewritten:,} rewritten, {len(left):,} differ, "
        f"{changes.unchanged:,} unchanged."
    )
    return ExitCode.DONE


def _list(texts: list[str], sort: str) -> None:
    for line in shortened(texts, sort):
        say(line)


def _summary(exported: Export) -> str:
    archived = (
        f" {exported.archived:,} archived entries left out; --archived exports them." if exported.archived else ""
    )
    return f"{len(exported.manifests):,} resources exported.{archived}"
