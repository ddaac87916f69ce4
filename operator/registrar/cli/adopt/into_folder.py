"""Adopts entries by writing their manifests into a folder that Git keeps, and that a GitOps controller applies."""

from __future__ import annotations

import shlex
from pathlib import Path

from registrar.cli.adopt import candidates
from registrar.cli.adopt.outcome import Outcome as Adoption
from registrar.cli.adopt.request import Request
from registrar.cli.catalogue import Catalogue
from registrar.cli.console import one_line, say, shortened, show, write_errors_explained
from registrar.cli.exits import ExitCode
from registrar.cli.export.build import Builder
from registrar.cli.export.changes import compare
from registrar.cli.export.existing import read_existing
from registrar.cli.export.layout import Layout, plan_files
from registrar.cli.export.manifests import ASSUMED_NAMESPACE, Manifest
from registrar.cli.export.outcome import Outcome
from registrar.cli.export.report import failures
from registrar.cli.export.rewriting import leave
from registrar.cli.export.writing import write
from registrar.cli.selection import require_matches
from registrar.cli.source import read_source, warn_of_unreadable


def adopt_into_folder(request: Request, directory: Path, namespace: str | None, into: Adoption) -> ExitCode:
    """Plan, and write.

    Args:
        request: what to adopt.
        directory: the folder; manifests that it has already stay as they are.
        namespace: the namespace that the manifests name; None leaves it out.
        into: takes what comes of it.

    Raises:
        NotKnownError: the registry cannot be read.
        AttentionError: a pattern matches no model, or the folder cannot be read or written.
    """
    source = request.source(has_cluster=False)
    inventory = read_source(request.snapshot, request.options)
    choices = request.choices(namespace)
    require_matches(choices.selection, inventory)
    catalogue = Catalogue(inventory)
    existing = read_existing(directory, namespace, catalogue, choices.registry_ref)
    builder = Builder(catalogue, existing.known, choices)
    outcome = Outcome(builder.build(), is_complete=not inventory.unreadable)
    into.is_complete = outcome.is_complete
    into.omissions, into.archived = outcome.exported.omissions, outcome.exported.archived
    manifests = outcome.exported.manifests
    planned_files = plan_files(catalogue, existing, directory, Layout.TREE, builder.folder_names())
    outcome.changes = compare(manifests, existing, builder.checker, planned_files.file_of, directory)
    files = {id(manifest): file for file, added in outcome.changes.new.items() for manifest in added}

    def heading(manifest: Manifest) -> str:
        found = existing.resources.get(manifest.place)
        return str(files[id(manifest)] if found is None else found.file)

    planned = candidates.plan(
        manifests, heading, namespace or ASSUMED_NAMESPACE, inventory, request.settings(source), source
    )
    into.plan = planned.report
    into.stranded = list(candidates.stranded(catalogue, existing.known, choices.selection))
    if not request.is_json:
        show(planned.lines())
    if not request.dry_run:
        with write_errors_explained():
            outcome.written = list(write(outcome.changes, leave))
    into.files = [str(written.file) for written in outcome.written or ()]
    stranded = list(map(one_line, into.stranded))
    for line in (
        *planned.report.messages(),
        *shortened(stranded, "not adopted"),
        *outcome.lines(_rewriting(request, directory, namespace)),
    ):
        say(line)
    is_left_out = bool(
        failures(outcome.exported.omissions, request.options["allow"])
        or outcome.left
        or outcome.changes.repeated
        or into.stranded
    )
    return max(
        warn_of_unreadable(inventory),
        planned.report.exit_code(counts_changes=False),
        ExitCode.ATTENTION if is_left_out else ExitCode.DONE,
    )


def _rewriting(request: Request, directory: Path, namespace: str | None) -> str:
    """Return how manifests get the values of their entries, which an adoption never changes."""
    chosen = [f"--model={pattern}" for pattern in request.models]
    place = [] if namespace is None else [f"--namespace={namespace}"]
    ref = request.options["registry_ref"]
    place += [] if ref is None else [f"--registry-ref={ref}"]
    command = shlex.join(["registrar", "export", str(directory), "--update", "--unmanaged", *chosen, *place])
    return f"{command} rewrites those that differ"
