"""actionlint: ``python -m devcluster.workflowtools`` builds it once, and checks the workflows with it."""

import argparse
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from devcluster import binaries, gomodule
from devcluster.errors import BinariesError

WORKFLOWS = Path(__file__).parents[1] / ".github" / "workflows"
_BUILD_MINUTES = 1


def ensure(console: Console | None = None) -> Path:
    """Return the path of ``actionlint``.

    Args:
        console: Where the progress of a build is shown; standard error by default.

    Raises:
        BinariesError: It cannot be built. The message says why and what to do.
    """
    version = gomodule.actionlint_version()
    return binaries.ensure_built("actionlint", version, gomodule.workflow_tools(), _BUILD_MINUTES, console)[
        "actionlint"
    ]


def main() -> int:
    """Check workflows with actionlint."""
    parser = argparse.ArgumentParser(prog="python -m devcluster.workflowtools", description=main.__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="the workflows  [all of .github/workflows]")
    files = parser.parse_args().files or sorted(WORKFLOWS.glob("*.yml"))
    try:
        actionlint = ensure()
    except BinariesError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    # It uses a shellcheck and a pyflakes of the machine; the workflows have no scripts.
    return subprocess.run([actionlint, "-shellcheck=", "-pyflakes=", *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
