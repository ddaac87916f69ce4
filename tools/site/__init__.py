"""The documentation site with a folder for each version: ``python -m tools.site``."""
