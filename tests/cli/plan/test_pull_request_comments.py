"""The action for GitHub that comments a plan, run in a shell, on an API that keeps comments as GitHub's does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cli.plan.review import body_of
from tests.support.jobs import Outcome, use_action
from tests.support.loopback import Received, Reply, Script, serving

COMMENT = Path(__file__).parents[3] / "integrations" / "github" / "comment"
BOT = "github-actions[bot]"


class Comments:
    """GitHub's comments of one pull request, number 7, whose last commit is ``new``."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []
        self.methods: list[str] = []

    def add(self, author: str, body: str) -> None:
        self.all.append({"id": len(self.all) + 1, "user": {"login": author}, "body": body})

    def answer(self, received: Received) -> Reply:
        assert received.headers["authorization"] == "Bearer the job's token"
        self.methods.append(received.method)
        path = received.route.removeprefix("/repos/ml/models/")
        query = dict(pair.split("=") for pair in urlsplit(received.path).query.split("&") if pair)
        if path == "pulls":
            assert query == {"state": "open", "head": "stranger%3Achange"}
            return Reply(body=[{"number": 7, "head": {"sha": "new"}}])
        if received.method == "PATCH":
            found = self.all[int(path.removeprefix("issues/comments/")) - 1]
            found["body"] = received.json["body"]
            return Reply(body=found)
        assert path == "issues/7/comments"
        if received.method == "POST":
            self.add(BOT, received.json["body"].replace("\n", "\r\n"))
            return Reply(201, self.all[-1])
        start = (int(query["page"]) - 1) * int(query["per_page"])
        return Reply(body=self.all[start : start + int(query["per_page"])])


PULL_REQUEST = {"pull_request": {"number": 7}}


def run_event(sha: str) -> dict[str, Any]:
    owner = {"owner": {"login": "stranger"}}
    return {"workflow_run": {"head_sha": sha, "head_branch": "change", "head_repository": owner, "pull_requests": []}}


def comment(script: Script, work: Path, body: str, event: dict[str, Any]) -> Outcome:
    (work / "plan.md").write_text(body)
    (work / "event.json").write_text(json.dumps(event))
    with serving(script) as server:
        return use_action(
            COMMENT,
            work,
            work,
            {"file": "plan.md"},
            GITHUB_API_URL=server.url,
            GITHUB_REPOSITORY="ml/models",
            GITHUB_EVENT_PATH=str(work / "event.json"),
        )


@pytest.mark.parametrize("event", [PULL_REQUEST, run_event("new")], ids=["pull_request", "workflow_run"])
def test_a_plan_is_one_comment_that_is_replaced(work: Path, event: dict[str, Any]) -> None:
    comments = Comments()
    comments.add("stranger", body_of("A", "looks like ours"))
    for number in range(120):
        comments.add(BOT, f"another job's {number}")
    before = [dict(each) for each in comments.all]
    said = [
        comment(comments.answer, work, body, event).log.split()[-1]
        for body in (body_of("A", "one"), body_of("A", "one"), body_of("B", "two"), body_of("A", "three"))
    ]
    assert said == ["created", "unchanged", "created", "replaced"]
    assert comments.all[:-2] == before
    bodies = [each["body"].splitlines()[1] for each in comments.all[-2:]]
    assert bodies == ["### A: three", "### B: two"]


def test_a_plan_of_an_older_commit_is_not_commented(work: Path) -> None:
    comments = Comments()
    outcome = comment(comments.answer, work, body_of("A", "old"), run_event("old"))
    assert (outcome.code, comments.methods) == (0, ["GET"])
    assert "nothing to comment" in outcome.log


@pytest.mark.parametrize("body", ["", "### A\n", f"x\n{body_of('A', '')}", body_of("A", "x" * 20_000)])
def test_only_a_plan_is_commented(work: Path, body: str) -> None:
    comments = Comments()
    outcome = comment(comments.answer, work, body, PULL_REQUEST)
    assert (outcome.code, comments.methods) == (1, [])
    assert "is no plan in Markdown" in outcome.log


def test_a_refusal_of_github_fails_the_job(work: Path) -> None:
    outcome = comment(lambda _: Reply(403, {"message": "no"}), work, body_of("A", "one"), PULL_REQUEST)
    assert outcome.code == 1
    assert "403" in outcome.log
