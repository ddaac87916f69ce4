"""The oracle: what a plan says is what the operator does, over random registries, bases and changes.

The suite plays the same cases every time, so that a failure is about the change that it tests. ``make oracle`` draws
many new ones. ``ORACLE_SEED`` repeats a run, ``ORACLE_CASES`` sets the number of cases, and
``ORACLE_CASE`` plays only one of them.

The tests of the batches are in two files, because a worker of the suite runs a file at a time.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.cli.plan.change import Action
from registrar.settings import PolicySettings
from tests.cli.plan.oracle.batch import DEFAULT, Operator, stage
from tests.cli.plan.oracle.cases import Case, World
from tests.cli.plan.oracle.compare import disagreements, history
from tests.cli.plan.oracle.generate import random_case
from tests.support.resources import Namespace

CASES = int(os.environ.get("ORACLE_CASES", "200"))
SUITE_SEED = None if "ORACLE_CASES" in os.environ else "suite"
# An operator starts for each batch: the suite has few cases, and plays them in every mode under two policies.
BATCH = 100 if SUITE_SEED is None else 50
# An operator that runs may see a child before its parent, and act on that: the suite does not depend on such moments.
MODES = tuple(Operator) if SUITE_SEED is None else tuple(mode for mode in Operator if mode is not Operator.RUNNING)
POLICIES = (
    DEFAULT,
    PolicySettings(drift_policy=DriftPolicy.REPORT),
    PolicySettings(deletion_policy=DeletionPolicy.ARCHIVE),
    PolicySettings(deletion_policy=DeletionPolicy.ORPHAN, adoption_policy=AdoptionPolicy.FAIL),
)
USUAL = frozenset(Action) - {Action.RELEASE, Action.TAKE_OVER, Action.RESTORE, Action.LEAVE, Action.PAUSE}
"""What a batch has for certain; the others are rare."""
SHOWN = 10
"""Cases that a failure shows whole."""
LIMIT = 900
"""Seconds after which a batch hangs."""


def batches(remainder: int) -> Sequence[int]:
    """Return the numbers of the batches with this remainder by two, for the tests of one file."""
    return range(remainder, -(-CASES // BATCH), 2)


def play_batch(number: int, own_space: Namespace, other_space: Namespace, folder: Path) -> None:
    """Play one batch of cases, and fail for each about which the plan was wrong.

    Args:
        number: the batch; it decides the cases, what the operator does meanwhile, and its policies.
        own_space: a namespace without resources.
        other_space: another one.
        folder: gets the operator's log.
    """
    seed = os.environ.get("ORACLE_SEED") or SUITE_SEED or f"{random.SystemRandom().getrandbits(32):x}"
    numbers: Iterable[int] = range(number * BATCH, min(CASES, (number + 1) * BATCH))
    if only := os.environ.get("ORACLE_CASE"):
        numbers = [int(only)] if int(only) in numbers else []
    policies = POLICIES[number // len(MODES) % len(POLICIES)]
    with stage(own_space, other_space, folder, policies) as set_up:
        cases = [_case(seed, each, set_up.world) for each in numbers]
        played = set_up.play(cases, MODES[number % len(MODES)])
    actions = {change.action for each in played for change in each.planned.report.changes}
    assert len(played) >= 0.9 * len(cases)
    parts = [each.changed_only.of_part for each in played if each.changed_only is not None]
    assert len(cases) < BATCH or sum(part is not None for part in parts) > len(parts) / 2, "--changed reads whole lists"
    is_usual = len(cases) == BATCH and policies is DEFAULT
    assert not is_usual or actions >= USUAL, "the cases are not about everything"
    wrong = [(each, found) for each in played if (found := disagreements(each))]
    if wrong:
        shown = "\n\n".join("\n".join([history(each), *found]) for each, found in wrong[:SHOWN])
        pytest.fail(f"ORACLE_SEED={seed}: the plan was wrong about {len(wrong)} of {len(cases)} cases\n\n{shown}")


def _case(seed: str, number: int, world: World) -> Case:
    return random_case(f"c{number:05}", random.Random(f"{seed}/{number}"), world)  # noqa: S311 - no secrets
