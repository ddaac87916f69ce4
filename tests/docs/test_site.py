"""The site of ``make docs``: builds without a warning and without the network, and holds every page and name."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from sphinx.util.inventory import InventoryFile

import model_registry
from model_registry import ListOptions, ModelRegistry, ModelRegistryAPIClient, Pager, Results, exceptions, types, utils
from tests.docs.pages import REPOSITORY

DOCS = REPOSITORY / "docs"
WITHOUT_DOCSTRING = {"__version__", "SupportedTypes"}
"""A text and a union: docs/reference/client.md says what they are."""
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
    command = [sys.executable, *arguments]
    built = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False, capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
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
    """Itself, or by a page that it tells of."""
    told, left = {Path("index.md")}, [Path("index.md")]
    while left:
        page = left.pop()
        linked = re.findall(r"\]\(([^)#]+\.md)\)", (DOCS / page).read_text())
        found = {(DOCS / page.parent / path).resolve() for path in linked}
        new = {path.relative_to(DOCS) for path in found if path.is_relative_to(DOCS)} - told
        told |= new
        # The front page of a guide lists its pages; any other page only mentions some.
        left += [path for path in new if (DOCS / path.with_suffix("")).is_dir()]
    assert {page.relative_to(DOCS) for page in DOCS.rglob("*.md")} - LEFT_OUT == told - LEFT_OUT


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


def test_the_client_in_detail_has_every_public_name(site: Path) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    documented = {name for domain in inventory if domain.startswith("py:") for name in inventory[domain]}
    for name in {*model_registry.__all__, *types.__all__} - WITHOUT_DOCSTRING:
        assert {f"model_registry.{name}", f"model_registry.types.{name}"} & documented, name
    for module in (exceptions, utils):
        own = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
        assert {f"{module.__name__}.{name}" for name in own if not name.startswith("_")} - documented == set()
    for cls in (ModelRegistry, ModelRegistryAPIClient, Results, ListOptions, Pager):
        assert {f"model_registry.{cls.__name__}.{name}" for name in _methods(cls)} - documented == set()


def _methods(cls: type[Any]) -> set[str]:
    """The public methods and properties of a class, with those of the bases that are ours."""
    ours = {name for base in cls.__mro__ if base.__module__.startswith("model_registry") for name in vars(base)}
    values = {name: inspect.getattr_static(cls, name) for name in ours if not name.startswith("_")}
    kinds = (FunctionType, classmethod, staticmethod, property)
    return {name for name, value in values.items() if isinstance(value, kinds)}
