"""Secrets in manifests and in the registry are in no form of a plan, and a changed one shows as changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from registrar.cli.plan.fields import field_change
from registrar.cli.plan.outputs import Format
from tests.cli.plan.manifests import model, stamped, version, write
from tests.cli.plan.review import run, texts
from tests.support.rest import Rest

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJzM2NyZXQifQ.s3cret"
LONG = "x" * 80
URIS = {
    "signed": "https://b.example/m?X-Amz-Signature=s3cret-{}",
    "password": "https://me:s3cret-{}@b.example/m",
    "user": "https://s3cret-{}@b.example/m",
    "query": f"https://b.example/{LONG}?code=s3cret-{{}}",
}
"""What gives access to something; the last one has no known form, and is too long for one line."""


def properties(which: str) -> dict[str, str]:
    return {
        "hf_token": f"s3cret-{which}",
        "aws-access-key": f"s3cret-{which}",
        "note": f"-----BEGIN PRIVATE KEY-----\ns3cret-{which}",
        "jwt": f"{JWT}{which}",
        "fine": which,
    }


@pytest.fixture
def folders(rest: Rest, tmp_path: Path) -> dict[str, list[str | Path]]:
    """Plans in which secrets are set, changed, cleared, drifted, adopted and refused."""
    rest.model("churn", description=JWT, **stamped("team/churn", **properties("old")))
    rest.model("free", customProperties=texts(**properties("theirs")))
    held = rest.version("2", "v", **stamped("team/v"))
    for name, uri in URIS.items():
        owner = stamped(f"team/v#{name}")
        rest.artifact(held, name, uri=uri.format("old"), state="LIVE", **owner)
    artifacts: list[dict[str, Any]] = [{"name": name, "uri": uri.format("new")} for name, uri in URIS.items()]
    new = {"customProperties": properties("new")}
    docs = [{"name": "card", "uri": URIS["signed"].format("new"), "customProperties": properties("new")}]
    after = write(
        tmp_path / "after",
        a=[model("churn", description=f"{JWT}2", **new), model("free", **new)],
        b=[version("v", "free", artifacts=artifacts), version("w", "free", docArtifacts=docs, **new)],
        c=[model("wrong", customProperties={"hf_token": ["s3cret"]}, owner=7), model("reported", **new)],
    )
    before = write(
        tmp_path / "before", a=[model("churn", customProperties={**properties("old"), "my_secret": "s3cret"})]
    )
    report = ("--drift-policy=Report", f"--base={after}", "--drift")
    return {
        "set": [after],
        "cleared": [before, f"--base={after}"],
        "base": [after, f"--base={before}"],
        "drift": [after, *report],
    }


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("which", ["set", "cleared", "base", "drift"])
def test_no_secret_is_in_any_form(rest: Rest, folders: dict[str, list[str | Path]], form: Format, which: str) -> None:
    """Acceptance 10."""
    result = run(rest.url, *folders[which], "-o", form)
    assert "churn" in result.stdout
    for text in (result.stdout, result.stderr):
        assert "s3cret" not in text
        assert "eyJ" not in text


def test_a_changed_secret_is_a_change(rest: Rest, folders: dict[str, list[str | Path]]) -> None:
    found = json.loads(run(rest.url, *folders["set"], "-o", "json").stdout)
    changes = {(change["resource"]["name"], change["entry"]["name"]): change for change in found["changes"]}
    hidden = {field["path"] for field in changes["churn", "churn"]["fields"] if field["sensitive"]}
    names = properties("").keys() - {"fine"}
    assert hidden == {"description", *(f"customProperties.{name}" for name in names)}
    for name in URIS:
        (field,) = changes["v", name]["fields"]
        assert field == {"path": "uri", "sensitive": True, "drift": False}
    markdown = run(rest.url, *folders["set"], "-o", "markdown").stdout
    assert "`customProperties.hf_token`: changed, and hidden because it looks like a secret" in markdown
    diff = run(rest.url, *folders["set"], "-o", "diff").stdout
    assert "-  hf_token: '(hidden), before'" in diff
    assert "+  hf_token: '(hidden), after'" in diff


def test_a_uri_without_secrets_is_shown() -> None:
    plain = field_change("uri", "https://a.example/m?x=1", "https://b.example/m?x=1")
    assert (plain.before, plain.after, plain.is_sensitive) == (
        "https://a.example/m?(hidden)",
        "https://b.example/m?(hidden)",
        False,
    )
    listed = field_change("tags", ["a"], ["a", JWT])
    assert (listed.before, listed.after, listed.is_sensitive) == ("(hidden)", "(hidden)", True)
    assert field_change("customProperties.n", None, 7).after == 7
