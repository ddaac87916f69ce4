"""The site of ``make docs``: builds without a warning and without the network, and holds every page and name."""

import inspect
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import FunctionType
from typing import Any
from urllib.parse import unquote, urlsplit

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
    dry_run = ["make", "--dry-run", "READY=", "docs"]
    recipe = subprocess.run(dry_run, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout
    called = re.search(r"^\S+/(python -m sphinx .*) docs build/docs$", recipe, re.MULTILINE)
    assert called is not None
    folder = tmp_path_factory.mktemp("site")
    arguments = [*called[1].split()[1:], "--doctree-dir", str(folder / "trees"), "docs", str(folder / "html")]
    # A proxy that does not exist: every request to the outside fails.
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
    environment = os.environ | nowhere
    command = [sys.executable, *arguments]
    built = subprocess.run(command, cwd=REPOSITORY, env=environment, check=False, capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    index = (site / "index.html").read_text()
    assert len(_pages()) > 10
    for page in _pages():
        built = page.with_suffix(".html")
        assert (site / built).is_file()
        assert page == Path("index.md") or f'class="reference internal" href="{built}"' in index, page


def test_every_page_is_reached_by_links_from_the_front_page() -> None:
    """A Git host shows no navigation: there a page is found by a link, or in the folder of a linked page."""
    linked, left = {Path("index.md")}, [Path("index.md")]
    while left:
        page = left.pop()
        paths = re.findall(r"\]\(([^)#]+\.md)\)", (DOCS / page).read_text())
        found = {(DOCS / page.parent / path).resolve() for path in paths}
        new = {path.relative_to(DOCS) for path in found if path.is_relative_to(DOCS)} - linked
        linked |= new
        # The front page of a guide lists its pages; any other page only mentions some.
        left += [path for path in new if path.name == "index.md" or (DOCS / path.with_suffix("")).is_dir()]
    beside_an_index = {page for page in _pages() if page.parent / "index.md" in linked and page.parent != Path()}
    assert _pages() - linked - beside_an_index == set()


def test_nothing_is_loaded_from_other_hosts(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(https?:[^\"]+)\"", page.read_text())
        assert loaded == [], page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:@import|url\()\s*[\"']?https?:", sheet.read_text()) == [], sheet


def test_no_link_is_dead(site: Path) -> None:
    """Neither its file nor its heading; links to other hosts are not followed."""
    read = {page.resolve(): _Links(page.read_text()) for page in site.rglob("*.html")}
    assert read
    dead = []
    for page, links in read.items():
        for address in links.targets:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            is_there = target.is_file() and (not parts.fragment or parts.fragment in read[target].anchors)
            dead += [] if is_there else [f"{page.relative_to(site.resolve())}: {address}"]
    assert dead == []


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("quickstart", "examples/quickstart.html"),
        ("lifecycle", "examples/adopt-existing.html"),
        ("gitops", "reference/argocd.html"),
        ("security", "contributing/security-policy.html"),
    ],
)
def test_what_lies_outside_of_the_docs_is_linked_where_it_has_a_page(site: Path, page: str, link: str) -> None:
    article = (site / f"{page}.html").read_text().partition("<article")[2].partition("</article>")[0]
    assert f'href="{link}' in article


def test_every_example_is_shown() -> None:
    """Each file, on the page of its folder: a page of an example does not lag behind it."""
    listed = subprocess.run(["git", "ls-files", "examples"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    files = [Path(name) for name in listed.stdout.splitlines() if not name.endswith(".md")]
    assert files
    for file in files:
        page = (DOCS / "examples" / f"{file.parts[1]}.md").read_text()
        assert f"```{{literalinclude}} ../../{file}\n" in page, file


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


class _Links(HTMLParser):
    """The links and the anchors of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        values = dict(attrs)
        self.anchors |= {value for key in ("id", "name") if (value := values.get(key))}
        self.targets += [value for key in ("href", "src") if (value := values.get(key)) and value != "#"]


def _pages() -> set[Path]:
    """The pages of the site, from docs/."""
    return {page.relative_to(DOCS) for page in DOCS.rglob("*.md")} - LEFT_OUT


def _methods(cls: type[Any]) -> set[str]:
    """The public methods and properties of a class, with those of the bases that are ours."""
    ours = {name for base in cls.__mro__ if base.__module__.startswith("model_registry") for name in vars(base)}
    values = {name: inspect.getattr_static(cls, name) for name in ours if not name.startswith("_")}
    kinds = (FunctionType, classmethod, staticmethod, property)
    return {name for name, value in values.items() if isinstance(value, kinds)}
