"""The docstrings of a model's fields, which describe them in schemas.

pydantic would read them from the source of each model while it is imported, which takes longer than all else that it
does then, and each command would wait for it. So they are read for a schema.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Mapping
from itertools import pairwise


@functools.cache
def field_docstrings(model: type[object]) -> Mapping[str, str]:
    """Return the docstring below each field of a class, also of those that it inherits, by the field's name."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        # A generic model with its parameters filled in has no source, and its parent has the same fields.
        if "[" not in each.__name__ and inspect.get_annotations(each):
            found |= _own_docstrings(each)
    return found


def _own_docstrings(model: type[object]) -> Mapping[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)  # noqa: S101 - it is the source of a class
    return {
        field.target.id: inspect.cleandoc(after.value.value)
        for field, after in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }
