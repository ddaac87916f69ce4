"""The cache of fetched and built programs, which all clones of this user share."""

import os
from pathlib import Path

from devcluster.errors import BinariesError

OVERRIDE = "MODEL_REGISTRAR_CACHE"


def root() -> Path:
    """Return the cache folder, ``MODEL_REGISTRAR_CACHE`` or else the user's cache folder; create it if absent.

    Raises:
        BinariesError: It cannot be created.
    """
    try:
        folder = _folder()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise BinariesError(
            f"No folder for fetched and built programs: {error}. Set {OVERRIDE} or XDG_CACHE_HOME to a folder that can "
            "be written, or HOME to one in which .cache can be."
        ) from error
    return folder


def _folder() -> Path:
    if override := os.environ.get(OVERRIDE):
        return Path(override).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-registrar"


def programs_in(folder: Path, names: list[str]) -> dict[str, Path]:
    """Return those of the named programs that are executable files in ``folder``."""
    return {name: folder / name for name in names if os.access(folder / name, os.X_OK) and (folder / name).is_file()}
