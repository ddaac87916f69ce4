"""Applies one version, and waits until it is in the registry."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from registrar.api.bodies import Body, entry_name_of, is_same_json, is_terminating, resource_version, spec_of
from registrar.api.v1alpha1 import ModelVersion, RegisteredModel
from registrar.cli.cluster import ABSENT, Cluster
from registrar.cli.documents.manifest import FileManifest
from registrar.cli.refusals import ClusterError, OutdatedError, ResourceRefusedError
from registrar.cli.register.contents import differences, holds
from registrar.cli.register.errors import NotReadyError, RegistrationError
from registrar.cli.register.outputs import Registered, registered
from registrar.cli.status.resources import observe
from registrar.cli.status.verdict import Health, Verdict, judge

ROLE = "model-registrar-pipelines"
"""The Role that the chart makes for pipelines."""
GRANT = f"bind the Role {ROLE} to the account (the chart's value rbac.pipelines)"
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds between two readings: an entry is most often there at once. A watch would need a right more than a get."""
UNSEEN_SECONDS = 10.0
"""How long an operator may take to look at a resource before the command says that it waits for that."""
MAX_READINGS = 20
"""How often the version is read again because the operator, or another run, wrote it before this run could."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, and whom to inform.

    Attributes:
        seconds: how long in all.
        deadline: when that is over, on the monotonic clock.
        show: takes a line about the progress.
    """

    seconds: float
    deadline: float
    show: Callable[[str], None]

    def ask(self, question: Callable[[], T]) -> T:
        """Ask until there is an answer.

        Raises:
            ClusterError: the last answer within the time was an error.
        """
        shown = ""
        while True:
            try:
                return question()
            except ClusterError as error:
                if not error.is_temporary or self.left() <= 0:
                    raise
                if error.message != shown:
                    self.show(error.message)
                    shown = error.message
            self.pause(LONGEST_PAUSE)

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - time.monotonic()

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the deadline."""
        time.sleep(max(0.0, min(seconds, self.left())))


def register(
    cluster: Cluster, manifest: FileManifest, *, is_update: bool, timeout: float, show: Callable[[str], None]
) -> Registered:
    """Apply a version unless it is there with the same content, and wait until it is ready.

    Args:
        cluster: the cluster.
        manifest: the version; it names its namespace.
        is_update: change a version that is there with other content.
        timeout: seconds to wait in all.
        show: takes a line about the progress.

    Raises:
        RegistrationError: a person has to change something.
        NotReadyError: it is applied and not ready.
        ClusterError: the cluster refuses, or does not answer.
    """
    patience = Patience(timeout, time.monotonic() + timeout, show)
    namespace = str(manifest.namespace)
    _require_model(cluster, namespace, manifest.spec["registeredModelRef"]["name"], patience)
    is_changed = _apply(cluster, manifest, patience, is_update=is_update)
    return registered(_wait(cluster, manifest, patience), is_changed=is_changed)


def _require_model(cluster: Cluster, namespace: str, name: str, patience: Patience) -> None:
    model = patience.ask(lambda: cluster.get(RegisteredModel.PLURAL, namespace, name, grant=GRANT))
    if model is None:
        raise RegistrationError(
            f"There is no {RegisteredModel.KIND} {name!r} in namespace {namespace}: apply it first, or give the "
            "metadata.name of the one that the version belongs to. This command does not create models."
        )
    if is_terminating(model):
        raise RegistrationError(f"The {RegisteredModel.KIND} {name!r} in namespace {namespace} is being deleted.")


def _read(cluster: Cluster, manifest: FileManifest) -> Body | None:
    return cluster.get(ModelVersion.PLURAL, str(manifest.namespace), manifest.name, grant=GRANT)


def _apply(cluster: Cluster, manifest: FileManifest, patience: Patience, *, is_update: bool) -> bool:
    """Apply the version unless it is there with the same content; returns whether it was applied.

    Each write requires what was read before it. So one of several runs writes, and the others notice.
    """
    attempts = 0
    before = found = patience.ask(lambda: _read(cluster, manifest))

    def send() -> Body:
        nonlocal attempts
        attempts += 1
        version = ABSENT if found is None else str(resource_version(found))
        return cluster.apply(ModelVersion.PLURAL, manifest.body, version=version, grant=GRANT)

    for _ in range(MAX_READINGS):
        if found is not None and (differing := _differences(cluster, manifest, found, patience)) is None:
            # Sent twice, and there now: the first answer was lost.
            return attempts > 1
        if not _is_same(before, found):
            raise _changed(manifest)
        if found is not None and not is_update:
            raise RegistrationError(
                f"{_named(manifest)} exists with other content: {differing}. Register another version, or allow the "
                "change with --update."
            )
        attempts = 0
        try:
            patience.ask(send)
        except OutdatedError:
            found = patience.ask(lambda: _read(cluster, manifest))
        except ResourceRefusedError as error:
            raise _refused(manifest, error) from None
        else:
            return True
    raise _changed(manifest)


def _differences(cluster: Cluster, manifest: FileManifest, found: Body, patience: Patience) -> str | None:
    """Return what applying the version would change in the resource that is there; None for nothing."""
    _require_same_entry(found, manifest)
    try:
        # The API server merges what others declare, and knows whose the fields are.
        merged = patience.ask(lambda: cluster.apply(ModelVersion.PLURAL, manifest.body, grant=GRANT, is_dry_run=True))
    except ResourceRefusedError as error:
        raise _refused(manifest, error) from None
    before, after = spec_of(found), spec_of(merged)
    return None if is_same_json(before, after) else differences(before, after)


def _is_same(before: Body | None, after: Body | None) -> bool:
    if before is None or after is None:
        return before is after
    return is_same_json(spec_of(before), spec_of(after))


def _require_same_entry(found: Body, manifest: FileManifest) -> None:
    if is_terminating(found):
        raise RegistrationError(f"{_named(manifest)} is being deleted: wait until it is gone.")
    reference: Mapping[str, Any] = spec_of(found).get("registeredModelRef") or {}
    theirs = (reference.get("name"), entry_name_of(found))
    if theirs != (manifest.spec["registeredModelRef"]["name"], manifest.entry_name):
        model = f"the model {theirs[0]!r}" if theirs[0] else "an external model"
        raise RegistrationError(
            f"{_named(manifest)} exists already, for the version {theirs[1]!r} of {model}: give the resource another "
            "name, with --name."
        )


def _wait(cluster: Cluster, manifest: FileManifest, patience: Patience) -> Body:
    shown, pause, started = "", FIRST_PAUSE, time.monotonic()
    while True:
        is_last = patience.left() <= 0
        body = patience.ask(lambda: _read(cluster, manifest))
        if body is None or is_terminating(body):
            raise NotReadyError(f"{_named(manifest)} was deleted by others before it was ready.")
        if not holds(spec_of(body), manifest.spec):
            raise _changed(manifest)
        verdict = judge(observe(body))
        if verdict.health is Health.READY:
            return body
        if verdict.needs_person or is_last:
            raise _not_ready(manifest, verdict, patience)
        progress = f"Waiting for {_named(manifest)}: {verdict.reason}: {verdict.message}"
        # That the operator has not looked at it yet is news only after a while.
        is_news = verdict.health is Health.WAITING or time.monotonic() > started + UNSEEN_SECONDS
        if progress != shown and is_news:
            patience.show(progress)
            shown = progress
        patience.pause(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def _not_ready(manifest: FileManifest, verdict: Verdict, patience: Patience) -> NotReadyError:
    when = "" if verdict.needs_person else f" after {patience.seconds:g} s"
    return NotReadyError(
        f"{_named(manifest)} is not ready{when}: {verdict.reason}: {verdict.message} {verdict.advice} The resource "
        "stays, and the operator goes on."
    )


def _refused(manifest: FileManifest, error: ResourceRefusedError) -> RegistrationError:
    return RegistrationError(f"{_named(manifest)} was refused: {error}")


def _changed(manifest: FileManifest) -> RegistrationError:
    return RegistrationError(
        f"{_named(manifest)} was applied with other content at the same time: let only one run register a version."
    )


def _named(manifest: FileManifest) -> str:
    return f"{ModelVersion.KIND} {manifest.name} in namespace {manifest.namespace}"
