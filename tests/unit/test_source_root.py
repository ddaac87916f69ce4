"""``operator/`` is a source root and never a package: it would hide the standard library's module of that name."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_source_root_is_no_package() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()
    assert (ROOT / "operator" / "registrar" / "__init__.py").exists()


@pytest.mark.parametrize("folder", [ROOT, ROOT / "operator"], ids=["repository root", "source root"])
def test_operator_is_the_standard_librarys(folder: Path) -> None:
    program = "import operator, sys; print(operator.__file__); print(operator.add(2, 3))"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    where, total = done.stdout.split()
    assert Path(where).parent == Path(sysconfig.get_path("stdlib"))
    assert total == "5"
