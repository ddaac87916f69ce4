"""``python -m tools.prose``."""

from tools.prose.phrases import main

main()
