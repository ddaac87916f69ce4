"""How Sphinx builds the site: ``make docs``. It fetches nothing, and the build fails on every warning."""

import re
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

from sphinx.application import Sphinx

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
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sourcelink = False
# Only what follows a prompt is copied: the rest of a console block is output.
copybutton_prompt_text = "$ "

_LINK_OUT = re.compile(r"\[([^\]]+)\]\((\.\./[^)\s#]*)(?:#[^)\s]*)?\)")


def _unlink_what_has_no_page(app: Sphinx, page: str, text: list[str]) -> None:
    """Make plain text of links to folders and to Markdown outside of docs/: a Git host shows those, the site does not.

    Other files become downloads.
    """
    folder = (Path(app.srcdir) / page).parent

    def replace(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        has_page = target.is_relative_to(app.srcdir) or not (target.is_dir() or target.suffix == ".md")
        return link[0] if has_page else link[1]

    text[0] = _LINK_OUT.sub(replace, text[0])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _unlink_what_has_no_page)
