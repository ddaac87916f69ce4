"""The wheel as others install it: into an environment of its own, away from the source tree."""

import email
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = ROOT / ".uv" / "bin" / "uv"


def _run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a program that finds nothing of the source tree by its environment."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command, cwd=cwd, env=environment | variables, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--wheel", "--no-build-isolation", f"--python={sys.executable}", f"--out-dir={folder}")
    _run(UV, "build", *options, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and the locked dependencies of the operator, from the cache that setup filled."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    _run(
        UV,
        "sync",
        "--frozen",
        "--no-default-groups",
        "--extra=operator",
        "--no-install-project",
        f"--project={ROOT}",
        f"--python={sys.executable}",
        cwd=folder.parent,
        UV_PROJECT_ENVIRONMENT=str(folder),
    )
    _run(UV, "pip", "install", "--offline", "--no-deps", f"--python={folder}", wheel, cwd=folder.parent)
    return folder


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and no dependency of an extra."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    _run(UV, "venv", f"--python={sys.executable}", folder, cwd=folder.parent)
    _run(UV, "pip", "install", "--offline", "--no-deps", f"--python={folder}", wheel, cwd=folder.parent)
    return folder


def test_the_wheel_holds_the_packages_and_no_build_tool(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in folders if not name.endswith(".dist-info")} == {
        "model_registry",
        "mr_openapi",
        "registrar",
        "local_registry",
    }


def test_every_link_of_the_readme_works_on_pypi(wheel: Path) -> None:
    """PyPI shows the text of the metadata alone: nothing is beside it, and its headings have no anchors."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    shown = metadata.get_payload()
    assert isinstance(shown, str)
    written = (ROOT / "README.md").read_text()
    assert metadata["Description-Content-Type"] == "text/markdown"
    links, sources = (re.findall(r"(!?)\[[^\]]*\]\(([^)\s]+)\)", text) for text in (shown, written))
    assert len(links) == len(sources) > 20
    place = f"model-registrar/model-registrar/{{}}v{metadata['Version']}"
    for (image, link), (_, source) in zip(links, sources, strict=True):
        if source.startswith("https:"):
            assert link == source
            continue
        host, folder = ("raw.githubusercontent.com", "") if image else ("github.com", "blob/")
        path = f"README.md{source}" if source.startswith("#") else source
        assert link == f"https://{host}/{place.format(folder)}/{path}"
        assert (ROOT / path.partition("#")[0]).exists(), source


def test_an_installed_wheel_prints_the_definitions_of_the_repository(environment: Path, tmp_path: Path) -> None:
    where = _run(environment / "bin" / "python", "-c", "import registrar; print(registrar.__file__)", cwd=tmp_path)
    assert Path(where).is_relative_to(environment)

    printed = _run(environment / "bin" / "registrar", "crds", cwd=tmp_path)
    definitions = sorted((ROOT / "crds").glob("*.yaml"))
    assert len(definitions) == 4
    assert all(path.read_text() in printed for path in definitions)
    assert len(printed) == sum(len(path.read_text()) for path in definitions)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (
            ("bin/registrar", "export"),
            "The command line is an extra: install model-registrar[cli], or [operator] to run the operator.\n",
        ),
        (
            ("bin/kubectl_complete-registrar", "st"),
            "The command line is an extra: install model-registrar[cli], or [operator] to run the operator.\n",
        ),
        (
            ("bin/python", "-m", "local_registry"),
            "The embedded registry is an extra: install model-registrar[local].\n",
        ),
    ],
    ids=["registrar", "completion", "local_registry"],
)
def test_the_base_install_answers_a_command_with_one_sentence(
    bare: Path, command: tuple[str, ...], answer: str
) -> None:
    ran = subprocess.run([bare / command[0], *command[1:]], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, answer)
