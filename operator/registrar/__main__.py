"""``python -m registrar``."""

from registrar.cli import main

main(prog_name="registrar")
