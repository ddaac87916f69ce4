"""``python -m tools.recording``: run the demo, keep its recording, and draw it."""

import subprocess
import sys

from tools.recording.cast import CAST
from tools.recording.picture import PICTURE, picture
from tools.recording.record import record


def main() -> int:
    """Record the demo and return the exit status."""
    try:
        cast = record()
    except subprocess.CalledProcessError as error:
        print(error.output, file=sys.stderr)  # noqa: T201 - what the demo printed
        return 1
    cast.write(CAST)
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
