"""Why a release is not built."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from tools.generate import write
from tools.release import changelog
from tools.release.commit import Commit

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def tag_of(version: str) -> str:
    """Return the tag of a version."""
    return f"v{version}"


def problems(commit: Commit, version: str, *, is_tagged: bool, is_dry_run: bool) -> Iterator[str]:
    """Yield a sentence for each reason not to release a commit as a version.

    Args:
        commit: the commit.
        version: such as ``0.1.0``.
        is_tagged: whether the commit is to have the version's tag already; otherwise, no commit may have it.
        is_dry_run: whether the changelog may leave the day of the release open.
    """
    if not _VERSION.fullmatch(version):
        yield f"{version!r} is not a version: give three numbers, such as 0.1.0."
        return
    changes = commit.changes()
    if changes:
        yield "The working tree has changes: commit or remove them.\n" + "\n".join(changes)
    yield from _tag_problems(commit, tag_of(version), is_tagged=is_tagged)
    project = tomllib.loads((commit.repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if project["version"] != version:
        yield f"pyproject.toml has version {project['version']}: set it to {version}."
    if f"ARG VERSION={version}\n" not in (commit.repository / "Dockerfile").read_text(encoding="utf-8"):
        yield f"Dockerfile has another version: write ARG VERSION={version}."
    said = changelog.section((commit.repository / "CHANGELOG.md").read_text(encoding="utf-8"), version)
    if said is None:
        yield f"CHANGELOG.md does not have version {version}: add a section `## [{version}] - <date>`."
    elif said.date == changelog.UNRELEASED and not is_dry_run:
        yield f"CHANGELOG.md says that {version} is unreleased: write the day of the release instead."
    differences = write.differences(commit.repository, write.generated())
    if differences:
        yield "Generated files, such as the chart's CRDs, are out of date: run `make generate`.\n" + "\n".join(
            differences
        )


def _tag_problems(commit: Commit, tag: str, *, is_tagged: bool) -> Iterator[str]:
    if is_tagged and tag not in commit.own_tags():
        yield f"The commit does not have the tag {tag}: check out the tag."
    if not is_tagged and tag in commit.tags():
        yield f"The tag {tag} exists: a version is released once. Choose the next one."
