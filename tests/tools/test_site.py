"""The site with its folders of versions, from a repository whose `make docs` builds small pages."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.site.command import main

ROOT = Path(__file__).parents[2]
MAKEFILE = """\
docs:
\ttest -n "$(VERSIONED)"
\tmkdir -p build/docs/how-to
\tcp page build/docs/index.html
\tcp page build/docs/how-to/%s.html
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with releases, some of whose pages differ; the checkout has version 0.3.0."""
    folder = tmp_path / "repository"
    folder.mkdir()
    _git(folder, "init", "--quiet")
    for version in ("0.1.0", "0.1.1", "0.2.0", "0.10.0", "0.11.0rc1", "0.3.0"):
        (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        (folder / "Makefile").write_text(MAKEFILE % f"in-{version}")
        (folder / "page").write_text(f"<p>of {version}</p>")
        _git(folder, "add", "--all")
        _git(folder, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "-m", version)
        if version != "0.3.0":
            _git(folder, "tag", f"v{version}")
    return folder


@pytest.fixture
def build(repository: Path, tmp_path: Path) -> Callable[[], Path]:
    def run() -> Path:
        site = tmp_path / "site"
        result = CliRunner().invoke(main, ["--repository", str(repository), str(site)])
        assert result.exit_code == 0, result.output
        return site

    return run


def test_each_minor_version_has_a_folder_with_its_newest_release(build: Callable[[], Path]) -> None:
    site = build()
    pages = {folder.name: (folder / "index.html").read_text() for folder in site.iterdir() if folder.name[0] == "0"}
    assert pages == {
        "0.1": "<p>of 0.1.1</p>",
        "0.2": "<p>of 0.2.0</p>",
        "0.3": "<p>of 0.3.0</p>",
        "0.10": "<p>of 0.10.0</p>",
    }


def test_the_list_has_the_newest_version_first_and_its_pages(build: Callable[[], Path]) -> None:
    listed = json.loads((build() / "versions.json").read_text())
    assert [(each["version"], each["release"]) for each in listed] == [
        ("0.10", "0.10.0"),
        ("0.3", "0.3.0"),
        ("0.2", "0.2.0"),
        ("0.1", "0.1.1"),
    ]
    assert listed[0]["pages"] == ["how-to/in-0.10.0.html", "index.html"]


def test_an_address_without_a_version_leads_to_the_newest_release(build: Callable[[], Path]) -> None:
    site = build()
    assert 'url=0.10/index.html"' in (site / "index.html").read_text()
    assert 'url=../0.10/how-to/in-0.10.0.html"' in (site / "how-to" / "in-0.10.0.html").read_text()
    assert not (site / "how-to" / "in-0.2.0.html").exists()


def test_building_again_leaves_nothing_of_before(build: Callable[[], Path], repository: Path) -> None:
    build()
    _git(repository, "tag", "--delete", "v0.10.0")
    site = build()
    assert not (site / "0.10").exists()
    assert 'url=0.3/index.html"' in (site / "index.html").read_text()


def test_a_tag_that_does_not_build_fails(repository: Path, tmp_path: Path) -> None:
    _git(repository, "rm", "--quiet", "page")
    (repository / "page").unlink(missing_ok=True)
    result = CliRunner().invoke(main, ["--repository", str(repository), str(tmp_path / "site")])
    assert isinstance(result.exception, subprocess.CalledProcessError)


def test_a_check_without_a_browser_says_so_and_builds_nothing(tmp_path: Path) -> None:
    command = (shutil.which("make") or "make", "READY=", f"BIN={Path(sys.executable).parent}", "site-check")
    ran = subprocess.run(command, cwd=ROOT, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: no browser: install Chrome or Chromium (Debian: apt-get install chromium)\n")
    assert ran.stdout == ""


def _git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)
