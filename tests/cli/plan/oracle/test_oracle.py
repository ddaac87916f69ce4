"""The oracle: what a plan says is what the operator does, over random registries, bases and changes.

``ORACLE_SEED`` repeats a run, ``ORACLE_CASES`` sets the number of cases, and ``ORACLE_CASE`` plays only one of them.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable
from pathlib import Path

import kubernetes
import pytest

from devcluster.controlplane import ControlPlane
from registrar.settings import Settings
from tests.cli.plan.oracle.batch import GRACE, Stage
from tests.cli.plan.oracle.compare import disagreements, history
from tests.cli.plan.oracle.generate import World, random_case
from tests.cli.plan.oracle.recorder import recording
from tests.support.fixtures import operator_arguments
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Namespace

CASES = int(os.environ.get("ORACLE_CASES", "300"))
BATCH = 150


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(-(-CASES // BATCH)))
def test_a_plan_is_what_the_operator_does(
    number: int, own_space: Namespace, other_space: Namespace, custom_objects: kubernetes.client.CustomObjectsApi, tmp_path: Path
) -> None:
    seed = os.environ.get("ORACLE_SEED") or f"{random.SystemRandom().getrandbits(32):x}"
    with recording() as (url, recorder):
        arguments = operator_arguments(url, own_space, other_space)
        more = (f"--handover-grace={GRACE}", "--probe-port=0", "--feed-interval=0.3")
        operator = OperatorProcess([*arguments, *more], tmp_path / "operator.log")
        settings = Settings(registry_url=url, owner_id=f"tests/{own_space.name}", handover_grace=GRACE)
        spaces = (own_space.name, other_space.name)
        stage = Stage(custom_objects, spaces, settings, recorder, operator)
        numbers: Iterable[int] = range(number * BATCH, min(CASES, (number + 1) * BATCH))
        if only := os.environ.get("ORACLE_CASE"):
            numbers = [int(only)] if int(only) in numbers else []
        world = World(spaces, settings.owner_id)
        cases = [random_case(f"c{each:05}", random.Random(f"{seed}/{each}"), world) for each in numbers]
        try:
            played = stage.play(cases, restarts=number % 2 == 0)
        finally:
            operator.stop()
    wrong = {each.case.name: found for each in played if (found := disagreements(each))}
    texts = [f"{history(each)}\n" + "\n".join(wrong[each.case.name]) for each in played if each.case.name in wrong]
    assert not wrong, f"ORACLE_SEED={seed}: {len(wrong)} of {len(cases)} cases\n\n" + "\n\n".join(texts[:10])
