"""``make dev`` on a copy of the checkout: the operator restarts when its code changes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devcluster import cache

REPOSITORY = Path(__file__).parents[2]
MODULE = Path("operator") / "registrar" / "app" / "process.py"


class Dev:
    """A started ``python -m devcluster dev`` in a copy of the checkout, whose output is read as it comes."""

    def __init__(self, tree: Path, temporary: Path) -> None:
        self.printed = ""
        variables = {"PYTHONPATH": f"{tree / 'operator'}", "TMPDIR": str(temporary), "COLUMNS": "120"}
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "devcluster", "dev"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tree,
            env=os.environ | variables | {"MODEL_REGISTRAR_CACHE": str(cache.root())},
        )
        # A program that hangs prints no line.
        self._limit = threading.Timer(120, self.process.kill)
        self._limit.start()

    def read_until(self, words: str) -> str:
        assert self.process.stdout is not None
        read = ""
        for line in self.process.stdout:
            read += line
            self.printed += line
            if words in line:
                return read
        raise AssertionError(f"{words!r} was not printed:\n{self.printed}")

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.printed += self.process.communicate()[0]
        return self.process.returncode

    def end(self) -> None:
        self._limit.cancel()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    copy = tmp_path / "tree"
    for name in ("operator", "devcluster", "crds", "examples"):
        shutil.copytree(REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_the_operator_restarts_when_its_code_changes_and_survives_a_mistake(tree: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    dev = Dev(tree, temporary)
    try:
        dev.read_until("Press Ctrl-C here")
        assert "[bold]" not in dev.printed
        module = tree / MODULE
        text = module.read_text()

        module.write_text(f"{text}\nraise SystemExit('a mistake')\n")
        assert f"{MODULE} has changed" in dev.read_until("The next change starts it again.")
        assert "a mistake" in dev.printed

        module.write_text(f"{text}\nprint('the new code')\n")
        dev.read_until("the operator is ready")
        (log,) = temporary.rglob("operator.log")
        assert "the new code" in log.read_text()

        assert dev.interrupt() == 0
        assert "Everything has been stopped and cleaned up." in dev.printed
        assert list(temporary.iterdir()) == []
    finally:
        dev.end()
