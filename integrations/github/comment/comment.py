# ruff: noqa: INP001, T201 - a script that talks to the log of a job
"""Puts a plan into a comment of its pull request, in place of the one that an earlier plan made.

It runs on GitHub's machines with Python alone. The text is read from a file: as an argument, it could be too long. The
pull request comes from the event, never from a file that a pull request could have written.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

MARKER = re.compile(r"<!-- registrar-plan: [^\s<>]+ -->")
"""The first line of a plan, by which its comment is found."""
MAX_LENGTH = 65_536
"""Characters of a comment that GitHub accepts."""
PAGE_SIZE = 100
TIMEOUT = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """The REST API of a repository.

    Attributes:
        url: address of the repository in it.
        token: who asks.
    """

    url: str
    token: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a request and return the answer. Raises urllib.error.URLError if it fails."""
        request = urllib.request.Request(  # noqa: S310 - the runner sets the address
            f"{self.url}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the same
            return json.load(answer)

    def comments(self, number: int) -> Iterator[dict[str, Any]]:
        """Yield the comments of a pull request."""
        page = 1
        while found := self.call("GET", f"issues/{number}/comments?per_page={PAGE_SIZE}&page={page}"):
            yield from found
            page += 1


def pull_request(event: dict[str, Any], github: GitHub) -> int | None:
    """Return the number of the pull request that an event is about; None if it is closed, or has newer commits."""
    if "pull_request" in event:
        return int(event["pull_request"]["number"])
    # The event names no pull request if its branch is in a fork.
    run = event["workflow_run"]
    head = f"{run['head_repository']['owner']['login']}:{run['head_branch']}"
    pulls = github.call("GET", f"pulls?{urlencode({'state': 'open', 'head': head})}")
    return next((int(pull["number"]) for pull in pulls if pull["head"]["sha"] == run["head_sha"]), None)


def put(github: GitHub, number: int, body: str, author: str) -> str:
    """Create the comment, or replace the author's comment with the same first line; return what was done."""
    marker = body.splitlines()[0]
    for comment in github.comments(number):
        if comment["user"]["login"] == author and comment["body"].splitlines()[:1] == [marker]:
            if comment["body"].splitlines() == body.splitlines():
                return "unchanged"
            github.call("PATCH", f"issues/comments/{comment['id']}", {"body": body})
            return "replaced"
    github.call("POST", f"issues/{number}/comments", {"body": body})
    return "created"


def main() -> None:
    """Comment what the environment names."""
    environment = os.environ
    body = Path(environment["FILE"]).read_text(encoding="utf-8")
    if not MARKER.match(body) or len(body) > MAX_LENGTH:
        sys.exit(f"{environment['FILE']} is no plan in Markdown, or it is longer than {MAX_LENGTH:,} characters.")
    event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    url = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
    github = GitHub(url, environment["TOKEN"])
    number = pull_request(event, github)
    if number is None:
        print("There is no open pull request with this commit as its last one: nothing to comment.")
        return
    print(f"Comment of pull request {number}: {put(github, number, body, environment['AUTHOR'])}")


if __name__ == "__main__":
    main()
