"""Every page of the site in a real browser, as narrow as a phone and as wide as a desktop."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import SITE

VERSIONS: list[dict[str, Any]] = (
    json.loads((SITE / "versions.json").read_text()) if (SITE / "versions.json").is_file() else []
)
"""None before the site is built; the fixture `site` then says so."""
PAGES = [f"{each['version']}/{page}" for each in VERSIONS[:1] for page in each["pages"]] or ["index.html"]
WIDTHS = (390, 1280)
pytestmark = pytest.mark.timeout(900)
"""Seconds; axe-core needs one for most pages, and many for the longest on a busy machine."""
SERIOUS = """async (options) => {
  const found = await axe.run({resultTypes: ["violations"], ...options})
  return found.violations.filter((rule) => ["serious", "critical"].includes(rule.impact)).flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html}: ${node.failureSummary}`))}"""
"""What axe-core finds that keeps people from using the page. What passed stays there."""
OVERFLOW = """() =>
  [document.documentElement, ...document.querySelectorAll("body, .page, .main, .content, .article-container, article")]
    .filter((each) => each === document.documentElement || getComputedStyle(each).overflowX !== "visible")
    .filter((each) => each.scrollWidth > each.clientWidth)
    .map((each) => `${each.tagName} ${each.className}: ${each.scrollWidth - each.clientWidth} pixels too wide`)"""
"""Tables and code scroll by themselves; what is around them must not."""


class Visit:
    """An open page, and what went wrong in it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page = page
        self.site = site
        self.problems: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("requestfailed", lambda request: self.problems.append(f"failed: {request.url}"))
        page.on("request", lambda request: self._check(request.url))

    def open(self, path: str) -> None:
        """Open a page of a version, and wait until the last script has done its work."""
        self.page.goto(f"{self.site}/{path}")
        self.page.wait_for_selector(".sidebar-versions:not([hidden])", state="attached")

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.problems.append(text)

    def _check(self, url: str) -> None:
        if not url.startswith((self.site, "data:")):
            self.problems.append(f"another host: {url}")


@pytest.fixture(scope="module")
def visit(browser: Browser, site: str) -> Iterator[Visit]:
    page = browser.new_page()
    yield Visit(page, site)
    page.close()


@pytest.fixture(autouse=True)
def _forget(visit: Visit) -> None:
    visit.problems.clear()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_and_can_be_read_by_everyone(visit: Visit, axe: str, path: str) -> None:
    for width in WIDTHS:
        visit.page.emulate_media(color_scheme="light", reduced_motion="reduce")
        visit.page.set_viewport_size({"width": width, "height": 900})
        visit.open(path)
        assert visit.page.evaluate(OVERFLOW) == [], width
        visit.page.evaluate(axe)
        assert visit.page.evaluate(SERIOUS, {}) == [], width
        visit.page.emulate_media(color_scheme="dark")
        assert visit.page.evaluate(SERIOUS, {"runOnly": ["color-contrast"]}) == [], f"{width}, dark"
    assert visit.problems == []


def test_no_link_is_broken(visit: Visit) -> None:
    """Neither its page nor its heading; links to other hosts are not followed."""
    links: dict[str, set[str]] = {}
    for path in PAGES:
        visit.open(path)
        for link in visit.page.eval_on_selector_all("a[href]", "all => all.map((each) => each.href)"):
            if link.startswith(visit.site):
                links.setdefault(link, set()).add(path)
    assert len(links) > len(PAGES)
    anchors: dict[str, set[str]] = {}
    broken = {}
    for link, pages in links.items():
        address, fragment = urldefrag(link)
        file = SITE / unquote(urlsplit(address).path).lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            broken[link] = pages
        elif fragment and file.suffix == ".html":
            if address not in anchors:
                visit.page.goto(address)
                ids = visit.page.eval_on_selector_all("[id]", "all => all.map((each) => each.id)")
                anchors[address] = set(ids)
            if unquote(fragment) not in anchors[address]:
                broken[link] = pages
    assert broken == {}


def test_the_search_finds_a_page(visit: Visit) -> None:
    front = PAGES[0].partition("/")[0]
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    visit.open(f"{front}/index.html")
    visit.page.get_by_placeholder("Search").fill("adoptionPolicy")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_selector("#search-results li a")
    found = visit.page.eval_on_selector_all("#search-results li a", "all => all.map((each) => each.textContent)")
    assert any("Adopt" in title for title in found), found
    assert visit.problems == []


def test_an_address_without_a_version_leads_to_the_newest_release(visit: Visit) -> None:
    visit.page.goto(f"{visit.site}/troubleshooting.html#top")
    visit.page.wait_for_url(f"{visit.site}/{VERSIONS[0]['version']}/troubleshooting.html#top")


def test_the_switcher_names_this_release(visit: Visit) -> None:
    visit.open(f"{VERSIONS[0]['version']}/concepts.html")
    select = visit.page.get_by_label("Version", exact=True)
    assert select.evaluate("each => [...each.options].map((one) => one.text)") == [one["release"] for one in VERSIONS]
    assert select.input_value() == VERSIONS[0]["version"]
    assert visit.page.locator(".older-version").count() == 0
