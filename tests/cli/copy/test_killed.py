"""`registrar copy` is killed at random points, and run again: nothing is missing, and nothing is there twice.

The suite kills it at a few points, and ``COPY_KILLS=50`` at more of them.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from local_registry.store import Store
from tests.cli.copy.conftest import Copy, contents, names_by_id
from tests.cli.copy.forked import forks
from tests.env.registry import serve
from tests.support.fault_proxy import Fault, Script, Treatment, proxy_to
from tests.support.loopback import Received
from tests.support.rest import Rest

KILLS = int(os.environ.get("COPY_KILLS", "12"))
DONE = "0 new, 0 changed, 0 different, 9 equal.\n"


@contextmanager
def empty() -> Iterator[Rest]:
    with serve(Store(":memory:")) as url, httpx.Client(trust_env=False) as http:
        yield Rest(url, http)


def stall(method: str, number: int, fault: Fault) -> Script:
    """Stall the request of a method that has this number, and all behind it."""
    seen = 0

    def script(received: Received) -> Treatment:
        nonlocal seen
        seen += received.method == method
        return fault if seen > number and received.method == method else None

    return script


def test_killed_at_random_points_and_run_again_it_makes_no_duplicate(seeded: Rest, copy: Copy) -> None:
    choose = random.Random(12)  # noqa: S311 - no secret
    endings: list[int] = []
    with forks() as run:
        while endings.count(-signal.SIGKILL) < KILLS:
            with empty() as other:
                while len(contents(other)) < len(contents(seeded)):
                    # Most points are between or within writes; some are while the other registry is read.
                    script = stall(
                        choose.choice(["POST", "POST", "POST", "GET"]),
                        choose.randint(0, 2),
                        choose.choice([Fault.STALL_BEFORE, Fault.STALL_AFTER]),
                    )
                    with proxy_to(other.url, script) as proxy:
                        endings.append(run(f"--from={seeded.url} --to={proxy.url}", lambda: bool(proxy.stalled)))
                assert copy(to=other.url).stdout == DONE
                assert contents(other) == contents(seeded)
                # The newest version and the newest artifact are the same, and so are all before them.
                assert names_by_id(other) == names_by_id(seeded)
    assert set(endings) == {-signal.SIGKILL, 0}
