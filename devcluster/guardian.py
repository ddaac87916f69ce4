"""Cleans up after a process that could not do so itself, even if SIGKILL ended it.

``processes.Children`` starts this file as a program in its own session and holds the other end of its standard input.
While the owner lives, it sends one JSON object a line: ``{"started": pid}``, ``{"ended": pid}``. When the owner ends,
for whatever reason, the input ends too. The guardian then ends every process group that is still noted, the newest
first, and removes the folder that is its only argument.
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

GRACE_SECONDS = 5.0
_POLL_SECONDS = 0.05


def main(folder: Path) -> None:
    """Read notes from standard input until it ends, then end the remaining groups and remove ``folder``."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    groups: list[int] = []
    for line in sys.stdin:
        note = json.loads(line)
        if "started" in note:
            groups.append(note["started"])
        else:
            groups.remove(note["ended"])
    for group in reversed(groups):
        end_group(group, GRACE_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


def end_group(group: int, grace: float) -> None:
    """Send SIGTERM to a process group, and SIGKILL if any of it still runs after ``grace`` seconds."""
    deadline = time.monotonic() + grace
    if not _signal_group(group, signal.SIGTERM):
        return
    while _signal_group(group, 0):
        if time.monotonic() > deadline:
            _signal_group(group, signal.SIGKILL)
            return
        time.sleep(_POLL_SECONDS)


def _signal_group(group: int, number: int) -> bool:
    """Send a signal and return whether the group still existed."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
