"""The process of one rival: does what the lines on its standard input say, one JSON object each, and answers alike.

Started as `python -m benchmarks.client.worker RIVAL` with the Python of the rival's environment; ends with its input.
Only the standard library and the rival's own is imported here, in all of the environments alike.
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
    """What the lines can ask for; each method's result is the answer.

    Args:
        rival: The class to measure.
    """

    def __init__(self, rival: Callable[[str, str], Contender]) -> None:
        self._rival = rival
        self._open: list[Contender] = []

    async def open(self, url: str, authority: str, count: int, known_id: str) -> None:
        """Make clients and have each read one model."""
        for _ in range(count):
            contender = self._rival(url, authority)
            await contender.get(known_id)
            self._open.append(contender)
        gc.collect()

    async def run(self, operation: str, calls: Arguments, in_flight: int, known_id: str) -> dict[str, Any]:
        """Make calls of one operation with the first client, so many at once, and time them.

        As many reads go before, untimed, so that who keeps connections has them open.

        Returns:
            `seconds` of the clock, `cpu_seconds` of this process, and what each call `returned`.
        """
        contender = self._open[0]
        await _spread(contender.get, [[known_id]] * in_flight, in_flight)
        gc.collect()
        begun, cpu_begun = time.perf_counter(), time.process_time()
        returned = await _spread(getattr(contender, operation), calls, in_flight)
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "returned": returned}

    async def close(self) -> None:
        """Close all clients."""
        for contender in self._open:
            await contender.close()
        self._open.clear()


async def _spread(call: Callable[..., Awaitable[Any]], calls: Arguments, in_flight: int) -> list[Any]:
    """Make all calls, so many at once, and return their results in order."""
    results: list[Any] = [None] * len(calls)
    waiting = iter(enumerate(calls))

    async def one_after_another() -> None:
        for position, arguments in waiting:
            results[position] = await call(*arguments)

    await asyncio.gather(*(one_after_another() for _ in range(in_flight)))
    return results


def main() -> None:
    """Import the rival, tell how long that took, and serve."""
    begun = time.process_time()
    rival = importlib.import_module(f"benchmarks.client.rivals.{sys.argv[1]}").Rival
    import_seconds = time.process_time() - begun
    gc.collect()
    _answer({"result": {"import_seconds": import_seconds, "library": rival.version()}})
    worker = Worker(rival)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                result = runner.run(getattr(worker, request["do"])(**request["with"]))
            except Exception:  # noqa: BLE001 - whatever it is, the other side shows it
                _answer({"error": traceback.format_exc()})
            else:
                _answer({"result": result})


def _answer(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)  # noqa: T201 - the other half of the conversation


if __name__ == "__main__":
    main()
