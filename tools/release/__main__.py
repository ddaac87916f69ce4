"""``python -m tools.release``."""

from tools.release.command import main

main()
