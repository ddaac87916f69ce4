"""The site of ``make docs``: builds without a warning and without the network, and holds every page and name."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import REPOSITORY

DOCS = REPOSITORY / "docs"
LEFT_OUT = {Path("design/000-template.md")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: what ``make docs`` runs, into a folder of this test's own."""
    recipe = (REPOSITORY / "Makefile").read_text()
    called = re.search(r"^\t@\$\(BIN\)/(python -m sphinx .*) docs build/docs$", recipe, re.MULTILINE)
    assert called is not None
    folder = tmp_path_factory.mktemp("site")
    arguments = [*called[1].split()[1:], "--doctree-dir", str(folder / "trees"), "docs", str(folder / "html")]
    # A proxy that is not there: whoever asks for something from outside fails.
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = os.environ | nowhere
    subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, env=environment, check=True, capture_output=True)
    return folder / "html"


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    index = (site / "index.html").read_text()
    pages = [page.relative_to(DOCS) for page in DOCS.rglob("*.md")]
    assert len(pages) > 10
    for page in (one for one in pages if one not in LEFT_OUT):
        built = page.with_suffix(".html")
        assert (site / built).is_file()
        assert page == Path("index.md") or f'class="reference internal" href="{built}"' in index, page


def test_the_index_tells_of_every_page() -> None:
    text = (DOCS / "index.md").read_text()
    linked = {Path(path) for path in re.findall(r"\]\(([^)#]+\.md)\)", text)}
    pages = {page.relative_to(DOCS) for page in DOCS.rglob("*.md")}
    assert pages - LEFT_OUT - linked == {Path("index.md")}


def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)\"", page.read_text())
        assert loaded == [], page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?https?:", sheet.read_text()) == [], sheet


def test_links_to_what_has_no_page_are_text_and_pictures_are_there(site: Path) -> None:
    quickstart = (site / "quickstart.html").read_text()
    assert "examples/quickstart" in quickstart
    assert "../examples" not in quickstart
    for page in site.rglob("*.html"):
        for source in re.findall(r"<img[^>]+src=\"([^\"]+)\"", page.read_text()):
            assert (page.parent / source).is_file(), (page, source)
