"""The command: builds every version, and what leads to them."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import click

from tools.site.released import Release, build_tag, build_tree, parse, releases
from tools.site.root import write_root

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--repository", type=click.Path(path_type=Path, exists=True, file_okay=False), default=ROOT, hidden=True)
@click.argument("site", type=click.Path(path_type=Path, file_okay=False))
def main(repository: Path, site: Path) -> None:
    """Build the documentation into SITE, with one folder for each minor version.

    The checkout gives the folder of its own version, and the newest tag of each other minor version gives one more.
    """
    own = parse(tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    others = [release for release in releases(repository) if release[:2] != own[:2]]
    shutil.rmtree(site, ignore_errors=True)
    found = sorted([own, *others], reverse=True)
    for release in found:
        click.echo(f"==> Documentation of {_text(release)}")
        folder = site / _text(release[:2])
        if release == own:
            build_tree(repository, folder)
        else:
            build_tag(repository, release, folder)
    write_root(site, {_text(release[:2]): _text(release) for release in found})
    click.echo(f"{site}/index.html is ready")


def _text(numbers: Release | tuple[int, int]) -> str:
    return ".".join(map(str, numbers))
