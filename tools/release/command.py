"""The command: refuses, builds, and tags."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from devcluster import charttools
from devcluster.errors import BinariesError
from tools.release import changelog, chart, checksums, manifests, notes, python, sbom, schemas
from tools.release.commit import Commit
from tools.release.refusals import problems, tag_of, unfinished

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.argument("version")
@click.option("--uv", required=True, type=click.Path(exists=True, path_type=Path), help="The program uv.")
@click.option("--images", required=True, help="Where the image and the chart are published.")
@click.option("--dry-run", is_flag=True, help="Create no tag, and only say what a release still needs.")
@click.option("--tagged", is_flag=True, help="Build the release of a tag that the commit has.")
def main(version: str, uv: Path, images: str, *, dry_run: bool, tagged: bool) -> None:
    """Build the files of a release into dist/, and tag the commit, unless the tag is there or this is a dry run."""
    try:
        _release(version, uv.resolve(), images, is_dry_run=dry_run, is_tagged=tagged)
    except subprocess.CalledProcessError as error:
        # The program has said why.
        raise click.ClickException(f"`{shlex.join(map(str, error.cmd))}` failed.") from error
    except BinariesError as error:
        raise click.ClickException(str(error)) from error


def _release(version: str, uv: Path, images: str, *, is_dry_run: bool, is_tagged: bool) -> None:
    commit = Commit(ROOT)
    found = list(problems(commit, version, is_tagged=is_tagged, is_dry_run=is_dry_run))
    if found:
        raise click.ClickException("\n".join(found))
    folder = ROOT / "dist"
    # What is there stays until the new files are complete. The checksums come last: a folder that has them is whole.
    with tempfile.TemporaryDirectory() as temporary:
        built = Path(temporary) / "dist"
        built.mkdir()
        _build(commit, version, uv, images, built)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(built, folder)
    checksums.write(folder)
    for path in sorted(folder.iterdir()):
        click.echo(f"dist/{path.name}")
    if is_dry_run:
        for left in unfinished(commit, version):
            click.echo(f"Before the release: {left}", err=True)
    elif not is_tagged:
        tag = tag_of(version)
        commit.tag(tag, f"Model Registrar {version}")
        click.echo(f"Created the tag {tag}. To publish the release: git push origin {tag}")


def _build(commit: Commit, version: str, uv: Path, images: str, folder: Path) -> None:
    # Helm 3 gives each file of a package the time of the build, and MODEL_REGISTRAR_HELM is a choice of the tests.
    programs = charttools.ensure(helm="4")
    seconds = commit.seconds
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary) / "source"
        commit.export(source)
        (section,) = changelog.sections((source / "CHANGELOG.md").read_text(encoding="utf-8"), version)
        said = notes.with_links(section, version)
        release = chart.Release(version, images, said.changes())
        python.build(uv, source, seconds, folder)
        sbom.write(uv, source, version, seconds, folder / f"model-registrar-{version}.spdx.json")
        package = chart.build(programs, source, release, seconds, folder)
    files = manifests.render(programs["helm"], package)
    (folder / "install.yaml").write_text(manifests.install_yaml(files, version), encoding="utf-8")
    base = manifests.kustomize_base(files, seconds)
    (folder / f"model-registrar-{version}-kustomize.tar.gz").write_bytes(base)
    (folder / "crds.yaml").write_text(schemas.definitions(), encoding="utf-8")
    for name, text in schemas.schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "release-notes.md").write_text(notes.text(said, release), encoding="utf-8")
