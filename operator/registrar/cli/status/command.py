"""``registrar status``: options in, text or JSON out; what they mean is decided in the modules beside this one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from registrar.api.bodies import ResourceKey
from registrar.api.meta import GROUP
from registrar.cli.cluster import Cluster, connect
from registrar.cli.console import show
from registrar.cli.exits import ExitCode
from registrar.cli.options import DEFAULT_SECONDS, DEFAULT_TIMEOUT, seconds
from registrar.cli.refusals import ClusterError
from registrar.cli.status import text
from registrar.cli.status.as_json import matches_json, report_json
from registrar.cli.status.find import Entry, find, sorts
from registrar.cli.status.reading import ask_for, wait
from registrar.cli.status.report import Report, Scope
from registrar.kinds.table import RESOURCES

MAX_EVENTS = 20
"""Events that are shown, the last ones."""

_KINDS = {
    word.lower(): kind.KIND
    for kind in RESOURCES
    for word in (kind.KIND, kind.PLURAL, kind.SHORT_NAME, f"{kind.SINGULAR}.{GROUP}", f"{kind.PLURAL}.{GROUP}")
}


@dataclass(frozen=True, slots=True)
class Options:
    """What the user asked for.

    Attributes:
        resource: kind and name; None for everything.
        namespace: the namespace; None for that of the context.
        all_namespaces: look in all instead.
        output: ``text``, ``wide`` or ``json``.
        not_ready: list only what is not ready.
        events: show the Events about the resource.
        entry: the entry whose resource to find; None to report the state.
        timeout: seconds to wait; None not to wait.
    """

    resource: tuple[str, str] | None
    namespace: str | None
    all_namespaces: bool
    output: str
    not_ready: bool
    events: bool
    entry: Entry | None
    timeout: float | None


def _kind_and_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, str] | None:
    """Return kind and name, the kind in any form that kubectl takes or prints."""
    if value is None:
        return None
    word, _, name = value.partition("/")
    kind = _KINDS.get(word.lower())
    if kind is None or not name:
        known = ", ".join(resource.SHORT_NAME for resource in RESOURCES)
        raise click.BadParameter(f"{value!r} is no KIND/NAME: write rmodel/churn, with one of the kinds {known}.")
    return kind, name


def _entry_of_id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Entry | None:
    if value is None:
        return None
    sort, slash, rest = value.rpartition("/")
    if slash and sort.lower() not in sorts():
        raise click.BadParameter(f"{value!r} is no entry: write model/7, version/12 or artifact/3.")
    if not rest.isdecimal():
        raise click.BadParameter(f"{rest!r} is no ID, which is a number; --find-name finds an entry by its name.")
    return Entry(sorts().get(sort.lower()), id=rest)


def _entry_of_name(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Entry | None:
    """Return the entry; a name may contain a slash, so what is no sort belongs to it."""
    if value is None:
        return None
    sort, slash, rest = value.partition("/")
    is_sort = bool(slash) and sort.lower() in sorts()
    return Entry(sorts()[sort.lower()], name=rest) if is_sort else Entry(None, name=value)


@click.command()
@click.argument("resource", required=False, callback=_kind_and_name, metavar="[KIND/NAME]")
@click.option("--namespace", "-n", help="Namespace to look in. Defaults to that of the context.")
@click.option("--all-namespaces", "-A", is_flag=True, help="Look in all namespaces.")
@click.option(
    "--output",
    "-o",
    default="text",
    type=click.Choice(["text", "wide", "json"]),
    show_default=True,
    help="Format: text, text with more columns, or JSON for programs.",
)
@click.option("--not-ready", is_flag=True, help="List only what is not ready or has drifted, and what it belongs to.")
@click.option("--events", is_flag=True, help="Show the latest Events about the resource; requires KIND/NAME.")
@click.option(
    "--find",
    "by_id",
    callback=_entry_of_id,
    metavar="[SORT/]ID",
    help="Say which resource represents this entry of the registry, such as model/7, version/12 or artifact/3.",
)
@click.option(
    "--find-name",
    "by_name",
    callback=_entry_of_name,
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
@click.option("--context", help="Context of the kubeconfig.")
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Kubeconfig file to log in with. Defaults to KUBECONFIG, then ~/.kube/config, then the pod's account.",
)
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
    context: str | None,
    kubeconfig: Path | None,
) -> ExitCode:
    """Say what is not ready, why, and what to do.

    With KIND/NAME only about that resource, what it belongs to and what belongs to it.

    Exit codes: 0 everything is ready, 1 something is not, 3 the cluster could not be read, 64 usage.
    """
    entry = by_id or by_name
    if timeout is not None and not waits:
        raise click.UsageError("--timeout is for --wait.")
    limit = DEFAULT_SECONDS if timeout is None else timeout
    asked = Options(resource, namespace, all_namespaces, output, not_ready, events, entry, limit if waits else None)
    _refuse_what_does_not_fit(asked, both=by_id is not None and by_name is not None)
    with connect(kubeconfig, context) as cluster:
        return _answer(asked, cluster)


def _refuse_what_does_not_fit(asked: Options, *, both: bool) -> None:
    if asked.namespace is not None and asked.all_namespaces:
        raise click.UsageError("Give --namespace or --all-namespaces, not both.")
    if asked.resource is not None and asked.all_namespaces:
        raise click.UsageError("KIND/NAME is in one namespace: give --namespace instead of --all-namespaces.")
    if asked.events and asked.resource is None:
        raise click.UsageError("--events shows the Events about one resource: give KIND/NAME.")
    if both:
        raise click.UsageError("Give --find or --find-name, not both.")
    is_report = asked.resource is not None or asked.not_ready or asked.timeout is not None
    if asked.entry is not None and is_report:
        raise click.UsageError("--find looks through all resources: leave out KIND/NAME, --not-ready and --wait.")


def _answer(asked: Options, cluster: Cluster) -> ExitCode:
    namespace = None if asked.all_namespaces else asked.namespace or cluster.namespace
    key = None if asked.resource is None else ResourceKey(asked.resource[0], str(namespace), asked.resource[1])
    scope = Scope(namespace, key)
    try:
        if asked.timeout is None:
            report = ask_for(cluster, scope)
        else:
            report = wait(lambda: ask_for(cluster, scope), asked.timeout, lambda line: click.echo(line, err=True))
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from None
    for problem in report.problems:
        click.echo(f"Error: {problem}", err=True)
    return _show_matches(asked, report) if asked.entry is not None else _show_report(asked, report, cluster)


def _show_report(asked: Options, report: Report, cluster: Cluster) -> ExitCode:
    code, events = report.exit_code, None
    if asked.events and report.scope.resource is not None:
        found = next(one.resource for one in report.assessed if one.resource.key == report.scope.resource)
        try:
            events = cluster.events(found.key.namespace, found.metadata.uid)[-MAX_EVENTS:]
        except ClusterError as error:
            error.show()
            code = ExitCode.NOT_KNOWN
    only = report.without_ready() if asked.not_ready else None
    if asked.output == "json":
        show([json.dumps(report_json(report, only, events), indent=2, ensure_ascii=False)])
    else:
        show(text.report_text(report, only, wide=asked.output == "wide"))
        show([] if events is None else text.events_text(events))
    return code


def _show_matches(asked: Options, report: Report) -> ExitCode:
    matches = [] if asked.entry is None else list(find(asked.entry, report.assessed))
    if asked.output == "json":
        show([json.dumps(matches_json(report, matches), indent=2, ensure_ascii=False)])
    elif matches:
        show(text.matches_text(matches, wide=asked.output == "wide"))
    if report.problems:
        return ExitCode.NOT_KNOWN
    if not matches:
        elsewhere = "" if asked.all_namespaces else "; --all-namespaces looks in all"
        click.echo(f"No resource {text.place_of(report.scope)} represents this entry{elsewhere}.", err=True)
        return ExitCode.ATTENTION
    return ExitCode.DONE
