"""What is not released, and why."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.conftest import INSTALLED, UV, VERSION, Repository, clone
from tools.generate import write
from tools.release.changelog import Change, sections
from tools.release.commit import Commit
from tools.release.refusals import problems


@pytest.fixture
def own(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    # In this process, it would be made from this tree's README, which is not the clone's.
    others = tuple(one for one in write.GENERATORS if one is not write.tested_versions)
    monkeypatch.setattr(write, "GENERATORS", others)
    return clone(repository, tmp_path / "clone")


def _problems(own: Repository, version: str = VERSION, *, is_tagged: bool = False, is_dry_run: bool = False) -> str:
    return "\n".join(problems(Commit(own.root), version, is_tagged=is_tagged, is_dry_run=is_dry_run))


def _edit(own: Repository, path: str, old: str, new: str) -> None:
    file = own.root / path
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    own.git("commit", "--quiet", "--all", "--message=Change it")


def test_a_good_commit_is_released(own: Repository) -> None:
    assert _problems(own) == ""


def test_a_signed_commit_has_a_time_for_a_user_whose_git_shows_signatures(own: Repository, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signing = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}.pub")
    own.git(*signing, "commit", "--quiet", "--allow-empty", "--gpg-sign", "--message=Sign it")
    own.git("config", "log.showSignature", "true")
    assert Commit(own.root).seconds == int(own.git("show", "--no-show-signature", "--no-patch", "--format=%ct"))


def test_a_version_is_three_numbers(own: Repository) -> None:
    for version in ("0.1", "v0.1.0", "0.1.0rc1", "0.1.0-rc.1", "0.1.0+x", "1!0.1.0", "00.1.0", "0.1.\u0661", "latest"):
        assert _problems(own, version) == f"{version!r} is not a version: give three numbers, such as 0.1.0."


def test_a_dirty_tree_is_refused(own: Repository) -> None:
    (own.root / "README.md").write_text("changed")
    (own.root / "charts" / "model-registrar" / "templates" / "new.yaml").touch()
    found = _problems(own)
    assert found.startswith("The working tree has changes: commit or remove them.\n")
    assert " M README.md" in found
    assert "?? charts/model-registrar/templates/new.yaml" in found
    own.git("config", "status.showUntrackedFiles", "no")
    assert _problems(own) == found


def test_a_version_that_exists_is_refused(own: Repository) -> None:
    assert _problems(own, is_tagged=True) == f"The commit does not have the tag v{VERSION}: check out the tag."
    own.git("tag", f"v{VERSION}")
    refusal = f"The tag v{VERSION} exists: a version is released once. Choose the next one."
    assert _problems(own) == refusal
    assert _problems(own, is_dry_run=True) == refusal
    assert _problems(own, is_tagged=True) == ""
    own.git("commit", "--quiet", "--allow-empty", "--message=Later")
    assert _problems(own) == refusal


def test_a_changelog_without_the_version_is_refused(own: Repository) -> None:
    _edit(own, "CHANGELOG.md", f"## [{VERSION}]", "## [0.0.9]")
    assert _problems(own) == (f"CHANGELOG.md does not have version {VERSION}: add a section `## [{VERSION}] - <date>`.")


def test_an_unreleased_version_is_built_in_a_dry_run_only(own: Repository) -> None:
    _edit(own, "CHANGELOG.md", "2026-12-01", "Unreleased")
    assert _problems(own, is_dry_run=True) == ""
    assert _problems(own) == (f"CHANGELOG.md says that {VERSION} is unreleased: write the day of the release instead.")


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        (
            f"## [{VERSION}] - 2026-12-01\n",
            f"## [{VERSION}] - 2026-12-01\n\n### Fixed\n\n- A fault.\n\n## [{VERSION}] - 2026-12-01\n",
            f"CHANGELOG.md has 2 sections for {VERSION}: leave one.",
        ),
        (
            f"## [{VERSION}] - 2026-12-01\n",
            f"## [{VERSION}] - 2026-12-01\n\n## [Unreleased]\n",
            f"CHANGELOG.md lists no change of {VERSION}: add items below a heading such as `### Added`.",
        ),
        (
            "### Added\n",
            "### News\n",
            (
                f"CHANGELOG.md has other headings for {VERSION} than "
                "Added, Changed, Deprecated, Removed, Fixed, Security: news."
            ),
        ),
        *(
            (
                f"## [{VERSION}] - 2026-12-01",
                f"## [{VERSION}]{date}",
                f"CHANGELOG.md has no day for {VERSION}: write `## [{VERSION}] - <year>-<month>-<day>`.",
            )
            for date in ("", " - soon", " - 2026-12-32", " - 20261201")
        ),
    ],
)
@pytest.mark.parametrize("is_dry_run", [False, True])
def test_a_changelog_that_says_it_wrong_is_refused(
    own: Repository, old: str, new: str, refusal: str, *, is_dry_run: bool
) -> None:
    _edit(own, "CHANGELOG.md", old, new)
    assert _problems(own, is_dry_run=is_dry_run) == refusal


def test_a_text_that_waits_for_the_first_release_is_refused_except_in_a_dry_run(own: Repository) -> None:
    (own.root / "SECURITY.md").write_text("# Security\n\n> There is no\n> release yet.\n")
    (own.root / ".github" / "CODEOWNERS").write_text("# To be filled in.\n")
    own.git("commit", "--quiet", "--all", "--message=Not yet")
    assert _problems(own, is_dry_run=True) == ""
    assert _problems(own) == (
        "Some pages say what is true only before the first release: fill in or remove it.\n"
        ".github/CODEOWNERS:1: To be filled in\n"
        "SECURITY.md:3: no release yet"
    )


def test_a_project_of_another_version_is_refused(own: Repository) -> None:
    _edit(own, "pyproject.toml", f'version = "{VERSION}"', 'version = "0.2.0"')
    assert _problems(own) == f"pyproject.toml has version 0.2.0: set it to {VERSION}."


def test_an_image_of_another_version_is_refused(own: Repository) -> None:
    _edit(own, "Dockerfile", f"ARG VERSION={VERSION}", "ARG VERSION=0.2.0")
    assert _problems(own) == f"Dockerfile has another version: write ARG VERSION={VERSION}."


def test_a_chart_whose_definitions_are_not_generated_is_refused(own: Repository) -> None:
    path = "charts/model-registrar/templates/crds/model-registrar.dev_modelversions.yaml"
    _edit(own, path, "maxLength: 240", "maxLength: 250")
    assert _problems(own) == (
        "Generated files, such as the chart's CRDs, are out of date: run `make generate`.\n" + f"{path}: differs"
    )


def test_the_command_names_every_reason_and_leaves_dist_alone(own: Repository) -> None:
    own.dist.mkdir()
    (own.dist / "kept").touch()
    _edit(own, "CHANGELOG.md", f"## [{VERSION}]", "## [0.0.9]")
    (own.root / "LICENSE").write_text("changed")
    command = [sys.executable, "-m", "tools.release", VERSION, f"--uv={UV}", "--images=example"]
    ran = subprocess.run(command, cwd=own.root, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "The working tree has changes" in ran.stderr
    assert "CHANGELOG.md does not have version" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (own.dist / "kept").exists()


def test_a_build_that_fails_leaves_the_files_of_the_last_one_and_no_tag(own: Repository, tmp_path: Path) -> None:
    own.dist.mkdir()
    (own.dist / "kept").touch()
    broken = tmp_path / "uv"
    broken.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 3\n")
    broken.chmod(0o755)
    command = [sys.executable, "-m", "tools.release", VERSION, f"--uv={broken}", "--images=example"]
    ran = subprocess.run(command, cwd=own.root, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stderr.startswith("no space left\nError: `")
    assert ran.stderr.endswith("` failed.\n")
    assert [path.name for path in own.dist.iterdir()] == ["kept"]
    assert own.git("tag") == ""


def test_make_asks_for_a_version(own: Repository) -> None:
    ran = subprocess.run(["make", "READY=", "release"], cwd=own.root, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: VERSION is not set: make release VERSION=x.y.z\n")


def test_an_option_is_no_version(own: Repository) -> None:
    ran = subprocess.run(
        ["make", *INSTALLED, "VERSION=--help", "release"], cwd=own.root, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "Error: '--help' is not a version: give three numbers, such as 0.1.0." in ran.stderr


CHANGELOG = """# Changelog

## [0.2.0] - 2027-01-02

### Added

#### Client

- One
  thing.
- Another.

#### Operator

- A third.

### Fixed

- A fault.

## [0.1.0] - 2026-12-01

### Added

- The first.
"""


def test_the_changelog_is_read_by_version() -> None:
    (second,), (first,) = sections(CHANGELOG, "0.2.0"), sections(CHANGELOG, "0.1.0")
    assert (first.date, first.text) == ("2026-12-01", "### Added\n\n- The first.\n")
    assert second.changes() == [
        Change("added", "One thing."),
        Change("added", "Another."),
        Change("added", "A third."),
        Change("fixed", "A fault."),
    ]
    assert sections(CHANGELOG, "0.1") == []
