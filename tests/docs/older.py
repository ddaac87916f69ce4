"""What differs on an older Kubernetes: the pages show what the newest one prints, and say what older ones lack."""

import re

from devcluster import gomodule
from devcluster.controlplane import ControlPlane

SELECTABLE_SINCE = 31
"""The minor version from which on a field selector finds a custom resource."""
_SELECTED = re.compile(r" --field-selector (spec|status)\.")
_ADDED_WORDS = re.compile(r'(?<= deleted) from \S+ namespace$|(?<=Invalid value: )"object": ', re.MULTILINE)
"""Only newer programs say where they delete, and only older ones say of which type a value is."""


def lacks(plane: ControlPlane, command: str) -> bool:
    """Whether the cluster is older than what a command needs."""
    return plane.minor_version < SELECTABLE_SINCE and _SELECTED.search(command) is not None


def comparable(plane: ControlPlane, text: str) -> str:
    """A text as it is, or on an older cluster without the words that only some versions print."""
    newest = int(gomodule.kubernetes_version("newest").split(".")[1])
    return text if plane.minor_version >= newest else _ADDED_WORDS.sub("", text)
