"""Where the control plane's programs come from."""

import os
from collections.abc import Sequence
from pathlib import Path


class BinariesError(RuntimeError):
    """A program is neither on this machine nor to be had; the message says what was tried."""


def ensure(names: Sequence[str]) -> dict[str, Path]:
    """Return the path of each named program."""
    folder = Path(os.environ["KUBEBUILDER_ASSETS"])
    return {name: folder / name for name in names}
