"""What stands beside the folders of the versions: their list, and pages that lead to the newest one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

_LEADS_ON: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Model Registrar</title>
<link rel="canonical" href="{address}">
<meta http-equiv="refresh" content="1; url={address}">
<script>location.replace("{address}" + location.hash)</script>
<main><h1>Model Registrar</h1><p>This page is now <a href="{address}">in the documentation of the newest release</a>.</p></main>
</html>
"""  # noqa: E501 - a line of HTML
_NOT_FOUND: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Page not found - Model Registrar</title>
<main><h1>Page not found</h1><p>Look for it in <a href="/">the documentation of the newest release</a>.</p></main>
</html>
"""


def write_root(site: Path, releases: Mapping[str, str]) -> None:
    """Write the list of the versions and the pages without a version.

    Args:
        site: The folder with one folder for each version.
        releases: Each version, such as ``0.1``, with its newest release; the newest first.
    """
    listed = [
        {"version": version, "release": release, "pages": _pages(site / version)}
        for version, release in releases.items()
    ]
    (site / "versions.json").write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    newest = listed[0]
    for page in newest["pages"]:
        target = site / page
        target.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * (len(Path(page).parts) - 1)
        text = _LEADS_ON.format(address=escape(f"{up}{newest['version']}/{page}"))
        target.write_text(text, encoding="utf-8")
    (site / "404.html").write_text(_NOT_FOUND, encoding="utf-8")


def _pages(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))
