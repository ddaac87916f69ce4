"""Modules have at most 300 lines, functions fewer than 50, their docstrings apart (CONTRIBUTING.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [ROOT / name for name in ("operator", "devcluster", "tools", "benchmarks")]
MODULES = [path for folder in FOLDERS for path in folder.rglob("*.py")]
MAX_MODULE, MAX_FUNCTION = 300, 49


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function; a docstring states the contract of each argument, and is none of them."""
    first = function.body[0]
    is_docstring = ast.get_docstring(function) is not None
    documented = (first.end_lineno or 0) - first.lineno + 1 if is_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented


def test_modules_are_short() -> None:
    assert len(MODULES) > 200
    sizes = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > MAX_MODULE} == {}


def test_functions_are_short() -> None:
    sizes = {
        f"{path.relative_to(ROOT)}:{function.name}": lines_of(function)
        for path in MODULES
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: size for name, size in sizes.items() if size > MAX_FUNCTION} == {}


@pytest.mark.parametrize("source", ["def f():\n    '''A\n    B'''\n    return 1", "def f():\n    pass"])
def test_a_docstring_is_not_counted(source: str) -> None:
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert lines_of(function) == 2
