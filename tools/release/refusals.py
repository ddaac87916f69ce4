"""Why a release is not built."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date

from tools.generate import write
from tools.release import changelog
from tools.release.commit import Commit

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WAITING = re.compile(
    r"(?:to be filled in|no (?:release|published image) yet|until the first release|\*\*the first release)".replace(
        " ", r"[\s>]+"
    ),
    re.IGNORECASE,
)
"""What a page says only before there is a release."""


def tag_of(version: str) -> str:
    """Return the tag of a version."""
    return f"v{version}"


def problems(commit: Commit, version: str, *, is_tagged: bool, is_dry_run: bool) -> Iterator[str]:
    """Yield a sentence for each reason not to release a commit as a version.

    Args:
        commit: the commit.
        version: such as ``0.1.0``.
        is_tagged: whether the commit is to have the version's tag already; otherwise, no commit may have it.
        is_dry_run: whether to leave out what `unfinished` yields.
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
    yield from _changelog_problems(_said(commit, version), version)
    if not is_dry_run:
        yield from unfinished(commit, version)
    differences = write.differences(commit.repository, write.generated())
    if differences:
        yield "Generated files, such as the chart's CRDs, are out of date: run `make generate`.\n" + "\n".join(
            differences
        )


def unfinished(commit: Commit, version: str) -> Iterator[str]:
    """Yield a sentence for each thing that a release must have, and that one may build the files without."""
    if any(said.date == changelog.UNRELEASED for said in _said(commit, version)):
        yield f"CHANGELOG.md says that {version} is unreleased: write the day of the release instead."
    waiting = list(_waiting(commit))
    if waiting:
        yield "Some pages say what is true only before the first release: fill in or remove it.\n" + "\n".join(waiting)


def _said(commit: Commit, version: str) -> list[changelog.Section]:
    return changelog.sections((commit.repository / "CHANGELOG.md").read_text(encoding="utf-8"), version)


def _changelog_problems(found: list[changelog.Section], version: str) -> Iterator[str]:
    if not found:
        yield f"CHANGELOG.md does not have version {version}: add a section `## [{version}] - <date>`."
        return
    if len(found) > 1:
        yield f"CHANGELOG.md has {len(found)} sections for {version}: leave one."
        return
    (said,) = found
    changes = said.changes()
    if not changes:
        yield f"CHANGELOG.md lists no change of {version}: add items below a heading such as `### Added`."
    others = {change.kind for change in changes} - set(changelog.KINDS)
    if others:
        kinds = ", ".join(kind.capitalize() for kind in changelog.KINDS)
        yield f"CHANGELOG.md has other headings for {version} than {kinds}: {', '.join(sorted(others))}."
    if said.date != changelog.UNRELEASED and not _is_day(said.date):
        yield f"CHANGELOG.md has no day for {version}: write `## [{version}] - <year>-<month>-<day>`."


def _is_day(text: str) -> bool:
    if not _DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _waiting(commit: Commit) -> Iterator[str]:
    """Yield the place of each text that waits for the first release."""
    for name in commit.files():
        if name.endswith(".md") or name.startswith(".github/"):
            text = (commit.repository / name).read_text(encoding="utf-8")
            for found in _WAITING.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield f"{name}:{line}: {' '.join(found[0].replace('>', ' ').split())}"


def _tag_problems(commit: Commit, tag: str, *, is_tagged: bool) -> Iterator[str]:
    if is_tagged and tag not in commit.own_tags():
        yield f"The commit does not have the tag {tag}: check out the tag."
    if not is_tagged and tag in commit.tags():
        yield f"The tag {tag} exists: a version is released once. Choose the next one."
