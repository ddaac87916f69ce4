"""The members of an enum with their docstrings, which Python itself does not keep."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator
from enum import Enum
from typing import TypeVar

Member = TypeVar("Member", bound=Enum)


def documented(enum: type[Member]) -> Iterator[tuple[Member, str]]:
    """Yield each member that has a docstring, with the docstring on one line as Markdown."""
    (definition,) = ast.parse(inspect.getsource(enum)).body
    if not isinstance(definition, ast.ClassDef):
        raise TypeError(definition)
    for assignment, text in itertools.pairwise(definition.body):
        match assignment, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(docstring))):
                yield enum[name], " ".join(docstring.split()).replace("``", "`")
