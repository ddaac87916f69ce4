"""``python -m tools.generate``."""

from tools.generate.write import main

main()
