"""README.md of this folder names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
NAMED = re.compile(r"`([\w./]+\.py)::(\w+)`")


def test_each_promise_has_tests_and_they_exist() -> None:
    rows = [line for line in (HERE / "README.md").read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == 15
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for file, name in named:
            tree = ast.parse((HERE / file).read_text())
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert name in functions, f"{file} has no {name}"
