"""The command: refuses, builds, and tags."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from devcluster import charttools
from tools.release import changelog, chart, checksums, manifests, notes, python, sbom, schemas
from tools.release.commit import Commit
from tools.release.refusals import problems, tag_of

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.argument("version")
@click.option("--uv", required=True, type=click.Path(exists=True, path_type=Path), help="The program uv.")
@click.option("--images", required=True, help="Where the image and the chart are published.")
@click.option("--dry-run", is_flag=True, help="Create no tag, and accept a changelog without the day of the release.")
@click.option("--tagged", is_flag=True, help="Build the release of a tag that the commit has.")
def main(version: str, uv: Path, images: str, *, dry_run: bool, tagged: bool) -> None:
    """Build the files of a release into dist/, and tag the commit, unless the tag is there or this is a dry run."""
    commit = Commit(ROOT)
    found = list(problems(commit, version, is_tagged=tagged, is_dry_run=dry_run))
    if found:
        raise click.ClickException("\n".join(found))
    folder = ROOT / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    _build(commit, version, uv.resolve(), images, folder)
    for path in sorted(folder.iterdir()):
        click.echo(f"dist/{path.name}")
    if dry_run or tagged:
        return
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
        said = changelog.section((source / "CHANGELOG.md").read_text(encoding="utf-8"), version)
        if said is None:
            raise ValueError(f"the commit's changelog does not have {version}")
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
    checksums.write(folder)
