import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from registrar.cli import main
from tests.cli.export import Export
from tests.support.rest import Rest

ReadByKubectl = Callable[[str], list[dict[str, Any]]]
"""What the fixture `read_by_kubectl` is."""


@pytest.fixture(scope="session")
def read_by_kubectl(kubectl_program: Path) -> ReadByKubectl:
    """Return what kubectl sends for a text; a `subprocess.CalledProcessError` where it refuses the text."""

    def run(text: str) -> list[dict[str, Any]]:
        arguments = ["annotate", "--local", "--filename=-", "read=1", "--output=json"]
        done = subprocess.run([kubectl_program, *arguments], input=text.encode(), capture_output=True, check=True)
        found, output, decoder = [], done.stdout.decode(), json.JSONDecoder()
        while output := output.lstrip():
            content, end = decoder.raw_decode(output)
            del content["metadata"]["annotations"]
            found.append(content)
            output = output[end:]
        return found

    return run


@pytest.fixture
def export(rest: Rest, tmp_path: Path) -> Export:
    """Run the command on the registry, into the folder ``git`` unless another is named."""

    def run(*arguments: str, to: Path | str = tmp_path / "git") -> Result:
        return CliRunner().invoke(main, ["export", str(to), f"--registry-url={rest.url}", *arguments])

    return run
