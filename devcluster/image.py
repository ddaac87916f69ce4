"""Builds the operator's image with the container engine of this machine: ``python -m devcluster.image``."""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from devcluster import engine
from devcluster.engine import NoEngineError

REPOSITORY = Path(__file__).parents[1]
NEEDS_ENGINE = "Building the image needs a container engine:"
WITHOUT_ENGINE = (
    "Start or install one of them. Without an engine, `registrar run` works on any machine with a kubeconfig."
)


class ImageError(RuntimeError):
    """The image was not built. The message says why."""


def version() -> str:
    """Return the project's version, such as ``0.1.0``."""
    (found,) = re.findall(
        r'^version = "(.+)"$', (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    return str(found)


def build(tag: str, *, base: str | None = None, options: Sequence[str] = ()) -> None:
    """Build the image, with the engine's output on this terminal.

    Args:
        tag: Its name, such as ``registry.example/model-registrar:0.1.0``.
        base: Image with Python to build and run in; the Dockerfile's by default.
        options: More options of ``docker build``, such as ``--network=host``.

    Raises:
        NoEngineError: No container engine answers.
        ImageError: The build failed.
    """
    found = engine.find(NEEDS_ENGINE, WITHOUT_ENGINE)
    arguments = {"VERSION": version(), "REVISION": _revision(), "CREATED": datetime.now(UTC).strftime("%FT%TZ")}
    if base is not None:
        arguments |= {"BUILD_IMAGE": base, "BASE_IMAGE": base}
    flags = [f"--build-arg={name}={value}" for name, value in arguments.items()]
    result = subprocess.run([found.program, "build", f"--tag={tag}", *flags, *options, REPOSITORY], check=False)
    if result.returncode != 0:
        raise ImageError(f"{found.name} build ended with status {result.returncode}; its output says why.")


def _revision() -> str:
    """The commit; ``unknown`` outside of a clone."""
    command = ["git", "-C", str(REPOSITORY), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main() -> int:
    """Build the operator's image."""
    parser = argparse.ArgumentParser(prog="python -m devcluster.image", description=main.__doc__)
    parser.add_argument("--tag", default=f"model-registrar:{version()}", help="name of the image  [%(default)s]")
    parser.add_argument("--base", help="image with Python to build and run in  [the Dockerfile's]")
    parser.add_argument("options", nargs="*", help="after --: more options of `docker build`")
    chosen = parser.parse_args()
    try:
        build(chosen.tag, base=chosen.base, options=chosen.options)
    except (NoEngineError, ImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Built {chosen.tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
