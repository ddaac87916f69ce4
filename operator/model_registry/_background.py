"""The event loop of the synchronous client: one per process, in its own thread."""

import asyncio
import atexit
import functools
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class _BackgroundLoop:
    """A running event loop. The calling thread may have its own running loop, as in a notebook."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon thread: the interpreter waits for all other threads before it calls the `atexit` functions.
        self._thread = threading.Thread(target=self._serve, name="model_registry", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and return its result. Whatever interrupts the wait, such as Ctrl-C, also cancels it."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(
                "A synchronous call from inside a synchronous client, such as from the function that returns the token "
                "or from a coroutine that the client runs, would wait for itself: await a method of "
                "`ModelRegistryAPIClient` there"
            )
        # `asyncio.run_coroutine_threadsafe` returns the future after it has handed the call over: a Ctrl-C in between
        # would leave nothing to cancel.
        future: Future[T] = Future()
        try:
            self._loop.call_soon_threadsafe(self._start_call, coroutine, future)
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _start_call(self, coroutine: Coroutine[Any, Any, T], future: "Future[T]") -> None:
        task = self._loop.create_task(coroutine)
        task.add_done_callback(functools.partial(_pass_on, future))
        future.add_done_callback(lambda _: self._loop.call_soon_threadsafe(task.cancel) if future.cancelled() else None)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine without waiting for it. Any thread may call this."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Cancel running calls, close the connections, and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            unfinished = asyncio.all_tasks(self._loop)
            for task in unfinished:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*unfinished, return_exceptions=True))
            # `asyncio.run` does the same, but also starts a thread, which newer interpreters refuse while they exit.
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


def _pass_on(future: "Future[T]", task: asyncio.Task[T]) -> None:
    """Pass the end of a call on to the thread that waits for it, if it still does."""
    if task.cancelled():
        future.cancel()
    error = None if task.cancelled() else task.exception()
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(task.result())
    else:
        future.set_exception(error)


# By process ID: a forked child inherits the parent's object, but not its thread. The child never closes that loop,
# because that would disturb the parent's connections.
_loops: dict[int, _BackgroundLoop] = {}
_start_lock = threading.Lock()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on this process's background loop and return its result.

    The first call starts the loop, and the end of the process stops it. Any thread may call this, also one with a
    running event loop, which is blocked in the meantime.

    Raises:
        RuntimeError: If called from the background loop itself, or while the interpreter exits.
    """
    if sys.is_finalizing():
        # No thread can run any more: the wait for the loop to start would never end.
        coroutine.close()
        raise RuntimeError("The interpreter is exiting, so the registry cannot be called any more")
    loop = _loops.get(os.getpid())
    if loop is None:
        with _start_lock:
            loop = _loops.get(os.getpid())
            if loop is None:
                loop = _loops[os.getpid()] = _BackgroundLoop()
    return loop.run(coroutine)


def start(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start a coroutine function on this process's background loop, if it runs, and do not wait for it."""
    loop = _loops.get(os.getpid())
    if loop is not None:
        loop.start(function())


def _stop() -> None:
    loop = _loops.pop(os.getpid(), None)
    if loop is not None:
        loop.stop()


def _replace_lock() -> None:
    """Create a new lock in a forked child: another thread of the parent may have held the old one."""
    global _start_lock  # noqa: PLW0603 - a lock of this module, by nature one per process
    _start_lock = threading.Lock()


atexit.register(_stop)
os.register_at_fork(after_in_child=_replace_lock)
