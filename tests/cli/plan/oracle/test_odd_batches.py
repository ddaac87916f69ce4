"""The oracle's batches with odd numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.plan.oracle.playing import LIMIT, batches, play_batch
from tests.support.resources import Namespace


@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize("number", batches(1))
def test_a_plan_is_what_the_operator_does(
    number: int, own_space: Namespace, other_space: Namespace, tmp_path: Path
) -> None:
    play_batch(number, own_space, other_space, tmp_path)
