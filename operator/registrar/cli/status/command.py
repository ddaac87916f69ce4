"""``registrar status``: options in, output out; what they mean is decided in the modules beside this one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from registrar.api.bodies import ResourceKey
from registrar.cli.cluster import Cluster, connect
from registrar.cli.console import show, styled
from registrar.cli.events import Event
from registrar.cli.exits import ExitCode
from registrar.cli.options import DEFAULT_SECONDS, DEFAULT_TIMEOUT, login_options, seconds
from registrar.cli.refusals import ClusterError
from registrar.cli.status import arguments, text
from registrar.cli.status.arguments import DOT, JSON, OUTPUTS, TEXT, WIDE, Options, refuse_what_does_not_fit
from registrar.cli.status.as_json import matches_json, report_json
from registrar.cli.status.dot import report_dot
from registrar.cli.status.find import Entry, find
from registrar.cli.status.reading import ask_for, wait, watch
from registrar.cli.status.report import Report, Scope
from registrar.cli.status.screen import Screen

MAX_EVENTS = 20
"""Events that are shown, the last ones."""

DEFAULT_INTERVAL, DEFAULT_INTERVAL_SECONDS = "5s", 5.0
"""How long ``--watch`` waits between two readings, as the help says it and in seconds."""


@click.command()
@click.argument("resource", required=False, callback=arguments.kind_and_name, metavar="[KIND/NAME]")
@click.option("--namespace", "-n", help="Namespace to look in. Defaults to that of the context.")
@click.option("--all-namespaces", "-A", is_flag=True, help="Look in all namespaces.")
@click.option(
    "--output",
    "-o",
    default=TEXT,
    type=click.Choice(OUTPUTS),
    show_default=True,
    help="Format: text, text with more columns, JSON for programs, or a graph for Graphviz.",
)
@click.option("--not-ready", is_flag=True, help="List only what is not ready or has drifted, and what it belongs to.")
@click.option("--events", is_flag=True, help="Show the latest Events about the resource; requires KIND/NAME.")
@click.option(
    "--find",
    "by_id",
    callback=arguments.entry_of_id,
    metavar="[SORT/]ID",
    help="Say which resource represents this entry of the registry, such as model/7, version/12 or artifact/3.",
)
@click.option(
    "--find-name",
    "by_name",
    callback=arguments.entry_of_name,
    metavar="[SORT/]NAME",
    help="The same by the entry's name in the registry, such as version/2026-03.",
)
@click.option("--wait", "waits", is_flag=True, help="Wait until everything is ready, or until only a person can help.")
@click.option(
    "--timeout",
    callback=seconds,
    show_default=DEFAULT_TIMEOUT,
    metavar="DURATION",
    help="How long --wait waits, such as 90s, 5m or 1h.",
)
@click.option(
    "--watch",
    "-w",
    "watches",
    is_flag=True,
    help="Show the state again and again until Ctrl-C: on a terminal in place, otherwise whenever it has changed.",
)
@click.option(
    "--interval",
    callback=arguments.interval,
    show_default=DEFAULT_INTERVAL,
    metavar="DURATION",
    help="How long --watch waits before it lists the resources again.",
)
@login_options
def status(
    *,
    resource: tuple[str, str] | None,
    namespace: str | None,
    all_namespaces: bool,
    output: str,
    not_ready: bool,
    events: bool,
    by_id: Entry | None,
    by_name: Entry | None,
    waits: bool,
    timeout: float | None,
    watches: bool,
    interval: float | None,
    context: str | None,
    kubeconfig: Path | None,
) -> ExitCode:
    """Say what is not ready, why, and what to do.

    With KIND/NAME only about that resource, what it belongs to and what belongs to it.

    Exit codes: 0 everything is ready, 1 something is not, 3 the cluster could not be read, 64 usage, 130 Ctrl-C.
    """
    if by_id is not None and by_name is not None:
        raise click.UsageError("Give --find or --find-name, not both.")
    limit = _only_with(waits, "--timeout is for --wait.", timeout, DEFAULT_SECONDS)
    every = _only_with(watches, "--interval is for --watch.", interval, DEFAULT_INTERVAL_SECONDS)
    entry = by_id or by_name
    asked = Options(resource, namespace, all_namespaces, output, not_ready, events, entry, limit, every)
    refuse_what_does_not_fit(asked)
    with connect(kubeconfig, context) as cluster:
        return _answer(asked, cluster)


def _only_with(is_on: bool, message: str, given: float | None, default: float) -> float | None:  # noqa: FBT001 - a flag
    if given is not None and not is_on:
        raise click.UsageError(message)
    if not is_on:
        return None
    return default if given is None else given


def _answer(asked: Options, cluster: Cluster) -> ExitCode:
    namespace = None if asked.all_namespaces else asked.namespace or cluster.namespace
    key = None if asked.resource is None else ResourceKey(asked.resource[0], str(namespace), asked.resource[1])
    scope = Scope(namespace, key)
    try:
        if asked.interval is not None:
            _watch(asked, cluster, scope, asked.interval)
        if asked.timeout is None:
            report = ask_for(cluster, scope)
        else:
            report = wait(lambda: ask_for(cluster, scope), asked.timeout, lambda line: click.echo(line, err=True))
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None
    for problem in report.problems:
        click.echo(f"Error: {problem}", err=True)
    return _show_matches(asked, report) if asked.entry is not None else _show_report(asked, report, cluster)


def _watch(asked: Options, cluster: Cluster, scope: Scope, interval: float) -> None:
    """Show reports until Ctrl-C, or until the cluster refuses."""
    screen = Screen(interval, is_for_people=asked.output != JSON)

    def show(report: Report) -> None:
        events = _events(asked, report, cluster)
        screen.show(styled(_report_lines(asked, report, events)), list(report.problems))

    with screen:
        watch(lambda: ask_for(cluster, scope), show, screen.show_problem, interval)


def _show_report(asked: Options, report: Report, cluster: Cluster) -> ExitCode:
    code, events = report.exit_code, None
    try:
        events = _events(asked, report, cluster)
    except ClusterError as error:
        error.show()
        code = ExitCode.NOT_KNOWN
    show(_report_lines(asked, report, events))
    return code


def _events(asked: Options, report: Report, cluster: Cluster) -> list[Event] | None:
    """Return the Events about the resource; None if nobody asked for them."""
    if not asked.events or report.scope.resource is None:
        return None
    found = next(one.resource for one in report.assessed if one.resource.key == report.scope.resource)
    return cluster.events(found.key.namespace, found.metadata.uid)[-MAX_EVENTS:]


def _report_lines(asked: Options, report: Report, events: list[Event] | None) -> Iterator[str]:
    only = report.without_ready() if asked.not_ready else None
    if asked.output == JSON:
        yield json.dumps(report_json(report, only, events), indent=2, ensure_ascii=False)
    elif asked.output == DOT:
        yield from report_dot(report, only)
    else:
        yield from text.report_text(report, only, wide=asked.output == WIDE)
        yield from [] if events is None else text.events_text(events)


def _show_matches(asked: Options, report: Report) -> ExitCode:
    matches = [] if asked.entry is None else list(find(asked.entry, report.assessed))
    if asked.output == JSON:
        show([json.dumps(matches_json(report, matches), indent=2, ensure_ascii=False)])
    elif matches:
        show(text.matches_text(matches, wide=asked.output == WIDE))
    if report.problems:
        return ExitCode.NOT_KNOWN
    if not matches:
        elsewhere = "" if asked.all_namespaces else "; --all-namespaces looks in all"
        click.echo(f"No resource {text.place_of(report.scope)} represents this entry{elsewhere}.", err=True)
        return ExitCode.ATTENTION
    return ExitCode.DONE
