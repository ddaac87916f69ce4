"""The wheel and the source distribution."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def build(uv: Path, source: Path, seconds: int, folder: Path) -> None:
    """Build the source distribution, and the wheel from it, with the build backend that is locked in ``uv.lock``.

    Args:
        uv: the program.
        source: the exported commit.
        seconds: the time in all archives, in seconds since 1970.
        folder: where to write both.

    Raises:
        subprocess.CalledProcessError: the build failed; its output says why.
    """
    options = ("--quiet", "--no-build-isolation", "--no-create-gitignore", f"--python={sys.executable}")
    command = [str(uv), "build", *options, f"--out-dir={folder}", str(source)]
    subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": str(seconds)})
