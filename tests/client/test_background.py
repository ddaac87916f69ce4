"""Where synchronous calls work: notebooks, threads, forked processes, and scripts until they end."""

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistry

SOURCE_ROOT = Path(__file__).parents[2] / "operator"
FORMAT: dict[str, Any] = {"model_format_name": "onnx", "model_format_version": "1"}

Unique = Callable[[str], str]


@pytest.fixture
def registry(registry_url: str) -> Iterator[ModelRegistry]:
    with ModelRegistry(registry_url, author="me", user_token="t") as connected:
        yield connected


STRICT = ("-X", "dev", "-W", "error")
"""Python's development mode, with every warning as an error."""


def script(text: str, *arguments: str, mode: tuple[str, ...] = STRICT) -> subprocess.CompletedProcess[str]:
    preamble = "import os, sys, threading\nfrom model_registry import ModelRegistry\nurl, name = sys.argv[1:]\n"
    return subprocess.run(
        [sys.executable, *mode, "-c", preamble + textwrap.dedent(text), *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return a script's stderr, without the hint about an unusual port and asyncio's remarks about slow machines."""
    usual = ("Server address protocol", "Executing <")
    return [line for line in done.stderr.splitlines() if not line.startswith(usual)]


async def test_calls_work_inside_a_running_event_loop(registry: ModelRegistry, unique: Unique) -> None:
    loop = asyncio.get_running_loop()
    model = registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1")
    assert registry.get_registered_model(unique("m")) == model
    assert [version.name for version in registry.get_model_versions(unique("m"))] == ["v1"]
    assert asyncio.get_running_loop() is loop
    await asyncio.sleep(0)


async def test_calls_work_alongside_the_asynchronous_client(registry: ModelRegistry, unique: Unique) -> None:
    registry.register_model(unique("m"), "s3://1", **FORMAT, version="v1")
    found = await registry.api.get_registered_model_by_params(unique("m"))
    assert found == registry.get_registered_model(unique("m"))
    await registry.api.aclose()


def test_threads_share_one_background_loop(registry: ModelRegistry, unique: Unique) -> None:
    def register(number: int) -> str:
        model = registry.register_model(unique(f"m{number}"), "s3://1", **FORMAT, version="v1")
        return model.name

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(register, range(24))) == [unique(f"m{number}") for number in range(24)]
    assert [thread.name for thread in threading.enumerate()].count("model_registry") == 1


def test_a_call_from_inside_the_client_is_refused_instead_of_waiting_forever(registry_url: str) -> None:
    registries: list[ModelRegistry] = []

    def token() -> str:
        if registries:
            registries[0].get_registered_model("m")
        return "t"

    with ModelRegistry(registry_url, author="me", user_token=token) as registry:
        registries.append(registry)
        with pytest.raises(RuntimeError, match="would wait for itself"):
            registry.get_registered_model("m")
        registries.clear()


def test_a_script_ends_cleanly(registry_url: str, unique: Unique) -> None:
    """With clients that were never closed: one exists at the end, one was collected before."""
    done = script(
        """
        registry = ModelRegistry(url.replace("127.0.0.1", "localhost"), author="me", user_token="t")
        other = ModelRegistry(url, author="me", user_token="t")
        del other
        model = registry.register_model(
            name, "s3://1", model_format_name="onnx", model_format_version="1", version="v1"
        )
        print(registry.get_registered_model(name) == model)
        """,
        registry_url,
        unique("m"),
    )
    assert (done.returncode, done.stdout, complaints(done)) == (0, "True\n", [])


def test_a_forked_child_has_its_own_loop_and_leaves_the_parents_alone(registry_url: str, unique: Unique) -> None:
    done = script(
        """
        registry = ModelRegistry(url, author="me", user_token="t")
        model = registry.register_model(
            name, "s3://1", model_format_name="onnx", model_format_version="1", version="v1"
        )
        child = os.fork()
        same = registry.get_registered_model(name) == model
        if child:
            _, status = os.waitpid(child, 0)
            same = same and status == 0 and registry.get_registered_model(name) == model
        print("parent" if child else "child", same, flush=True)
        """,
        registry_url,
        unique("m"),
        # The child ends with copies of the parent's connections, which it must not close.
        mode=("-W", "ignore:This process:DeprecationWarning"),
    )
    assert (done.returncode, done.stdout, complaints(done)) == (0, "child True\nparent True\n", [])


STALLED = """
    import concurrent.futures, signal, socket

    listener = socket.create_server(("127.0.0.1", 0))
    page = b'{"items": [], "nextPageToken": ""}'
    asked, hung_up = threading.Event(), threading.Event()

    def serve():
        # An answer for the constructor, and none for the next call.
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(page) + page)
        connection.recv(65536)
        asked.set()
        if name == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        while connection.recv(65536):
            pass
        connection.close()
        hung_up.set()

    threading.Thread(target=serve, daemon=True).start()
    registry = ModelRegistry(f"http://127.0.0.1:{listener.getsockname()[1]}", author="me", user_token="t")

    def ask():
        try:
            registry.get_registered_model("m")
        except concurrent.futures.CancelledError:
            pass
"""


def test_ctrl_c_ends_the_request_too() -> None:
    done = script(
        STALLED
        + """
    try:
        ask()
    except KeyboardInterrupt:
        print("interrupted")
    print("the request was dropped" if hung_up.wait(30) else "the request went on")
    listener.close()
    """,
        "",
        "interrupt",
    )
    assert (done.returncode, done.stdout) == (0, "interrupted\nthe request was dropped\n")
    assert complaints(done) == []


def test_ctrl_c_at_any_moment_of_a_call_cancels_it() -> None:
    """The loop may run a call while the thread that made it has not gone on to wait for its end yet."""
    done = script(
        """
        import asyncio, concurrent.futures, itertools
        from model_registry import _background

        started, ended = threading.Event(), threading.Event()
        packages = tuple(os.path.dirname(module.__file__) for module in (_background, asyncio, concurrent.futures))

        async def endless():
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def nothing():
            pass

        def interrupt_before(line):
            # As a signal's handler does, before a line of the call; returns whether the call is waited for there.
            lines, waits = itertools.count(1), False

            def trace(frame, event, _):
                nonlocal waits
                # A finalizer that runs meanwhile would swallow the interrupt.
                if not frame.f_code.co_filename.startswith(packages):
                    return None
                waits = waits or frame.f_code.co_name == "result"
                if event == "line" and (next(lines) == line or waits):
                    sys.settrace(None)
                    started.wait(0.05)
                    raise KeyboardInterrupt
                return trace

            call = endless()
            sys.settrace(trace)
            try:
                _background.run(call)
            except KeyboardInterrupt:
                return waits

        _background.run(nothing())
        began = 0
        for line in itertools.count(1):
            waits = interrupt_before(line)
            _background.run(nothing())
            began += started.is_set()
            if started.is_set() and not ended.wait(10):
                print("before line", line, "the call went on")
                break
            started.clear(), ended.clear()
            if waits:
                break
        print(waits, began > 1)
        """,
        "",
        "",
        # A call that is interrupted before it is handed over has a coroutine that never runs.
        mode=(),
    )
    assert (done.returncode, done.stdout) == (0, "True True\n")


def test_a_script_ends_while_a_call_is_running() -> None:
    """A daemon thread waits for an answer that never arrives."""
    done = script(
        STALLED
        + """
    threading.Thread(target=ask, daemon=True).start()
    print(asked.wait(30))
    listener.close()
    """,
        "",
        "end",
    )
    assert (done.returncode, done.stdout, complaints(done)) == (0, "True\n", [])


AT_EXIT = """
    class Job:
        def __init__(self):
            self.registry = ModelRegistry(url, author="me", user_token="t")

        def __del__(self):
            self.registry.close()
            try:
                self.registry.get_registered_model("m")
            except RuntimeError as error:
                print(error)

    job = Job()
    sys.modules["kept"] = job  # until the modules themselves are cleared
"""


@pytest.mark.parametrize("used_before", [True, False])
def test_a_call_while_the_interpreter_exits_is_refused_and_never_hangs(registry_url: str, *, used_before: bool) -> None:
    more = "" if used_before else "    import model_registry._background as b; b._stop()\n"
    done = script(AT_EXIT + more, registry_url, "", mode=())
    assert done.returncode == 0
    assert done.stdout == "The interpreter is exiting, so the registry cannot be called any more\n"


def test_a_generator_that_cleans_up_at_exit_ends(registry_url: str) -> None:
    done = script(
        """
        def steps():
            registry = ModelRegistry(url, author="me", user_token="t")
            try:
                yield registry
            finally:
                registry.close()

        running = steps()
        print(next(running).get_registered_model("nobody's"))
        """,
        registry_url,
        "",
        mode=(),
    )
    assert (done.returncode, done.stdout, complaints(done)) == (0, "None\n", [])
