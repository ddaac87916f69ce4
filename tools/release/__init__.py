"""Builds what a release consists of into ``dist/``: ``python -m tools.release``, by ``make release``.

One module for each kind of file. Each builds from an export of the commit, never from the working tree, and takes every
time from the commit: two builds of one commit have the same bytes.
"""
