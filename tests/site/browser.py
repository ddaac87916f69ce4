"""The browser of this machine: ``python -m tests.site.browser`` fails if there is none."""

import shutil
import sys

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ABSENT = "no browser: install Chrome or Chromium (Debian: apt-get install chromium)"


def find() -> str | None:
    """The path of a browser that `PATH` has."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


if __name__ == "__main__":
    sys.exit(0 if find() else f"error: {ABSENT}")
