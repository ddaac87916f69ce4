"""The process of one rival. It reads requests from standard input, one JSON object a line, and answers the same way.

`python -m benchmarks.client.worker RIVAL` starts it with the Python of the rival's environment; it ends with its input.
It imports only the standard library and the rival's library, so that it runs in every environment.
"""

import asyncio
import gc
import importlib
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from benchmarks.client.rivals import Contender

Arguments = Sequence[Sequence[str]]


class Worker:
    """The methods that a request can name; the answer is the method's result.

    Args:
        rival: The class to measure.
    """

    def __init__(self, rival: Callable[[str, str], Contender]) -> None:
        self._rival = rival
        self._open: list[Contender] = []

    async def open(self, url: str, authority: str, count: int, known_id: str) -> None:
        """Open clients and let each read one model."""
        for _ in range(count):
            contender = self._rival(url, authority)
            await contender.get(known_id)
            self._open.append(contender)
        gc.collect()

    async def run(self, operation: str, calls: Arguments, in_flight: int, known_id: str) -> dict[str, Any]:
        """Time the calls of one operation with the first client, up to ``in_flight`` at once.

        As many untimed reads come first, so that a client that keeps connections has opened them.

        Returns:
            `seconds` of wall time, `cpu_seconds` of this process, and what each call `returned`.
        """
        contender = self._open[0]
        await _spread(contender.get, [[known_id]] * in_flight, in_flight)
        gc.collect()
        started, cpu_started = time.perf_counter(), time.process_time()
        returned = await _spread(getattr(contender, operation), calls, in_flight)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "returned": returned}

    async def close(self) -> None:
        """Close all clients."""
        for contender in self._open:
            await contender.close()
        self._open.clear()


async def _spread(call: Callable[..., Awaitable[Any]], calls: Arguments, in_flight: int) -> list[Any]:
    """Make all calls, up to ``in_flight`` at once, and return their results in order."""
    results: list[Any] = [None] * len(calls)
    waiting = iter(enumerate(calls))

    async def make_calls() -> None:
        for position, arguments in waiting:
            results[position] = await call(*arguments)

    await asyncio.gather(*(make_calls() for _ in range(in_flight)))
    return results


def main() -> None:
    """Import the rival, report how long that took, and answer requests."""
    started = time.process_time()
    rival = importlib.import_module(f"benchmarks.client.rivals.{sys.argv[1]}").Rival
    import_seconds = time.process_time() - started
    gc.collect()
    _answer({"result": {"import_seconds": import_seconds, "library": rival.version()}})
    worker = Worker(rival)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                result = runner.run(getattr(worker, request["do"])(**request["with"]))
            except Exception:  # noqa: BLE001 - the other side shows it, whatever it is
                _answer({"error": traceback.format_exc()})
            else:
                _answer({"result": result})


def _answer(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 - standard output is the channel to the benchmark


if __name__ == "__main__":
    main()
