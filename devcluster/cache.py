"""The cache of fetched and built programs, which all clones of this user share."""

import os
from pathlib import Path

OVERRIDE = "MODEL_REGISTRAR_CACHE"


def root() -> Path:
    """Return the cache folder, ``MODEL_REGISTRAR_CACHE`` or else the user's cache folder; create it if absent."""
    if override := os.environ.get(OVERRIDE):
        folder = Path(override).absolute()
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-registrar"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def programs_in(folder: Path, names: list[str]) -> dict[str, Path]:
    """Return those of the named programs that are executable files in ``folder``."""
    return {name: folder / name for name in names if os.access(folder / name, os.X_OK) and (folder / name).is_file()}
