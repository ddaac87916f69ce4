"""A Go module that needs only the standard library and builds in a second."""

import shutil
import textwrap
from pathlib import Path

import pytest

from devcluster.gomodule import GoModule


def write(folder: Path) -> GoModule:
    """Write a module with the programs ``greeter`` and ``asker``, which share the package ``words``."""
    if shutil.which("go") is None:
        pytest.skip("building needs Go in PATH")
    (folder / "words").mkdir(parents=True)
    (folder / "words" / "words.go").write_text('package words\n\nfunc Greeting() string { return "good morning" }\n')
    for name, format_ in (("greet/v2", "%s"), ("asker", "%s?")):
        (folder / name).mkdir(parents=True)
        (folder / name / "main.go").write_text(
            textwrap.dedent(f"""
                package main

                import (
                    "fmt"
                    "example.invalid/morning/words"
                )

                func main() {{ fmt.Printf("{format_}", words.Greeting()) }}
            """)
        )
    (folder / "go.mod").write_text("module example.invalid/morning\n\ngo 1.21.0\n")
    (folder / "go.sum").touch()
    packages = {"greeter": "example.invalid/morning/greet/v2", "asker": "example.invalid/morning/asker"}
    return GoModule(folder, packages, ("-trimpath", "-buildvcs=false"))
