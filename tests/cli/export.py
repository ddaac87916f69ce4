"""What the tests of `registrar export` share: the command, and what is in a folder."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Export = Callable[..., Result]
"""What the fixture `export` is: runs the command on the registry."""


def files(folder: Path) -> dict[str, str]:
    """Return the text of each file under a folder, by its path there."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}
