"""Generates the files that are derived from the code: ``python -m tools.generate``, by ``make generate``."""
