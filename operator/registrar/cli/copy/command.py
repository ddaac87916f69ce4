"""The command: reads both registries, writes to one, and reports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from registrar.cli.catalogue import Catalogue
from registrar.cli.console import Counter, counted, say
from registrar.cli.copy.carrying_out import OutageError, Progress, carry_out
from registrar.cli.copy.choosing import choose
from registrar.cli.copy.deciding import OnDifference, decide
from registrar.cli.copy.outcome import Outcome
from registrar.cli.copy.problems import Reason
from registrar.cli.exits import ExitCode
from registrar.cli.options import ENVIRONMENT_PREFIX, GroupedCommand, Side, option, options_of, parse, side_option
from registrar.cli.selection import require_matches, selection_of, selection_options
from registrar.cli.source import read_file, read_registry, warn_of_unreadable
from registrar.registries.connection import writing
from registrar.registries.inventory import Inventory
from registrar.settings import RegistrySettings

FROM = Side("from", "Registry to copy from")
TO = Side("to", "Registry to copy to")


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@option(
    "--on-difference",
    type=click.Choice([*map(str, OnDifference)]),
    default=OnDifference.REPORT.value,
    show_default=True,
    help="What to do about entries that exist with other values: report them, change them, or report them and exit "
    "with 1.",
)
@option("--dry-run", is_flag=True, help="Write nothing; print what would be written.")
@selection_options
@option("--archived", is_flag=True, help="Also copy archived entries, and artifacts marked for deletion.")
@option(
    "--allow",
    multiple=True,
    metavar="REASON",
    type=click.Choice([*map(str, Reason)]),
    help="Entries that are not copied for this reason do not count as a failure; repeat it for several.",
)
@option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format: text, or JSON for programs.",
)
@side_option(FROM, "URL|FILE", "Root URL of the registry to copy from, or a file from registrar snapshot.")
@options_of(RegistrySettings, side=FROM)
@side_option(TO, "URL", "Root URL of the registry to copy to.")
@options_of(RegistrySettings, side=TO)
def copy(dry_run: bool, output: str, allow: tuple[str, ...], **options: Any) -> ExitCode:  # noqa: FBT001 - click's
    """Copy entries from registry to registry, or from a snapshot into a registry, without an operator.

    Entries are found by their names. What is missing is created, in the order of the IDs, so that the newest version
    and artifact stay the newest. Entries that exist are left alone unless --on-difference says otherwise. A copy clears
    no field, restores nothing that is archived, and does not change entries with an owner stamp. Owner stamps are not
    copied. Files are not moved: artifacts keep their URIs.

    A second run continues where the first one stopped, and writes nothing if there is nothing to do.

    Exit codes: 0 all is copied, 1 some entries could not be, 3 a registry or file could not be read or the registry
    stopped answering, 64 usage.
    """
    target = parse(RegistrySettings, options, TO)
    source = _read_from(options, target)
    require_matches(selection_of(options), source)
    there = read_registry(target)
    on_difference, catalogue = OnDifference(options["on_difference"]), Catalogue(there)
    choice = choose(Catalogue(source), catalogue, selection_of(options), with_archived=options["archived"])
    decisions = decide(choice.in_order(), catalogue, on_difference)
    decisions.problems[:0] = choice.problems
    progress = Progress(decisions)
    outcome = Outcome(
        source=options["from"],
        target=target.registry_url,
        is_dry_run=dry_run,
        is_complete=not source.unreadable and not there.unreadable,
        on_difference=on_difference,
        progress=progress,
        archived=choice.archived,
    )
    if dry_run:
        progress.pretend()
    is_interrupted = not dry_run and _write(progress, target, catalogue, on_difference)
    _print(outcome, output)
    for inventory in (source, there):
        warn_of_unreadable(inventory)
    return ExitCode.INTERRUPTED if is_interrupted else outcome.exit_code(allow)


def _read_from(options: Mapping[str, Any], target: RegistrySettings) -> Inventory:
    given = options[FROM.name]
    if "://" not in given:
        if not Path(given).is_file():
            raise click.UsageError(f"--from: {given!r} is neither a URL nor an existing file")
        return read_file(Path(given))
    settings = parse(RegistrySettings, options, FROM)
    if settings.registry_url == target.registry_url:
        raise click.UsageError("--from and --to name the same registry.")
    return read_registry(settings)


def _write(progress: Progress, target: RegistrySettings, there: Catalogue, on_difference: OnDifference) -> bool:
    """Carry out what was decided; return whether Ctrl-C ended it."""
    inventory = there.inventory
    known = {there.place(entry): str(entry.id) for entry in (*inventory.models, *inventory.versions)}
    known |= {there.place(held.artifact, held.version): str(held.artifact.id) for held in there.held}
    counter = Counter(f"of {counted(len(progress.decisions.writes), 'entry', 'entries')} written")

    async def write() -> None:
        async with writing(target) as writer:
            await carry_out(progress, writer, known, on_difference, counter)

    try:
        asyncio.run(write())
    except OutageError as error:
        counter.clear()
        say(f"Error: The registry {target.registry_url} cannot be written to: {error}")
    except KeyboardInterrupt:
        counter.clear()
        say("Interrupted.")
        return True
    counter.clear()
    return False


def _print(outcome: Outcome, output: str) -> None:
    if output == "json":
        click.echo(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
    else:
        for line in outcome.lines():
            click.echo(line)
    if outcome.is_dry_run:
        say("This was a dry run: nothing was written.")
    if missing := outcome.progress.missing:
        say(f"Error: {counted(len(missing), 'entry is', 'entries are')} missing. Run the command again to continue.")
