"""What `registrar plan` asks a registry: reads alone, and no more of them than the manifests need."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.plan.manifests import actions, model, stamped, version, write
from tests.support.fault_proxy import FaultProxy, Script, on_matching, proxy_to
from tests.support.loopback import Received, Reply
from tests.support.rest import Rest

ARTIFACTS = [{"name": "weights", "uri": "s3://b/w"}]


def plan(folder: Path, url: str, *more: str) -> Result:
    words = ["plan", "-n", "team", f"--registry-url={url}", "-o", "json", str(folder), *more]
    return CliRunner().invoke(main, words, catch_exceptions=False)


def lists_of_versions(proxy: FaultProxy) -> list[str]:
    return [
        got.path.split("?")[0].split("/")[-2]
        for got in proxy.received
        if got.path.split("?")[0].endswith("/artifacts") and "model_versions/" in got.path
    ]


@pytest.fixture
def versions(rest: Rest) -> Rest:
    """A model with twenty versions of one artifact each, the first three managed by resources."""
    churn = rest.model("churn", **stamped("team/churn"))
    for number in range(20):
        stamp = stamped(f"team/churn-{number}") if number < 3 else {}
        found = rest.version(churn, str(number), **stamp)
        mark = stamped(f"team/churn-{number}#weights") if number < 3 else {}
        rest.artifact(found, "weights", uri="s3://b/w", state="LIVE", **mark)
    return rest


def manifests(folder: Path, *numbers: int) -> Path:
    tree = [version(f"churn-{number}", "churn", name=str(number), artifacts=ARTIFACTS) for number in numbers]
    return write(folder, churn=[model("churn"), *tree])


def test_what_carries_our_stamps_takes_no_list_of_a_version(versions: Rest, tmp_path: Path) -> None:
    with proxy_to(versions.url) as proxy:
        result = plan(manifests(tmp_path, 0, 1, 2), proxy.url)
        assert actions(result) == []
        assert lists_of_versions(proxy) == []
        assert {got.method for got in proxy.received} == {"GET"}


def test_of_other_entries_only_those_versions_are_listed_that_manifests_name(versions: Rest, tmp_path: Path) -> None:
    with proxy_to(versions.url) as proxy:
        result = plan(manifests(tmp_path, 0, 5, 7), proxy.url)
        ids = {str(each["id"]): each["name"] for each in versions.get("model_versions")["items"]}
        assert sorted(ids[version_id] for version_id in lists_of_versions(proxy)) == ["5", "7"]
        assert {got.method for got in proxy.received} == {"GET"}
    assert [(action, name) for action, _, name in actions(result)] == [
        ("adopt", "churn/5"),
        ("adopt", "churn/5/weights"),
        ("adopt", "churn/7"),
        ("adopt", "churn/7/weights"),
    ]


def test_what_changes_while_the_registry_is_read_is_in_the_plan(versions: Rest, tmp_path: Path) -> None:
    changed: list[str] = []

    def change(received: Received) -> bool:
        """Change the model once the lists of versions are asked for."""
        if "model_versions/" in received.path and not changed:
            changed.append(received.path)
            versions.change("registered_models/1", description="by hand", state="LIVE")
            versions.artifact("5", "late", uri="s3://b/late")
        return False

    script: Script = on_matching(Reply(500, {}), change)
    folder = manifests(tmp_path, 3)
    (folder / "churn.yaml").write_text(
        (folder / "churn.yaml").read_text().replace("spec: {}", "spec:\n  description: by git")
    )
    with proxy_to(versions.url, script) as proxy:
        result = plan(folder, proxy.url)
    assert changed
    assert ("update", "change", "churn") in actions(result)
    assert '"before": "by hand"' in result.stdout


@pytest.mark.parametrize("part", ["registered_models", "model_versions/7/artifacts"])
def test_a_registry_that_cannot_be_read_is_an_answer_that_is_not_known(
    part: str, versions: Rest, tmp_path: Path
) -> None:
    with proxy_to(versions.url, on_matching(Reply(403, {"message": "no"}), lambda got: part in got.path)) as proxy:
        result = plan(manifests(tmp_path, 5), proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "cannot be read" in result.stderr
    assert result.stdout == ""
