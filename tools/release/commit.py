"""The commit that is released."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Commit:
    """The checked-out commit of a repository.

    Attributes:
        repository: root of its working tree.
    """

    repository: Path

    @property
    def seconds(self) -> int:
        """When it was made, in seconds since 1970: the time of everything that is built from it."""
        return int(self.git("log", "-1", "--no-show-signature", "--format=%ct"))

    def changes(self) -> list[str]:
        """Return what the working tree has and the commit has not, a line for each file."""
        # Users may hide untracked files by default.
        return self.git("status", "--porcelain", "--untracked-files=normal").splitlines()

    def files(self) -> list[str]:
        """Return the paths of all files."""
        return [name for name in self.git("ls-files", "-z").split("\0") if name]

    def tags(self) -> list[str]:
        """Return the tags of the whole repository."""
        return self.git("tag", "--list").split()

    def own_tags(self) -> list[str]:
        """Return the tags of this commit."""
        return self.git("tag", "--points-at", "HEAD").split()

    def tag(self, name: str, message: str) -> None:
        """Give the commit an annotated tag."""
        self.git("tag", "--annotate", name, f"--message={message}")

    def export(self, folder: Path) -> None:
        """Write its files into a folder, each with the commit's time."""
        # Otherwise, git converts the ends of lines for users who have it do so.
        options = ["-C", str(self.repository), "-c", "core.autocrlf=false", "-c", "core.eol=lf"]
        archive = subprocess.run(
            ["git", *options, "archive", "--format=tar", "HEAD"], check=True, stdout=subprocess.PIPE
        )
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="tar")

    def git(self, *arguments: str) -> str:
        """Return what git prints.

        Raises:
            subprocess.CalledProcessError: git failed; its message is on standard error.
        """
        command = ["git", "-C", str(self.repository), *arguments]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
