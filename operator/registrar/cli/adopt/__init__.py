"""``registrar adopt``: brings entries of a registry under management, with manifests in a cluster or in a folder."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from registrar.cli.adopt.into_cluster import adopt_into_cluster
from registrar.cli.adopt.into_folder import adopt_into_folder
from registrar.cli.adopt.outcome import Outcome
from registrar.cli.adopt.request import Request
from registrar.cli.cluster import Cluster, connect
from registrar.cli.exits import ExitCode
from registrar.cli.export.options import allow_option
from registrar.cli.options import (
    DEFAULT_SECONDS,
    DEFAULT_TIMEOUT,
    ENVIRONMENT_PREFIX,
    GroupedCommand,
    option,
    options_of,
    registry_ref_option,
    seconds,
    valid_namespace,
)
from registrar.cli.refusals import ClusterError
from registrar.cli.selection import narrowing_options
from registrar.settings import OwnerSettings, PolicySettings, RegistrySettings


@click.command(cls=GroupedCommand, context_settings={"auto_envvar_prefix": ENVIRONMENT_PREFIX})
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@option(
    "-n",
    "--namespace",
    callback=valid_namespace,
    help="Namespace of the resources. Defaults to that of the context; with --git, the manifests then name none.",
)
@option(
    "--git",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the manifests into this folder, and apply nothing: no cluster is needed.",
)
@option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format: text, or JSON for programs, which needs --yes, --dry-run or --git.",
)
@option("--yes", is_flag=True, help="Apply without a question.")
@option(
    "--dry-run",
    is_flag=True,
    help="Show the plan, and apply and write nothing. Without --git, the namespace is read to make it.",
)
@option(
    "--timeout",
    callback=seconds,
    show_default=DEFAULT_TIMEOUT,
    metavar="DURATION",
    help="How long to wait until the resources are ready, such as 90s, 5m or 1h.",
)
@registry_ref_option(
    "ClusterRegistry that connects this registry. The manifests name it, so that the operator adopts the entries there."
)
@narrowing_options
@option("--archived", is_flag=True, help="Also adopt archived entries, and artifacts marked for deletion.")
@allow_option
@option("--context", help="Context of the kubeconfig.")
@option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Kubeconfig file to log in with. Defaults as kubectl's does.",
)
@option(
    "--snapshot",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read this file from registrar snapshot instead of a registry. Without --git, a cluster is needed too.",
)
@options_of(RegistrySettings, required=False)
@options_of(OwnerSettings)
@options_of(PolicySettings)
def adopt(
    models: tuple[str, ...],
    *,
    namespace: str | None,
    git: Path | None,
    output: str,
    yes: bool,
    dry_run: bool,
    timeout: float | None,
    context: str | None,
    kubeconfig: Path | None,
    snapshot: Path | None,
    **options: Any,
) -> ExitCode:
    """Bring the entries of models that nothing manages under management: plan, ask, apply, wait.

    MODEL is the name of a model, or a pattern such as 'churn-*'. Its versions and artifacts come with it. The operator
    writes the owner stamp to each entry and changes nothing else; what cannot be expressed is listed with the reason.
    No field is taken from another field manager. If the command is interrupted, run it again.

    Exit codes: 0 all are ready, 1 something is left out, refused or not ready, 3 a server could not be read or took
    nothing, 64 usage, 130 interrupted.
    """
    request = Request(models, snapshot, dry_run, output == "json", options)
    if git is not None:
        if context is not None or kubeconfig is not None:
            raise click.UsageError("--git applies nothing: leave out --context and --kubeconfig.")
        with _reported(request, {"directory": str(git), "namespace": namespace}) as outcome:
            return adopt_into_folder(request, git, namespace, outcome)
    if not (yes or dry_run) and (request.is_json or not sys.stdin.isatty()):
        reason = "--output json asks nothing" if request.is_json else "There is no terminal to ask"
        raise click.UsageError(f"{reason}: give --yes, or --dry-run to see the plan.")
    limit = DEFAULT_SECONDS if timeout is None else timeout
    with _connected(kubeconfig, context, is_dry_run=dry_run) as cluster:
        place = namespace or cluster.namespace
        with _reported(request, {"cluster": cluster.name, "namespace": place}) as outcome:
            return adopt_into_cluster(request, cluster, place, limit, outcome, is_confirmed=yes)


@contextlib.contextmanager
def _connected(kubeconfig: Path | None, context: str | None, *, is_dry_run: bool) -> Iterator[Cluster]:
    """Connect to the cluster; for a plan alone, the error says how to make it without one."""
    try:
        with connect(kubeconfig, context) as cluster:
            yield cluster
    except ClusterError as error:
        if is_dry_run:
            raise ClusterError(f"{error.message} --dry-run with --git DIR makes a plan without a cluster.") from error
        raise


@contextlib.contextmanager
def _reported(request: Request, target: Mapping[str, str | None]) -> Iterator[Outcome]:
    """Print what comes of an adoption for programs, if they asked for it, whatever ends it."""
    outcome = Outcome(target, request.dry_run)
    try:
        yield outcome
    except BaseException:
        outcome.is_complete = False
        raise
    finally:
        if request.is_json:
            click.echo(json.dumps(outcome.as_json(), indent=2, ensure_ascii=False))
