"""What a release consists of, and that it can be built again."""

import json
import os
import re
import subprocess
import tarfile
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from devcluster import charttools
from registrar.kinds.table import DEFINED
from tests.chart.helm import CHART, MINIMAL, Helm, documents, the
from tests.release.conftest import GIVEN, IMAGES, ROOT, UV, VERSION, Repository, clone, run

CHART_PACKAGE = f"model-registrar-{VERSION}.tgz"
IMAGE = f"{IMAGES}/model-registrar:{VERSION}"
PACKAGES = {"local_registry", "model_registry", "mr_openapi", "registrar"}


def test_it_has_these_files_and_their_checksums(dist: Path) -> None:
    assert {path.name for path in dist.iterdir()} == {
        f"model_registrar-{VERSION}-py3-none-any.whl",
        f"model_registrar-{VERSION}.tar.gz",
        CHART_PACKAGE,
        "install.yaml",
        f"model-registrar-{VERSION}-kustomize.tar.gz",
        "crds.yaml",
        "clusterregistry_v1alpha1.json",
        "modelartifact_v1alpha1.json",
        "modelversion_v1alpha1.json",
        "registeredmodel_v1alpha1.json",
        "model-registrar_v1alpha1.json",
        f"model-registrar-{VERSION}.spdx.json",
        "release-notes.md",
        "SHA256SUMS",
    }
    checked = run("sha256sum", "--check", "--strict", "SHA256SUMS", cwd=dist).splitlines()
    assert checked == [f"{path.name}: OK" for path in sorted(dist.iterdir()) if path.name != "SHA256SUMS"]


def test_the_page_names_each_file(dist: Path) -> None:
    table = (ROOT / "docs" / "contributing" / "release.md").read_text().partition("\n## What is refused")[0]
    named = {name for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(.+?)`", row)}
    assert named == {path.name for path in dist.iterdir()}


@pytest.mark.skipif(GIVEN is not None, reason="a release that is given is not built here")
def test_another_build_of_the_commit_has_the_same_bytes_and_a_release_tags_it(
    repository: Repository, dist: Path, tmp_path: Path
) -> None:
    """In a clone elsewhere, whose files are newer, for a user with other settings, and after a build that failed."""
    other = clone(repository, tmp_path / "another clone")
    other.git("config", "core.autocrlf", "true")
    other.dist.mkdir()
    (other.dist / "old").touch()
    before = os.umask(0o077)
    try:
        printed = other.release(
            "MODEL_REGISTRAR_HELM=3",
            # Without the last two, Python takes ASCII for UTF-8.
            *("TZ=Asia/Kolkata", "LC_ALL=POSIX", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0"),
        )
    finally:
        os.umask(before)
    assert {path.name for path in other.dist.iterdir()} == {path.name for path in dist.iterdir()}
    assert (other.dist / "SHA256SUMS").read_text() == (dist / "SHA256SUMS").read_text()
    for path in dist.iterdir():
        assert (other.dist / path.name).read_bytes() == path.read_bytes(), path.name
    assert printed.endswith(f"Created the tag v{VERSION}. To publish the release: git push origin v{VERSION}\n")
    assert other.git("tag", "--points-at", "HEAD").split() == [f"v{VERSION}"]
    assert repository.git("tag").split() == []


@pytest.mark.parametrize("name", [f"model_registrar-{VERSION}-py3-none-any.whl", f"model_registrar-{VERSION}.tar.gz"])
def test_the_metadata_has_the_version_that_the_tools_of_pypi_read(dist: Path, name: str) -> None:
    if name.endswith(".whl"):
        with zipfile.ZipFile(dist / name) as wheel:
            metadata = wheel.read(f"model_registrar-{VERSION}.dist-info/METADATA")
    else:
        with tarfile.open(dist / name) as sdist:
            file = sdist.extractfile(f"model_registrar-{VERSION}/PKG-INFO")
            assert file is not None
            metadata = file.read()
    # packaging 25, in the action that publishes, refuses 2.5; 2.4 brought the licence's expression.
    assert metadata.startswith(b"Metadata-Version: 2.4\n")


def test_wheel_and_sdist_hold_the_packages_and_no_build_tool(committed: int, dist: Path) -> None:
    with zipfile.ZipFile(dist / f"model_registrar-{VERSION}-py3-none-any.whl") as wheel:
        folders = {name.partition("/")[0] for name in wheel.namelist()}
        times = {file.date_time for file in wheel.infolist()}
    # An archive of this format keeps even seconds only.
    assert times == {tuple(datetime.fromtimestamp(committed // 2 * 2, UTC).timetuple()[:6])}
    assert {name for name in folders if not name.endswith(".dist-info")} == PACKAGES
    with tarfile.open(dist / f"model_registrar-{VERSION}.tar.gz") as sdist:
        names = {tuple(name.split("/")[1:]) for name in sdist.getnames()}
    assert {path[0] for path in names} == {
        *("operator", "crds", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "PKG-INFO", ".gitignore")
    }
    assert {path[1] for path in names if path[0] == "operator"} == PACKAGES


def test_the_chart_says_what_it_installs(dist: Path, tmp_path: Path) -> None:
    helm = Helm(charttools.ensure()["helm"], tmp_path)
    chart = yaml.safe_load(helm.run("show", "chart", dist / CHART_PACKAGE))
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
    annotations = chart["annotations"]
    assert yaml.safe_load(annotations["artifacthub.io/images"]) == [{"name": "model-registrar", "image": IMAGE}]
    assert annotations["artifacthub.io/prerelease"] == "false"
    crds = {each["name"] for each in yaml.safe_load(annotations["artifacthub.io/crds"])}
    assert crds == {f"{kind.PLURAL}.model-registrar.dev" for kind in DEFINED}
    changes = yaml.safe_load(annotations["artifacthub.io/changes"])
    entries = (ROOT / "CHANGELOG.md").read_text().partition("\n## ")[2].count("\n- ")
    assert len(changes) == entries
    assert {"kind": "added", "description": "The `spec` of a RegisteredModel is optional."} in changes
    links = [link for each in changes for link in re.findall(r"\]\(([^)]+)\)", each["description"])]
    assert links
    assert all(link.startswith("https://") for link in links), "Artifact Hub is not beside the files either"

    readme = helm.run("show", "readme", dist / CHART_PACKAGE)
    assert f"helm install model-registrar oci://{IMAGES}/charts/model-registrar --version {VERSION} " in readme
    assert "in a clone, build one" not in readme + helm.run("show", "values", dist / CHART_PACKAGE)


def test_the_packaged_chart_renders_as_the_one_that_is_tested(dist: Path, tmp_path: Path) -> None:
    helm = Helm(charttools.ensure()["helm"], tmp_path)
    assert "1 chart(s) linted, 0 chart(s) failed" in helm.run("lint", dist / CHART_PACKAGE, "--values", MINIMAL)
    ours, theirs = (
        documents(helm.run("template", "registrar", chart, "--values", MINIMAL, "--namespace", "registrar"))
        for chart in (CHART, dist / CHART_PACKAGE)
    )
    (container,) = the(ours, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert container["image"] != IMAGE
    container["image"] = IMAGE
    assert theirs == ours


def test_the_sbom_is_spdx_and_lists_what_is_locked(dist: Path, tmp_path: Path) -> None:
    document = parse_file(str(dist / f"model-registrar-{VERSION}.spdx.json"))
    assert validate_full_spdx_document(document) == []
    listed = {(package.name, package.version) for package in document.packages}
    options = ("--quiet", "--frozen", "--all-extras", "--no-default-groups", "--no-emit-project", f"--project={ROOT}")
    locked = tomllib.loads(run(UV, "export", *options, "--format=pylock.toml", cwd=tmp_path))["packages"]
    assert listed == {("model-registrar", VERSION), *((each["name"], each["version"]) for each in locked)}
    assert not {"pytest", "ruff", "sphinx"} & {name for name, _ in listed}
    named = {package.spdx_id: package.name for package in document.packages}
    needed = {
        named[str(each.related_spdx_element_id)]
        for each in document.relationships
        if named.get(each.spdx_element_id) == "model-registrar"
    }
    assert {"httpx", "pydantic", "kopf", "click"} <= needed
    kopf = next(package for package in document.packages if package.name == "kopf")
    assert [each.locator for each in kopf.external_references] == [f"pkg:pypi/kopf@{kopf.version}"]
    assert kopf.checksums


def test_the_schemas_and_definitions_are_those_of_the_command_line(dist: Path, installed: Path, tmp_path: Path) -> None:
    registrar = (installed, "-m", "registrar")
    assert (dist / "crds.yaml").read_text() == run(*registrar, "crds", cwd=tmp_path)
    run(*registrar, "schema", f"--directory={tmp_path}", cwd=tmp_path)
    written = sorted(tmp_path.glob("*.json"))
    assert len(written) == len(DEFINED)
    for path in written:
        assert (dist / path.name).read_text() == path.read_text()
    assert (dist / "model-registrar_v1alpha1.json").read_text() == run(*registrar, "schema", cwd=tmp_path)


def test_kubeconform_finds_a_misspelt_field_with_the_schemas(dist: Path) -> None:
    manifest = {"apiVersion": "model-registrar.dev/v1alpha1", "kind": "RegisteredModel", "metadata": {"name": "a"}}
    location = f"-schema-location={dist}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"
    for spec, status in (({"owner": "a"}, 0), ({"ownerr": "a"}, 1)):
        command = [str(charttools.ensure()["kubeconform"]), location, "-"]
        text = json.dumps({**manifest, "spec": spec})
        assert subprocess.run(command, input=text, text=True, capture_output=True, check=False).returncode == status


def test_the_notes_are_the_changelogs(dist: Path) -> None:
    notes = (dist / "release-notes.md").read_text()
    assert notes.startswith("### Added\n")
    links = re.findall(r"\]\(([^)]+)\)", notes)
    assert any(link.endswith(f"/blob/v{VERSION}/docs/reference/plan.schema.json") for link in links)
    assert all(link.startswith("https://") for link in links), "a release's page is not beside the files"
    assert "\n## [" not in notes
    assert "- The `spec` of a RegisteredModel is optional.\n" in notes
    assert f"oci://{IMAGES}/charts/model-registrar --version {VERSION} " in notes
