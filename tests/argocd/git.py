"""A Git repository on this machine, as a team keeps its models in."""

import subprocess
from pathlib import Path
from typing import Any

import yaml

from devcluster.environment import child_environment

Manifest = dict[str, Any]

IDENTITY = {
    "GIT_AUTHOR_NAME": "Grace",
    "GIT_AUTHOR_EMAIL": "grace@example.com",
    "GIT_COMMITTER_NAME": "Grace",
    "GIT_COMMITTER_EMAIL": "grace@example.com",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repository:
    """One repository with the branch ``main``.

    Args:
        folder: where it is made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        """Address for Argo CD."""
        return self.folder.as_uri()

    @property
    def head(self) -> str:
        """The last revision."""
        return self._git("rev-parse", "HEAD")

    def write(self, path: str, *manifests: Manifest) -> None:
        """Write a file of manifests."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump_all(manifests))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the only occurrence of a text in a file."""
        target = self.folder / path
        text = target.read_text()
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        target.write_text(text.replace(old, new))

    def remove(self, path: str) -> None:
        """Remove a file."""
        (self.folder / path).unlink()

    def commit(self, message: str) -> str:
        """Commit everything and return the revision."""
        self._git("add", "--all")
        self._git("commit", "--quiet", f"--message={message}")
        return self.head

    def revert(self) -> str:
        """Revert the last commit and return the revision."""
        self._git("revert", "--no-edit", "HEAD")
        return self.head

    def changed_lines(self) -> list[str]:
        """The lines that the last commit added (``+``) or took away (``-``)."""
        shown = self._git("show", "--format=", "--unified=0").splitlines()
        return [line for line in shown if line[:1] in "+-" and line[:3] not in ("+++", "---")]

    def _git(self, *words: str) -> str:
        result = subprocess.run(
            ["git", "-C", self.folder, *words],
            capture_output=True,
            text=True,
            check=True,
            env=child_environment(IDENTITY),
        )
        return result.stdout.strip()
