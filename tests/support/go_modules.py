"""Files of published Go modules, such as the definitions of another project's kinds."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest


def published(module: str, checksum: str, folder: Path) -> Path:
    """Return the folder of a published Go module, downloaded unless it is cached.

    Args:
        module: ``path@version``.
        checksum: what go.sum would have.
        folder: an empty folder, where no other module decides what is downloaded.
    """
    if shutil.which("go") is None:
        pytest.skip("this needs Go in PATH")
    command = ["go", "mod", "download", "-json", module]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=150)
    found = json.loads(answer.stdout)
    assert answer.returncode == 0, found.get("Error", answer.stderr)
    assert found["Sum"] == checksum
    return Path(found["Dir"])
