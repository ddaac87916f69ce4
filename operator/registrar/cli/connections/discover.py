"""``registrar connections discover``: the registries of a cluster, as manifests that connect them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from registrar.cli.cluster import connect
from registrar.cli.connections.searching import Found, search
from registrar.cli.console import one_line, say, show
from registrar.cli.exits import ExitCode
from registrar.cli.options import login_options, option, valid_namespaces
from registrar.cli.status.text import table

YAML, JSON, TABLE = OUTPUTS = ("yaml", "json", "table")


@click.command()
@option(
    "-n",
    "--namespace",
    "namespaces",
    multiple=True,
    callback=valid_namespaces,
    help="Look in this namespace only; repeat it for several.",
)
@option(
    "-o",
    "--output",
    type=click.Choice(OUTPUTS),
    default=YAML,
    show_default=True,
    help="Format: the manifests, JSON for programs, or a table.",
)
@login_options
def discover(namespaces: tuple[str, ...], *, output: str, context: str | None, kubeconfig: Path | None) -> ExitCode:
    """Find the registries of a cluster, and print a ClusterRegistry for each.

    It applies nothing. The manifests admit nobody: name the namespaces that may use a registry before you apply one. A
    registry is a Service with the label component or app.kubernetes.io/component and the value model-registry, as
    Kubeflow and Open Data Hub label it, and a port named https-api or http-api. Registries that a ClusterRegistry
    connects already are not printed as manifests.

    Exit codes: 0 done, 3 the cluster could not be read, or not all namespaces, 64 usage.
    """
    with connect(kubeconfig, context) as cluster:
        found = search(cluster, namespaces)
    show(_lines(found, output))
    for message in found.messages():
        say(message)
    return found.exit_code


def _lines(found: Found, output: str) -> Iterator[str]:
    if output == JSON:
        yield json.dumps(found.as_json(), indent=2, ensure_ascii=False)
    elif output == YAML:
        texts = (registry.text() for registry in found.registries if not registry.connected_by)
        yield from filter(None, ["---\n".join(texts).rstrip("\n")])
    elif found.registries:
        heads = ("NAMESPACE", "SERVICE", "URL", "NAME", "CONNECTED BY")
        rows = [
            (each.namespace, each.service, each.url, one_line(each.display_name) or "-", ", ".join(each.connected_by))
            for each in found.registries
        ]
        yield from table(heads, rows)
