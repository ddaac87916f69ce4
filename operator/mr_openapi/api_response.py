"""A module of the generated package that does not exist here. Importing it explains what to use."""

from mr_openapi._refusal import missing_module

raise missing_module(__name__)
