"""Joins the rims: one file for each stage of the pipeline, in reading order."""
