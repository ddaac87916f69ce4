"""The switcher in a real browser, on a site with two versions whose pages differ."""

import json
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.site.conftest import SITE, serve
from tools.site.root import write_root


@pytest.fixture(scope="module")
def versions(site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with the checkout's pages as two versions; the older one has a page of its own."""
    assert site
    folder = tmp_path_factory.mktemp("site")
    built = json.loads((SITE / "versions.json").read_text())[0]["version"]
    for version in ("8.0", "8.1"):
        shutil.copytree(SITE / built, folder / version)
    (folder / "8.1" / "concepts.html").unlink()
    write_root(folder, {"8.1": "8.1.2", "8.0": "8.0.5"})
    with serve(folder) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    found = browser.new_page()
    yield found
    found.close()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".sidebar-versions:not([hidden])", state="attached")


def test_the_same_page_of_another_version_is_opened(page: Page, versions: str) -> None:
    _open(page, f"{versions}/8.1/how-to/promote.html")
    assert page.locator(".older-version").count() == 0
    page.get_by_label("Version", exact=True).select_option("8.0.5")
    page.wait_for_url(f"{versions}/8.0/how-to/promote.html")


def test_a_page_that_the_other_version_lacks_leads_to_its_front_page(page: Page, versions: str) -> None:
    _open(page, f"{versions}/8.0/concepts.html")
    page.get_by_label("Version", exact=True).select_option("8.1.2")
    page.wait_for_url(f"{versions}/8.1/index.html")


def test_a_page_of_an_older_version_says_so(page: Page, versions: str) -> None:
    _open(page, f"{versions}/8.0/how-to/promote.html")
    notice = page.locator("article .older-version")
    assert notice.inner_text() == "This page is about an older version. Read it for 8.1.2."
    notice.get_by_role("link").click()
    page.wait_for_url(f"{versions}/8.1/how-to/promote.html")
