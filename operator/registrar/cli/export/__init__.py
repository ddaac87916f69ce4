"""``registrar export``: the entries of a registry as manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from registrar.cli.catalogue import Catalogue
from registrar.cli.console import AttentionError, say, write_errors_explained
from registrar.cli.exits import ExitCode
from registrar.cli.export.build import Builder
from registrar.cli.export.changes import compare
from registrar.cli.export.check import Checker
from registrar.cli.export.choices import Choices
from registrar.cli.export.existing import Existing, read_existing
from registrar.cli.export.layout import Grouping, Layout, plan_files
from registrar.cli.export.options import allow_option
from registrar.cli.export.outcome import Outcome
from registrar.cli.export.report import failures
from registrar.cli.export.rewriting import Rewriting, rewrite_by
from registrar.cli.export.templates import Templates, templates_from
from registrar.cli.export.writing import stream, write, write_kustomization
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
from registrar.cli.selection import require_matches, selection_of, selection_options
from registrar.cli.source import read_source, warn_of_unreadable
from registrar.settings import OwnerSettings, RegistrySettings

_STDOUT = "-"


def _templates(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Templates:
    try:
        return templates_from(values)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@click.argument("directory", type=click.Path(file_okay=False, allow_dash=True, path_type=Path))
@option("--check", is_flag=True, help="Write nothing; exit with 2 if the folder differs from the registry.")
@option("--update", is_flag=True, help="Change the values that differ, and keep comments and formatting.")
@option("--overwrite", is_flag=True, help="Rewrite manifests that differ; their comments are lost.")
@option(
    "--layout",
    type=click.Choice([*map(str, Layout)]),
    default=Layout.TREE.value,
    show_default=True,
    help="How files are spread.",
)
@option(
    "--group-by",
    "grouping",
    type=click.Choice([*map(str, Grouping)]),
    help="Put the files of each owner's models into a folder of their own.",
)
@option(
    "--name-template",
    "templates",
    multiple=True,
    callback=_templates,
    metavar="TEMPLATE",
    help="How resources are named, such as '{model}.{version}'; repeat it for several kinds.",
)
@option("--kustomization", is_flag=True, help="Also write a kustomization.yaml that lists the files.")
@option(
    "-n",
    "--namespace",
    callback=valid_namespace,
    help="Namespace to write into the manifests. Without it they name none.",
)
@registry_ref_option("ClusterRegistry that connects this registry, to write into the manifests as registryRef.")
@selection_options
@option("--external-parents", is_flag=True, help="Refer to the models of selected versions as external ones.")
@option("--archived", is_flag=True, help="Also export archived entries, and artifacts marked for deletion.")
@option("--include-sensitive", is_flag=True, help="Also write what looks like a secret.")
@allow_option
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
def export(directory: Path, **options: Any) -> ExitCode:
    """Write the entries of a registry as manifests into a folder; "-" prints them.

    Applying them changes nothing in the registry but the owner stamp: each manifest is compared with its entry, as the
    operator would, before it is written. What cannot be expressed is listed with the reason. Files that already say
    what the registry holds stay as they are, and no file is deleted.

    A template for names has the placeholders {model}, {version} and {artifact}, and is for the kind of the lowest one
    in it. A kind without a template adds its own name to that of its parent, with a hyphen. Names that are in the
    folder or in owner stamps already stay as they are.

    The options of the registry are the operator's own, and so are their environment variables.
    """
    _refuse_what_does_not_fit(directory, options)
    choices = _choices(options)
    outcome = Outcome()
    try:
        code = _export(directory, choices, options, outcome)
    except click.UsageError:
        raise
    except (KeyboardInterrupt, click.ClickException) as error:
        outcome.is_stopped = True
        say(outcome.stopped_line(can_continue=not isinstance(error, AttentionError)))
        _write_report(outcome, options["report"])
        raise
    for line in outcome.lines():
        say(line)
    _write_report(outcome, options["report"])
    return code


def _refuse_what_does_not_fit(directory: Path, options: dict[str, Any]) -> None:
    for_folders = ("check", "update", "overwrite", "kustomization", "grouping")
    given = [name for name in for_folders[:3] if options[name]]
    if str(directory) == _STDOUT and any(options[name] for name in for_folders):
        raise click.UsageError("--check, --update, --overwrite, --kustomization and --group-by need a folder.")
    if len(given) > 1:
        raise click.UsageError(f"Give --{given[0]} or --{given[1]}, not both.")


def _export(directory: Path, choices: Choices, options: dict[str, Any], outcome: Outcome) -> ExitCode:
    """Export, and record in the outcome what is done as it is done."""
    is_printed = str(directory) == _STDOUT
    inventory = read_source(options["snapshot"], options)
    outcome.is_complete = not inventory.unreadable
    require_matches(choices.selection, inventory)
    catalogue = Catalogue(inventory)
    existing = Existing()
    if not is_printed:
        existing = read_existing(directory, choices.namespace, catalogue, choices.registry_ref)
    builder = Builder(catalogue, existing.known, choices)
    exported = outcome.exported = builder.build()
    if is_printed:
        click.echo(stream(exported.manifests), nl=False)
    else:
        grouping = Grouping(options["grouping"]) if options["grouping"] else None
        layout = Layout(options["layout"])
        files = plan_files(catalogue, existing, directory, layout, builder.folder_names(), grouping)
        outcome.changes = compare(exported.manifests, existing, builder.checker, files.file_of, directory)
        if not options["check"]:
            _write(outcome, existing, directory, builder.checker, options)
    missing = failures(exported.omissions, options["allow"])
    differs = options["check"] and not outcome.changes.are_none
    needs_person = missing or (outcome.rewriting is not None and (outcome.left or outcome.changes.repeated))
    return warn_of_unreadable(inventory) or (
        ExitCode.ATTENTION if needs_person else ExitCode.CHANGES if differs else ExitCode.DONE
    )


def _choices(options: dict[str, Any]) -> Choices:
    return Choices(
        owner_id=parse(OwnerSettings, options).owner_id,
        namespace=options["namespace"],
        selection=selection_of(options),
        with_archived=options["archived"],
        with_sensitive=options["include_sensitive"],
        external_parents=options["external_parents"],
        templates=options["templates"],
        registry_ref=options["registry_ref"],
    )


def _write(outcome: Outcome, existing: Existing, directory: Path, checker: Checker, options: dict[str, Any]) -> None:
    outcome.rewriting = rewriting = next((each for each in Rewriting if options[each]), None)
    outcome.written = []
    with write_errors_explained():
        for written in write(outcome.changes, rewrite_by(rewriting, checker)):
            outcome.written.append(written)
        if options["kustomization"]:
            files = [*outcome.changes.new, *(found.file for found in existing.resources.values())]
            outcome.unlisted = write_kustomization(directory, files, rewriting)


def _write_report(outcome: Outcome, file: Path | None) -> None:
    if file is not None:
        with write_errors_explained():
            write_beside(file, [json.dumps(outcome.as_json(), indent=2, ensure_ascii=False), "\n"])
