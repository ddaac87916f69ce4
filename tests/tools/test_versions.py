"""The table of tested versions."""

import shutil
from pathlib import Path

import pytest

from devcluster import gomodule
from tools.generate import versions

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Give a copy of what the table is made from."""
    for file in ("README.md", "pyproject.toml", "charts/model-registrar/Chart.yaml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_both_pages_have_the_pinned_versions(copied: Path) -> None:
    _replace(copied / "pyproject.toml", "Python :: 3.14", "Python :: 3.15")
    for text in (versions.readme_with_table(copied), versions.versions_page(copied)):
        assert f"| Argo CD | {gomodule.argocd_version().removeprefix('v').rpartition('.')[0]} |" in text
        assert f"| Prometheus | {gomodule.prometheus_release()} |" in text
        assert "| Python | 3.11, 3.12, 3.13 and 3.15 | the whole suite with 3.11; " in text
        assert "those of lifecycle, registries and election with 3.13, and none with 3.15 |" in text
        assert "| registry API | `v1alpha3` and `v1` |" in text


def test_the_rest_of_the_readme_stays(copied: Path) -> None:
    readme = copied / "README.md"
    before = readme.read_text()
    _replace(readme, "| Flux, KServe, Kargo |", "| Flux |")
    assert versions.readme_with_table(copied) == before


def test_a_promise_of_the_chart_that_no_test_keeps_is_refused(copied: Path) -> None:
    _replace(copied / "charts/model-registrar/Chart.yaml", '">=1.30.0-0"', '">=1.29.0-0"')
    with pytest.raises(ValueError, match=r"kubeVersion >=1\.29\.0-0, but 1\.30 is the oldest one tested"):
        versions.versions_page(copied)


def test_a_readme_without_a_place_for_the_table_is_refused(copied: Path) -> None:
    _replace(copied / "README.md", versions.BEGIN, "")
    with pytest.raises(ValueError, match=r"README\.md has no line <!--"):
        versions.readme_with_table(copied)
