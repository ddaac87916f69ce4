"""``python -m tools.site``."""

from tools.site.command import main

main()
