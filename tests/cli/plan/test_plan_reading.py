"""What `registrar plan` asks a registry: reads alone, and no more of them than the manifests need."""

from __future__ import annotations

import json
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


def with_changes(versions: Rest, folder: Path) -> tuple[Path, Path]:
    """Return a base and a head that differ in five models: a new version in each, and more in some."""
    churn = {name: [model(name)] for name in ("churn", "a", "b", "c", "d")}
    for name in ("a", "b", "c", "d"):
        versions.model(name, **stamped(f"team/{name}"))
    churn["churn"] += [version(f"churn-{n}", "churn", name=str(n), artifacts=ARTIFACTS) for n in range(3)]
    base = write(folder / "base", **churn)
    head = {
        name: [*each, version(f"{name}-new", name, name="new", artifacts=ARTIFACTS)] for name, each in churn.items()
    }
    # One loses its artifact, and one its manifest.
    head["churn"][1] = version("churn-0", "churn", name="0")
    del head["churn"][3]
    return base, write(folder / "head", **head)


def test_changed_reads_the_entries_of_what_changed_and_no_whole_list(versions: Rest, tmp_path: Path) -> None:
    base, head = with_changes(versions, tmp_path)
    with proxy_to(versions.url) as proxy:
        result = plan(head, proxy.url, "--base", str(base), "--changed")
        asked = [got.path for got in proxy.received]
    assert len(asked) <= 10
    assert all("filterQuery=" in path or "name=" in path for path in asked)
    snapshot = tmp_path / "snapshot"
    read = CliRunner().invoke(main, ["snapshot", f"--registry-url={versions.url}", "-o", str(snapshot)])
    assert read.exit_code == ExitCode.DONE
    words = ["plan", "-n", "team", "-o", "json", str(head), "--base", str(base), "--changed", f"--snapshot={snapshot}"]
    whole = CliRunner().invoke(main, words, catch_exceptions=False)
    assert actions(result) == actions(whole)
    assert json.loads(result.stdout)["summary"] == json.loads(whole.stdout)["summary"]
    assert [action for action, _, _ in actions(result)].count("archive") == 3


def test_changed_refuses_names_of_another_type(rest: Rest, tmp_path: Path) -> None:
    base = write(tmp_path / "base", churn=[model("churn"), model("fraud")])
    refused = model("churn", aliases={"champion": ["1"], "challenger": "1"})
    head = write(tmp_path / "head", churn=[refused, version("churn-1", "churn", name=["1"])], fraud=[model("fraud")])
    result = plan(head, rest.url, "--base", str(base), "--changed")
    assert result.exit_code == ExitCode.ATTENTION
    assert [cause for action, cause, _ in actions(result) if action == "refuse"] == ["change", "change"]


def test_changed_finds_what_others_hold(versions: Rest, tmp_path: Path) -> None:
    """An entry that another resource manages, one that nothing manages, and an external ID that is taken."""
    versions.model("theirs", **stamped("team/other-name"))
    versions.model("free")
    versions.model("holder", externalId="x")
    base = write(tmp_path / "base", a=[model("kept", name="theirs")])
    new = [model("theirs"), model("free"), model("late", externalId="x"), version("v", "free", name="1")]
    head = write(tmp_path / "head", a=[model("kept", name="theirs")], b=new)
    partly = plan(head, versions.url, "--base", str(base), "--changed")
    whole = plan(head, versions.url, "--base", str(base))
    assert [each for each in actions(partly) if each[1] == "change"] == [
        each for each in actions(whole) if each[1] == "change"
    ]
    assert ("refuse", "change", "late") in actions(partly)


@pytest.mark.parametrize("part", ["registered_models", "model_versions/7/artifacts"])
def test_a_registry_that_cannot_be_read_is_an_answer_that_is_not_known(
    part: str, versions: Rest, tmp_path: Path
) -> None:
    with proxy_to(versions.url, on_matching(Reply(403, {"message": "no"}), lambda got: part in got.path)) as proxy:
        result = plan(manifests(tmp_path, 5), proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "cannot be read" in result.stderr
    assert result.stdout == ""
