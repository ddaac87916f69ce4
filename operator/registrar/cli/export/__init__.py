"""``registrar export``: the entries of a registry as manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from registrar.cli.console import say, write_errors_explained
from registrar.cli.exits import ExitCode
from registrar.cli.export.build import Builder
from registrar.cli.export.catalogue import Catalogue
from registrar.cli.export.existing import Existing, read_existing
from registrar.cli.export.layout import Layout, file_of
from registrar.cli.export.options import choices_of, selecting, selection_of
from registrar.cli.export.outcome import Outcome
from registrar.cli.export.report import failures
from registrar.cli.export.writing import compare, stream, write, write_kustomization
from registrar.cli.files import write_beside
from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, option, options_of, valid_namespace
from registrar.cli.source import read_source, warn_of_unreadable
from registrar.settings import OwnerSettings, RegistrySettings

_STDOUT = "-"


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
@option(
    "-n",
    "--namespace",
    callback=valid_namespace,
    help="Namespace to write into the manifests. Without it they name none.",
)
@option("--model", "models", multiple=True, help="Models to export, such as 'churn-*'; repeat it for several.")
@selecting("export")
@option("--unmanaged", is_flag=True, help="Export only entries that no operator manages.")
@option("--external-parents", is_flag=True, help="Refer to the models of selected versions as external ones.")
@option("--include-sensitive", is_flag=True, help="Also write what looks like a secret.")
@option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what was done and left out to this file, as JSON.",
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

    The options of the registry are the operator's own, and so are their environment variables.
    """
    is_printed = str(directory) == _STDOUT
    if is_printed and (options["check"] or options["overwrite"] or options["kustomization"]):
        raise click.UsageError("--check, --overwrite and --kustomization need a folder.")
    if options["check"] and options["overwrite"]:
        raise click.UsageError("Give --check or --overwrite, not both.")
    choices = choices_of(
        selection_of(options["models"], options, unmanaged=options["unmanaged"]),
        options["namespace"],
        options,
        with_sensitive=options["include_sensitive"],
        external_parents=options["external_parents"],
    )
    inventory = read_source(snapshot, options)
    catalogue = Catalogue(inventory)
    existing = Existing() if is_printed else read_existing(directory, choices.namespace, catalogue)
    builder = Builder(catalogue, existing.known, choices)
    exported = builder.build()
    folder_names = builder.folder_names()
    outcome = Outcome(exported, is_complete=not inventory.unreadable)
    if is_printed:
        click.echo(stream(exported.manifests), nl=False)
    else:
        layout = Layout(options["layout"])
        outcome.changes = compare(
            exported.manifests, existing, builder.checker, lambda each: file_of(each, layout, folder_names), directory
        )
        if not options["check"]:
            _write(outcome, existing, directory, options)
    _report(outcome, options["report"])
    missing = failures(exported.omissions, options["allow"])
    differs = options["check"] and not outcome.changes.are_none
    return warn_of_unreadable(inventory) or (
        ExitCode.ATTENTION if missing else ExitCode.CHANGES if differs else ExitCode.DONE
    )


def _write(outcome: Outcome, existing: Existing, directory: Path, options: dict[str, Any]) -> None:
    changes, overwrite = outcome.changes, options["overwrite"]
    with write_errors_explained():
        outcome.left = write(changes, overwrite=overwrite)
        if options["kustomization"]:
            files = [*changes.new, *(found.file for found in existing.resources.values())]
            outcome.unlisted = write_kustomization(directory, files, overwrite=overwrite)


def _report(outcome: Outcome, file: Path | None) -> None:
    for line in outcome.lines():
        say(line)
    if file is not None:
        with write_errors_explained():
            write_beside(file, [json.dumps(outcome.as_json(), indent=2, ensure_ascii=False), "\n"])
