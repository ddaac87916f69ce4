"""One release of the tree as it is, built once for all tests of a worker.

``MODEL_REGISTRAR_DIST`` names a folder with the files of a release to test instead, which ``IMAGES`` was built with.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from devcluster import charttools
from devcluster.environment import child_environment

ROOT = Path(__file__).parents[2]
UV = ROOT / ".uv" / "bin" / "uv"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
GIVEN = os.environ.get("MODEL_REGISTRAR_DIST")
IMAGES = os.environ["IMAGES"] if GIVEN else "registry.example/team"
WAITING = re.compile(
    r"to be filled in|no release yet|no published image yet|until the first release|\*\*the first release",
    re.IGNORECASE,
)
"""What the pages say before the first release."""
INSTALLED = ("READY=", f"BIN={shlex.quote(str(Path(sys.executable).parent))}", f"UV={shlex.quote(str(UV))}")
"""The variables of ``make`` for the installed environment of this tree."""
AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")


def run(*command: str | os.PathLike[str], cwd: Path, **variables: str) -> str:
    """What a program prints that finds nothing of the source tree by its environment."""
    environment = {
        name: value
        for name, value in child_environment(variables).items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV", "MAKE", "MFLAGS"))
    }
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@dataclass(frozen=True)
class Repository:
    """A clone with one commit: the files of this tree, with the day of the release and without what waits for it."""

    root: Path

    @property
    def dist(self) -> Path:
        return self.root / "dist"

    def git(self, *arguments: str) -> str:
        return run("git", *AUTHOR, *arguments, cwd=self.root)

    def release(self, *variables: str) -> str:
        """What ``make release`` prints."""
        words = ("--no-print-directory", *INSTALLED, "release", f"VERSION={VERSION}", f"IMAGES={IMAGES}")
        # Otherwise the editable installation would find this tree's operator.
        return run("env", f"PYTHONPATH={self.root / 'operator'}", "make", *words, *variables, cwd=self.root)


def clone(repository: Repository, folder: Path) -> Repository:
    """Another clone of the same commit."""
    run("git", "clone", "--quiet", repository.root, folder, cwd=folder.parent)
    return Repository(folder)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    root = tmp_path_factory.mktemp("repository")
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    changelog = root / "CHANGELOG.md"
    changelog.write_text(changelog.read_text().replace(f"## [{VERSION}] - Unreleased", f"## [{VERSION}] - 2026-12-01"))
    for page in (*root.rglob("*.md"), root / ".github" / "CODEOWNERS"):
        page.write_text(WAITING.sub("written", page.read_text()))
    made = Repository(root)
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message=The release")
    return made


@pytest.fixture(scope="session")
def dist(repository: Repository) -> Path:
    """What ``make release VERSION=0.1.0 DRY_RUN=1`` builds, or what was built before."""
    if GIVEN:
        return Path(GIVEN)
    charttools.ensure()
    repository.release("DRY_RUN=1")
    return repository.dist


@pytest.fixture(scope="session")
def committed(repository: Repository) -> int:
    """When the commit of the release was made, in seconds since 1970."""
    return int(run("git", "log", "-1", "--format=%ct", cwd=ROOT if GIVEN else repository.root))


def _environment(folder: Path, wheel: Path, *extras: str) -> Path:
    """An environment with the wheel and the locked dependencies of these extras; gives its interpreter."""
    options = ("--frozen", "--no-default-groups", "--no-install-project", f"--python={sys.executable}")
    run(UV, "sync", *options, *extras, f"--project={ROOT}", cwd=folder.parent, UV_PROJECT_ENVIRONMENT=str(folder))
    run(UV, "pip", "install", "--offline", "--no-deps", f"--python={folder}", wheel, cwd=folder.parent)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the release's wheel, and what its extra ``operator`` brings."""
    (wheel,) = dist.glob("*.whl")
    return _environment(tmp_path_factory.mktemp("operator") / "venv", wheel, "--extra=operator")


@pytest.fixture(scope="session")
def client(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the release's wheel alone."""
    (wheel,) = dist.glob("*.whl")
    return _environment(tmp_path_factory.mktemp("client") / "venv", wheel)
