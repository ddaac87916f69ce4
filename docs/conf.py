"""How Sphinx builds the site: ``make docs``. It fetches nothing, and the build fails on every warning."""

import os
import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx
from sphinx.config import Config

project: Final = "Model Registrar"
author: Final = "The Model Registrar authors"
project_copyright: Final = f"2026, {author}"
release = version = version_of("model-registrar")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["design/000-template.md"]

# The anchors that Git hosts make of headings, so that a link to one works in both places.
myst_heading_anchors = 4

# The docstrings: Google's sections, and names in single backticks as in Markdown.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
# The build asks no other project's site for its names; and of ours, what is private or a type variable has no page.
nitpick_ignore_regex = [(r"py:.*", r"(?!model_registry\b).*|.*\._.*|.*\.[A-Z]\w*T|.*\.T")]

html_theme = "furo"
html_title = "Model Registrar"
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_copy_source = False
html_show_sourcelink = False
# Only what follows a prompt is copied: the rest of a console block is output.
copybutton_prompt_text = "$ "

_DOCS: Final = Path(__file__).parent
_WITHOUT_PAGE: Final = {_DOCS / name for name in exclude_patterns}
_SHOWN = re.compile(r"^```\{(?:include|literalinclude)\} (\S+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|mailto:)([^)\s#]+)(#[^)\s]*)?\)")


def _pages_of_outside_files() -> dict[Path, Path]:
    """Files and folders outside of docs/, with the page that shows them.

    A page shows what its first include names. It is also the page of that file's folder.
    """
    found: dict[Path, Path] = {}
    for page in sorted(_DOCS.rglob("*.md")):
        included = _SHOWN.search(page.read_text(encoding="utf-8"))
        if included is not None:
            target = (page.parent / included[1]).resolve()
            found |= {target: page} | ({} if target.parent == _DOCS.parent else {target.parent: page})
    return found


_PAGES: Final = _pages_of_outside_files()


def _relink(text: str, written_in: Path, page: Path) -> str:
    """The text with links that work on the page, wherever it was written.

    A Git host shows folders and Markdown outside of docs/; the site shows only what has a page. Links to other folders
    become plain text, links to other files become downloads.
    """

    def replace(link: re.Match[str]) -> str:
        label, path, heading = link[1], link[2], link[3] or ""
        target = (written_in / path).resolve()
        if target in _PAGES:
            target = _PAGES[target]
        elif target in _WITHOUT_PAGE or (
            not target.is_relative_to(_DOCS) and (target.is_dir() or target.suffix == ".md")
        ):
            return label
        return f"[{label}]({os.path.relpath(target, page.parent)}{heading})"

    return _LINK.sub(replace, text)


def _relink_page(app: Sphinx, name: str, text: list[str]) -> None:
    page = Path(app.srcdir) / name
    text[0] = _relink(text[0], page.parent, page)


def _relink_included(app: Sphinx, path: Path, _parent: str, text: list[str]) -> None:
    text[0] = _relink(text[0], (Path(app.srcdir) / path).parent, Path(app.srcdir) / app.env.docname)


def _add_versions(app: Sphinx, config: Config) -> None:
    """Add the switcher of versions, for the site that has a folder for each version: ``make site``."""
    if not app.tags.has("versioned"):
        return
    minor = ".".join(version.split(".")[:2])
    config.html_baseurl = f"https://model-registrar.dev/{minor}/"
    config.html_js_files = [("versions.js", {"defer": "defer"})]
    parts = ["brand", "search", "versions", "scroll-start", "navigation", "scroll-end"]
    config.html_sidebars = {"**": [f"sidebar/{part}.html" for part in parts]}


def _help_people_with_a_keyboard_or_screen_reader(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Let the keyboard scroll what is wider than the page, and give the captions of the navigation their level."""
    body, navigation = (context.get(name, "") for name in ("body", "furo_navigation_tree"))
    body = body.replace("<pre>", '<pre tabindex="0">')
    context["body"] = body.replace('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper')
    context["furo_navigation_tree"] = navigation.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("html-page-context", _help_people_with_a_keyboard_or_screen_reader, priority=900)
    app.connect("config-inited", _add_versions)
    app.connect("source-read", _relink_page)
    app.connect("include-read", _relink_included)
