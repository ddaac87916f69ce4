"""Building the image without a container engine; `tests/chart` builds and runs it with an engine."""

import re
import subprocess
import sys
from pathlib import Path

from devcluster.environment import child_environment

REPOSITORY = Path(__file__).parents[2]


def test_without_an_engine_it_refuses_and_says_what_to_do(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "devcluster.image"],
        cwd=REPOSITORY,
        env=child_environment({"PATH": str(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "error: Building the image needs a container engine:",
        "  docker: not in PATH",
        "  podman: not in PATH",
        "  nerdctl: not in PATH",
        "Start or install one of them. Without an engine, `registrar run` works on any machine with a kubeconfig.",
    ]


def test_the_image_is_built_with_the_uv_of_the_makefile() -> None:
    (own,) = re.findall(r"^UV_VERSION := (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert f"ARG UV_VERSION={own}\n" in (REPOSITORY / "Dockerfile").read_text()
