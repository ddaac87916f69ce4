"""Adopts entries by applying their manifests to a namespace, and waits until the operator has stamped them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import click

from registrar.api.bodies import ResourceKey
from registrar.cli.adopt import candidates
from registrar.cli.adopt.applying import Applied, apply
from registrar.cli.adopt.candidates import Refused
from registrar.cli.adopt.outcome import Outcome
from registrar.cli.adopt.request import Request
from registrar.cli.catalogue import Catalogue
from registrar.cli.cluster import ABSENT, Cluster
from registrar.cli.console import Counter, counted, one_line, say, shortened, show
from registrar.cli.exits import ExitCode
from registrar.cli.export.build import Builder, Export
from registrar.cli.export.manifests import Manifest
from registrar.cli.export.report import failures, lines
from registrar.cli.plan.reading import resources_in
from registrar.cli.plan.registries import of_registry
from registrar.cli.selection import require_matches
from registrar.cli.source import read_source, warn_of_unreadable
from registrar.cli.status.reading import ask_for, wait
from registrar.cli.status.report import Report, Scope
from registrar.cli.status.text import causes_text


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before anything is applied.

    Attributes:
        accepted: the manifests that can be applied.
        pending: those of them that change the namespace.
        present: the resources that the namespace had.
        code: how the command ends if nothing else happens.
    """

    accepted: Sequence[Manifest]
    pending: Sequence[Manifest]
    present: Collection[ResourceKey]
    code: ExitCode


def adopt_into_cluster(
    request: Request, cluster: Cluster, namespace: str, timeout: float, into: Outcome, *, is_confirmed: bool
) -> ExitCode:
    """Plan, ask, apply and wait.

    Args:
        request: what to adopt.
        cluster: the cluster.
        namespace: the namespace of the resources.
        timeout: seconds to wait until they are ready.
        into: takes what comes of it.
        is_confirmed: apply without a question.

    Raises:
        ClusterError: the cluster cannot be read.
        NotKnownError: the registry cannot be read.
        AttentionError: a pattern matches no model.
    """
    prepared = _prepare(request, cluster, namespace, into)
    if not prepared.accepted:
        say("Nothing to adopt.")
    if request.dry_run or not prepared.accepted:
        return prepared.code
    if prepared.pending and not is_confirmed and not _confirms(prepared.pending, namespace, cluster):
        say("Nothing was applied.")
        return max(prepared.code, ExitCode.ATTENTION)
    applied = into.applied = _apply(cluster, prepared.pending, prepared.present)
    into.is_complete &= applied.error is None and not applied.is_interrupted
    for line in applied.lines():
        say(line)
    if applied.error is not None:
        applied.error.show()
        return ExitCode.NOT_KNOWN
    if applied.is_interrupted:
        return _interrupted(namespace)
    unsent = applied.unsent()
    keys = {candidates.key_of_resource(each) for each in candidates.without(prepared.accepted, unsent)}
    code = max(prepared.code, ExitCode.ATTENTION if unsent else ExitCode.DONE)
    into.state = _wait(cluster, namespace, keys, timeout)
    if into.state is None:
        into.is_complete = False
        return _interrupted(namespace)
    if not request.is_json:
        show(_state_lines(into.state, namespace))
    return max(code, into.state.exit_code)


def _prepare(request: Request, cluster: Cluster, namespace: str, into: Outcome) -> Prepared:
    """Show the plan, and what is left out."""
    source = request.source(has_cluster=True)
    present = resources_in(cluster, [namespace], source)
    inventory = read_source(request.snapshot, request.options)
    choices = request.choices(namespace)
    require_matches(choices.selection, inventory)
    catalogue = Catalogue(inventory)
    ours = of_registry(present, source.registry_ref)
    known = candidates.known_in(ours, catalogue)
    exported = Builder(catalogue, known, choices).build()
    refused = list(candidates.refused_by(present, ours.keys(), exported.manifests, catalogue))
    manifests = candidates.without(exported.manifests, [each.manifest for each in refused])
    planned = candidates.plan(
        manifests, lambda each: each.place[1], namespace, inventory, request.settings(source), source, ours
    )
    into.plan, into.refused = planned.report, refused
    into.is_complete = not inventory.unreadable
    into.omissions, into.archived = exported.omissions, exported.archived
    into.stranded = list(candidates.stranded(catalogue, known, choices.selection))
    if not request.is_json:
        show(planned.lines())
    for line in (*planned.report.messages(), *_left_out_lines(exported, into.stranded, refused)):
        say(line)
    is_left_out = bool(refused or into.stranded or failures(exported.omissions, request.options["allow"]))
    code = max(
        warn_of_unreadable(inventory),
        planned.report.exit_code(counts_changes=False),
        ExitCode.ATTENTION if is_left_out else ExitCode.DONE,
    )
    accepted = candidates.without(manifests, planned.refused(manifests))
    return Prepared(accepted, candidates.pending(accepted, planned.read, present), present.keys(), code)


def _left_out_lines(exported: Export, stranded: Sequence[str], refused: Sequence[Refused]) -> Iterator[str]:
    yield from lines(exported.omissions)
    yield from shortened(list(map(one_line, stranded)), "not adopted")
    if exported.archived:
        yield f"{counted(exported.archived, 'archived entry', 'archived entries')} left out; see --archived."
    yield from shortened([one_line(f"Error: {each}") for each in refused], "refused")


def _confirms(pending: Sequence[Manifest], namespace: str, cluster: Cluster) -> bool:
    number = counted(len(pending), "manifest")
    return click.confirm(f"Apply {number} to namespace {namespace} of cluster {cluster.name}?", err=True)


def _apply(cluster: Cluster, pending: Sequence[Manifest], present: Collection[ResourceKey]) -> Applied:
    counter = Counter(f"of {counted(len(pending), 'manifest')} applied")

    def send(manifest: Manifest) -> None:
        version = None if candidates.key_of_resource(manifest) in present else ABSENT
        cluster.apply(manifest.kind.resource.PLURAL, manifest.body(), version=version)

    try:
        return apply(pending, send, counter)
    finally:
        counter.clear()


def _wait(cluster: Cluster, namespace: str, keys: Collection[ResourceKey], timeout: float) -> Report | None:
    """Wait until resources are ready, and return how they are; None if Ctrl-C came."""
    scope = Scope(namespace)
    try:
        return wait(lambda: ask_for(cluster, scope).about(keys), timeout, say)
    except KeyboardInterrupt:
        return None


def _interrupted(namespace: str) -> ExitCode:
    say(f"Interrupted. registrar status --namespace {namespace} says what is not ready.")
    return ExitCode.INTERRUPTED


def _state_lines(report: Report, namespace: str) -> Iterator[str]:
    """Yield whether all is ready, and what is not."""
    total = len(report.assessed)
    if report.ready == total:
        yield click.style(f"{counted(total, 'resource')} ready.", fg="green")
        return
    causes = counted(len(report.causes), "cause")
    yield f"{total - report.ready:,} of {counted(total, 'resource')} not ready, for {causes}:"
    yield from causes_text(report)
    yield f"registrar status --namespace {namespace} --wait goes on waiting."
