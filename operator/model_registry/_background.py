"""The event loop behind synchronous use: one per process, in a thread of its own."""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _BackgroundLoop:
    """A running event loop. The calling thread may have a running loop of its own, as in a notebook."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # A daemon: the interpreter waits for all others before it calls what is registered with `atexit`.
        self._thread = threading.Thread(target=self._serve, name="model_registry", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what a coroutine returns; whatever interrupts the wait for it, such as Ctrl-C, cancels it."""
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError(
                "A synchronous call from inside the client, such as from a function that gives the token, would wait "
                "for itself: use a client of its own there"
            )
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine without waiting for it; from any thread."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Cancel what is under way, close the connections, and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            left = asyncio.all_tasks(self._loop)
            for task in left:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            # Not `asyncio.run`, which does all this too: it also starts a thread, and newer interpreters that are
            # about to exit refuse that.
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()


# By process: a forked child has the parent's object, but not its thread. It is left alone, since closing its loop would
# disturb the parent's.
_running: dict[int, _BackgroundLoop] = {}
_starting = threading.Lock()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on this process's background loop and return what it returns.

    The loop is started by the first call and stopped at the end of the process. To be called from any thread, also one
    with a running event loop, which stands still meanwhile.

    Raises:
        RuntimeError: If called from the background loop itself.
    """
    loop = _running.get(os.getpid())
    if loop is None:
        with _starting:
            loop = _running.get(os.getpid())
            if loop is None:
                loop = _running[os.getpid()] = _BackgroundLoop()
    return loop.run(coroutine)


def start(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Start a coroutine function on this process's background loop, if there is one, without waiting for its end."""
    loop = _running.get(os.getpid())
    if loop is not None:
        loop.start(function())


def _stop() -> None:
    loop = _running.pop(os.getpid(), None)
    if loop is not None:
        loop.stop()


def _forget_the_lock() -> None:
    """Make the lock anew in a forked child: another thread of the parent may have held it."""
    global _starting  # noqa: PLW0603 - a lock of this module, by nature one per process
    _starting = threading.Lock()


atexit.register(_stop)
os.register_at_fork(after_in_child=_forget_the_lock)
