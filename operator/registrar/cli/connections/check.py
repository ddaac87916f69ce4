"""``registrar connections check``: what is wrong with ClusterRegistries, in files or in a cluster."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from registrar.api.bodies import Body
from registrar.api.tenants import Labels
from registrar.api.v1alpha1.cluster_registry import ClusterRegistry
from registrar.cli.cluster import Cluster, connect
from registrar.cli.connections.bodies import as_written, labels_of
from registrar.cli.connections.checking import Check, Checked, admit, checked_cluster, checked_files, selects
from registrar.cli.connections.probing import ask_all
from registrar.cli.console import counted, one_line, say, show
from registrar.cli.documents.dump import dump
from registrar.cli.exits import ExitCode
from registrar.cli.options import login_options, option, valid_namespaces
from registrar.cli.refusals import NotAllowedError
from registrar.cli.status.text import table
from registrar.cli.validate.found import FoundRegistry
from registrar.cli.validate.reading import Reading, read, read_text

TEXT, JSON = "text", "json"
HEADINGS = ("NAME", "URL", "ANSWERS", "OPERATOR", "RESOURCES")
FORMAT_VERSION = "1.0"
"""Within a major version of the format, fields are only added."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(allow_dash=True, path_type=Path))
@option(
    "-n",
    "--namespace",
    "namespaces",
    multiple=True,
    callback=valid_namespaces,
    help="Say too what this namespace may use; repeat it for several.",
)
@option("--no-connect", is_flag=True, help="Do not ask the registries.")
@option(
    "-o",
    "--output",
    type=click.Choice((TEXT, JSON)),
    default=TEXT,
    show_default=True,
    help="Format: text, or JSON for programs.",
)
@login_options
def check(
    paths: tuple[Path, ...],
    *,
    namespaces: tuple[str, ...],
    no_connect: bool,
    output: str,
    context: str | None,
    kubeconfig: Path | None,
) -> ExitCode:
    """Check ClusterRegistries: those of the cluster, or with PATH those in files; "-" reads them from stdin.

    A namespaceSelector depends on the labels of namespaces: those in the cluster, or in the manifests of Namespaces in
    the files.

    It compares them with each other, asks each registry whether it is there, and shows what the operator reports of
    those in a cluster. Files need no cluster. It sends no token, so a registry that asks for one counts as there. What
    your machine cannot reach, the operator may reach all the same: --no-connect asks nobody.

    Exit codes: 0 nothing is wrong, 1 something is, 3 the cluster or a file could not be read, 64 usage.
    """
    if paths and (context is not None or kubeconfig is not None):
        raise click.UsageError("Files need no cluster: leave out --context and --kubeconfig.")
    made, labels = _of_files(paths) if paths else _of_cluster(kubeconfig, context, needs_labels=bool(namespaces))
    if not no_connect:
        ask_all(made)
    admit(made, namespaces, labels)
    if output == TEXT:
        for finding in made.findings:
            say(one_line(str(finding)))
    show([json.dumps(_as_json(made), indent=2, ensure_ascii=False)] if output == JSON else _lines(made))
    if not made.is_complete:
        return ExitCode.NOT_KNOWN
    return ExitCode.ATTENTION if made.findings else ExitCode.DONE


def _of_files(paths: tuple[Path, ...]) -> tuple[Check, Mapping[str, Labels]]:
    reading = read(paths, sys.stdin.buffer, None)
    return checked_files(reading.registries, reading.problems), reading.namespaces


def _of_cluster(
    kubeconfig: Path | None, context: str | None, *, needs_labels: bool
) -> tuple[Check, Mapping[str, Labels]]:
    with connect(kubeconfig, context) as cluster:
        bodies = cluster.list_resources(ClusterRegistry.PLURAL, None)
        made = checked_cluster((_as_found(body), body) for body in bodies)
        return made, _labels(cluster) if needs_labels and selects(made) else {}


def _labels(cluster: Cluster) -> Mapping[str, Labels]:
    """Return the labels of the namespaces; none if the user may not list them."""
    try:
        return dict(map(labels_of, cluster.list_core("namespaces", None)))
    except NotAllowedError:
        return {}


def _as_found(body: Body) -> FoundRegistry:
    reading = Reading()
    read_text(dump(as_written(body)), "cluster", None, reading)
    return reading.registries[0]


def _lines(made: Check) -> Iterator[str]:
    if made.registries:
        yield from table(HEADINGS, [_cells(each) for each in made.registries])
    yield from map(str, made.admissions)
    registries = counted(len(made.registries), "ClusterRegistry", "ClusterRegistries")
    yield f"{registries}: {counted(len(made.findings), 'finding')}."


def _cells(checked: Checked) -> tuple[str, ...]:
    ready, resources = checked.ready, None if checked.status is None else checked.status.resources
    cells = (
        checked.name,
        checked.url,
        checked.answer,
        "" if ready is None else ready.reason,
        "" if resources is None else f"{resources:,}",
    )
    return tuple(one_line(cell) or "-" for cell in cells)


def _as_json(made: Check) -> dict[str, Any]:
    return {
        "formatVersion": FORMAT_VERSION,
        "complete": made.is_complete,
        "registries": [_registry_json(each) for each in made.registries],
        "namespaces": [each.as_json() for each in made.admissions],
        "findings": [each.as_json() for each in made.findings],
    }


def _registry_json(checked: Checked) -> dict[str, Any]:
    ready = checked.ready
    return {
        "name": checked.found.name,
        "place": checked.place,
        "url": checked.url or None,
        "answers": checked.answer or None,
        "reason": None if ready is None else ready.reason,
        "resources": None if checked.status is None else checked.status.resources,
    }
