"""Runs the examples of docs/client.md, from top to bottom, against a registry."""

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "client.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


async def test_the_examples_run_as_they_stand(registry_url: str, unique: Callable[[str], str]) -> None:
    page = PAGE.read_text()
    names: dict[str, Any] = {}
    blocks = list(BLOCK.finditer(page))
    assert len(blocks) == page.count("```python")
    for block in blocks:
        source = block[1].replace("http://localhost:8080", registry_url).replace("HAL", unique("HAL"))
        # Blank lines in front, so that a traceback points into the page.
        line = page.count("\n", 0, block.start(1))
        code = compile("\n" * line + source, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)  # noqa: S307 - our own page
        if inspect.isawaitable(result):
            await result
    await names["client"].aclose()
