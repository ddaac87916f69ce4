"""Plays many cases at once: one registry, one operator, one API server."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum, auto
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx
import kubernetes

from model_registry.types import RegistryEntry
from registrar.api.bodies import ResourceKey, is_same_json
from registrar.api.meta import GROUP, VERSION
from registrar.api.v1alpha1 import DriftPolicy
from registrar.settings import PolicySettings, Settings
from tests.cli.plan.oracle.cases import Case, Place, World, key_of, with_ids
from tests.cli.plan.oracle.entries import Hands, entries_of, half_adopted, ids_of, part_of, read_inventory
from tests.cli.plan.oracle.quiet import Watcher
from tests.cli.plan.oracle.recorder import Recorder, recording
from tests.cli.plan.oracle.rivals import parents_without_entry, without_unseen
from tests.cli.plan.oracle.writes import ChangedOnly, Planned, Writes, carried_out, plan, plan_changed
from tests.support.fixtures import operator_arguments
from tests.support.operator_process import OperatorProcess
from tests.support.resources import PLURALS, Manifest, Namespace, condition

GRACE = 3.0
"""Seconds of --handover-grace, which all deletions of a batch wait for at once."""
CASES_A_CHANGED_ONE = 3
"""Cases of which one is planned with --changed too: that reads the registry."""
DEFAULT = PolicySettings()


class Operator(Enum):
    """What the operator does while others change the registry and the manifests."""

    STOPPED = auto()
    """It starts again afterwards, and remembers nothing."""
    HANGING = auto()
    """It sees all changes of manifests at once afterwards, and then what others changed in the registry."""
    RUNNING = auto()
    """It sees each change of a manifest when it is made. It would correct drift at once, so there is none."""


@dataclass(frozen=True)
class Played:
    """How one case ended.

    Attributes:
        case: the case, with IDs in its manifests.
        planned: what the plan said before.
        done: what the registry carried out.
        entries: its part of the registry, as the plan was made from it.
        refused: what the API server refused, with its message.
        resources: the resources afterwards.
        changed_only: the plan of what differs from the base; None for most cases.
    """

    case: Case
    planned: Planned
    done: Writes
    entries: Mapping[Place, RegistryEntry]
    refused: Mapping[ResourceKey, str]
    resources: Mapping[ResourceKey, Manifest]
    changed_only: ChangedOnly | None


@dataclass(frozen=True)
class Stage:
    """Where the cases are played.

    Attributes:
        api: the API server.
        world: what the cases have in common.
        settings: those of the operator.
        recorder: the registry.
        operator: the operator, not started.
    """

    api: kubernetes.client.CustomObjectsApi
    world: World
    settings: Settings
    recorder: Recorder
    operator: OperatorProcess

    def play(self, cases: Iterable[Case], meanwhile: Operator) -> list[Played]:
        """Play cases; returns all but those whose base the registry refused in part.

        Args:
            cases: the cases.
            meanwhile: what the operator does while things change.
        """
        cases, url = [self._with_predictable_drift(case, meanwhile) for case in cases], self.settings.registry_url
        with httpx.Client(trust_env=False) as http:
            hands = Hands(url, http)
            ids = hands.put((put for case in cases for put in case.before), {})
            based = [with_ids(case.base, ids) for case in cases]
            self.operator.start()
            self._send(based)
            self._watcher.wait_until_quiet()
            # Otherwise a running operator could find them while the plans are made.
            self._look_for_parents_again()
            found = read_inventory(url)
            refused_in_part = half_adopted(self._resources(), entries_of(found))
            if meanwhile is Operator.STOPPED:
                self.operator.stop()
            elif meanwhile is Operator.HANGING:
                self.operator.pause()
            ids = hands.put((put for case in cases for put in case.meanwhile), ids_of(found))
        inventory = read_inventory(url)
        cases = [
            replace(case, base=base, head=with_ids(case.head, ids)) for case, base in zip(cases, based, strict=True)
        ]
        planned = [self._plan(case, inventory, ids) for case in cases]
        changed_only = [
            self._plan_changed(case, inventory) if number % CASES_A_CHANGED_ONE == 0 else None
            for number, case in enumerate(cases)
        ]
        carried = len(self.recorder.writes)
        shown = self._show_parents(cases, planned) if meanwhile is Operator.RUNNING else frozenset()
        refused = [self._change(case, shown) for case in cases]
        if meanwhile is Operator.STOPPED:
            self.operator.start()
            self.operator.wait_for_log("Probes and metrics are served at", times=2)
        elif meanwhile is Operator.HANGING:
            self._watcher.resume(self.api, self.world.spaces)
        self._watcher.wait_until_quiet()
        self._look_for_parents_again()
        self.operator.stop()
        entries = entries_of(inventory)
        done = _by_case(carried_out(self.recorder.writes[carried:], ids), cases)
        resources = self._resources()
        return [
            Played(case, plan, done[case.name], _at_places(entries, case), refusals, _of_case(resources, case), changed)
            for case, plan, refusals, changed in zip(cases, planned, refused, changed_only, strict=True)
            if not any(name.startswith(case.name) for name in refused_in_part)
        ]

    @property
    def _watcher(self) -> Watcher:
        return Watcher(self.operator, self.recorder, self._resources)

    def _with_predictable_drift(self, case: Case, meanwhile: Operator) -> Case:
        if meanwhile is Operator.STOPPED:
            return case
        if not self._may_drift(case, meanwhile):
            return replace(case, meanwhile=())
        return replace(case, meanwhile=tuple(without_unseen(put, case.unseen) for put in case.meanwhile))

    def _may_drift(self, case: Case, meanwhile: Operator) -> bool:
        """Return whether drift at the moment of the change has one effect only.

        An operator that reports drift leaves what it has not seen when it takes a spec for applied.
        """
        policies = {manifest["spec"].get("driftPolicy", DriftPolicy.CORRECT) for manifest in (*case.base, *case.head)}
        is_corrected = {self.settings.drift_policy, *policies} == {DriftPolicy.CORRECT}
        return meanwhile is Operator.HANGING and is_corrected

    def _plan(self, case: Case, inventory: Any, ids: Mapping[Place, str]) -> Planned:
        part = part_of(inventory, lambda name: name.startswith(case.name))
        known = {place: entry_id for place, entry_id in ids.items() if place.names[0].startswith(case.name)}
        return plan(case.head, case.base, part, self.settings, known)

    def _plan_changed(self, case: Case, inventory: Any) -> ChangedOnly | None:
        part = part_of(inventory, lambda name: name.startswith(case.name))
        return plan_changed(case.head, case.base, part, self.settings) if case.base else None

    def _send(self, manifests: Iterable[Iterable[Manifest]]) -> None:
        for manifest in (each for some in manifests for each in some):
            key = key_of(manifest)
            self.api.create_namespaced_custom_object(GROUP, VERSION, key.namespace, PLURALS[key.kind], manifest)

    def _change(self, case: Case, shown: Collection[ResourceKey]) -> dict[ResourceKey, str]:
        """Apply the head, as ``kubectl apply --prune`` would, but for what was shown before.

        Returns:
            What the API server refuses.
        """
        before, after = ({key_of(manifest): manifest for manifest in some} for some in (case.base, case.head))
        gone = [key for key in before if key not in after]
        changed = [key for key in after if key not in shown and not is_same_json(after[key], before.get(key))]
        refused = {}
        for key in [*gone, *changed] if case.deletes_first else [*changed, *gone]:
            try:
                self._send_change(key, before.get(key), after.get(key))
            except kubernetes.client.ApiException as error:
                if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                    raise
                refused[key] = str(error.body)
        return refused

    def _show_parents(self, cases: Iterable[Case], planned: Iterable[Planned]) -> frozenset[ResourceKey]:
        """Have a running operator see the new parents of resources that exist, where they get no entry.

        A resource that exists goes on with its entry's parent while the one that it names does not exist, and waits
        once it does. Which of the two the operator sees first depends on which of two watches is faster.

        Returns:
            The parents, which exist now.
        """
        parents: dict[ResourceKey, Manifest] = {}
        for case, each in zip(cases, planned, strict=True):
            parents |= parents_without_entry(case, each.report)
        for key, manifest in parents.items():
            self._send_change(key, None, manifest)
        self._watcher.wait_until_seen(parents)
        return frozenset(parents)

    def _send_change(self, key: ResourceKey, before: Manifest | None, after: Manifest | None) -> None:
        place = GROUP, VERSION, key.namespace, PLURALS[key.kind]
        if after is None:
            self.api.delete_namespaced_custom_object(*place, key.name)
        elif before is None:
            self.api.create_namespaced_custom_object(*place, after)
        else:
            patch = [
                {"op": "add", "path": "/spec", "value": after["spec"]},
                {"op": "add", "path": "/metadata/annotations", "value": after["metadata"].get("annotations", {})},
            ]
            self.api.patch_namespaced_custom_object(
                *place, key.name, patch, _content_type="application/json-patch+json"
            )

    def _resources(self) -> dict[ResourceKey, Manifest]:
        found: dict[ResourceKey, Manifest] = {}
        for space in self.world.spaces:
            for plural in PLURALS.values():
                listed = self.api.list_namespaced_custom_object(GROUP, VERSION, space, plural)
                found |= {key_of(item): item for item in cast("Manifest", listed)["items"]}
        return found

    def _look_for_parents_again(self) -> None:
        """Have resources look at once for parents that no event announces, which the operator does now and then."""
        while True:
            before, patch = len(self.recorder.writes), {"metadata": {"labels": {"touched": str(time.monotonic_ns())}}}
            for key, manifest in self._resources().items():
                if condition(manifest, "Ready")["message"].startswith("The registry has no "):
                    place = GROUP, VERSION, key.namespace, PLURALS[key.kind]
                    self.api.patch_namespaced_custom_object(
                        *place, key.name, patch, _content_type="application/merge-patch+json"
                    )
            self._watcher.wait_until_quiet()
            if len(self.recorder.writes) == before:
                return


@contextmanager
def stage(first: Namespace, second: Namespace, folder: Path, policies: PolicySettings = DEFAULT) -> Iterator[Stage]:
    """Set a stage with an empty registry.

    Args:
        first: a namespace without resources.
        second: another one.
        folder: gets the operator's log.
        policies: those of resources that state none.
    """
    with recording() as (url, recorder):
        arguments = operator_arguments(url, first, second)
        stated = policies.model_dump(mode="json", exclude_unset=True)
        policy_flags = (f"--{name.replace('_', '-')}={value}" for name, value in stated.items())
        more = (f"--handover-grace={GRACE}", "--probe-port=0", "--feed-interval=0.3")
        operator = OperatorProcess([*arguments, *more, *policy_flags], folder / "operator.log")
        settings = Settings(registry_url=url, owner_id=f"tests/{first.name}", handover_grace=GRACE, **stated)
        try:
            yield Stage(first.api, World((first.name, second.name), settings.owner_id), settings, recorder, operator)
        finally:
            operator.stop()


def _by_case(writes: Writes, cases: Iterable[Case]) -> dict[str, Writes]:
    found: dict[str, dict[Place, Any]] = {case.name: {} for case in cases}
    for place, sequence in writes.items():
        name = next(name for name in found if place.names[0].startswith(name))
        found[name][place] = sequence
    return dict(found)


def _of_case(resources: Mapping[ResourceKey, Manifest], case: Case) -> dict[ResourceKey, Manifest]:
    return {key: manifest for key, manifest in resources.items() if key.name.startswith(case.name)}


def _at_places(entries: Mapping[Place, RegistryEntry], case: Case) -> dict[Place, RegistryEntry]:
    return {place: entry for place, entry in entries.items() if place.names[0].startswith(case.name)}
