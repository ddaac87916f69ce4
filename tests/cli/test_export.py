"""`registrar export` on a registry: what it writes, what it leaves out, and what it does to a folder."""

import json
import subprocess
import sys
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from registrar.api.secrets import is_sensitive_name, is_sensitive_text
from registrar.cli import main
from registrar.cli.documents.load import load
from registrar.cli.exits import ExitCode
from registrar.cli.export.layout import Layout
from registrar.cli.records import FORMAT
from tests.cli.conftest import ReadByKubectl
from tests.cli.export import Export, files
from tests.support.fault_proxy import on_matching, proxy_to
from tests.support.loopback import Received, Reply
from tests.support.rest import PROPERTIES, STRUCT, Rest, text


@pytest.fixture
def churn(rest: Rest) -> Rest:
    """A model with two versions, one of them archived, and their artifacts."""
    model = rest.model("churn", owner="analytics", description="Predicts churn.", customProperties=PROPERTIES)
    first = rest.version(model, "2026-11", author="grace")
    rest.version(model, "2025-01", state="ARCHIVED")
    rest.artifact(first, "model", uri="s3://b/m", state="LIVE", modelFormatName="onnx")
    rest.artifact(first, "card", artifactType="doc-artifact", uri="s3://b/card")
    return rest


def printed(result: Result) -> list[dict[str, Any]]:
    return [document.content for document in load(result.stdout)]


CHURN = """\
apiVersion: model-registrar.dev/v1alpha1
kind: RegisteredModel
metadata:
  name: churn
spec:
  description: Predicts churn.
  customProperties:
    bool: true
    date: '2026-11-23'
    double: 0.1
    emoji: "\\U0001F600\\r\\n\\t "
    empty: ''
    int: 7
    large double: {double: 1.0e+22}
    number as text: '1e3'
    text: 'y'
    whole double: {double: 2}
  owner: analytics
"""
VERSION = """\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata:
  name: churn-2026-11
spec:
  name: 2026-11
  registeredModelRef:
    name: churn
  author: grace
  docArtifacts:
  - name: card
    uri: s3://b/card
  artifacts:
  - name: model
    uri: s3://b/m
    modelFormatName: onnx
""".replace("name: 2026-11\n  reg", "name: '2026-11'\n  reg")


def test_a_model_and_its_versions_are_a_folder(churn: Rest, export: Export, tmp_path: Path) -> None:
    result = export()
    assert result.exit_code == ExitCode.DONE, result.stderr
    assert files(tmp_path / "git") == {"churn/model.yaml": CHURN, "churn/churn-2026-11.yaml": VERSION}
    assert result.stdout == ""
    assert "2 resources exported. 1 archived entry left out" in result.stderr
    assert churn.url not in "".join(files(tmp_path / "git").values())


LAYOUTS = {
    Layout.TREE: ["churn/churn-2026-11.yaml", "churn/model.yaml"],
    Layout.MODEL: ["churn.yaml"],
    Layout.FLAT: ["modelversion-churn-2026-11.yaml", "registeredmodel-churn.yaml"],
}


@pytest.mark.parametrize(("layout", "expected"), LAYOUTS.items(), ids=list(LAYOUTS))
def test_every_layout_holds_the_same(
    layout: str, expected: list[str], churn: Rest, export: Export, tmp_path: Path, read_by_kubectl: ReadByKubectl
) -> None:
    assert export(f"--layout={layout}").exit_code == ExitCode.DONE
    found = files(tmp_path / "git")
    assert list(found) == expected
    resources = [resource for content in found.values() for resource in read_by_kubectl(content)]
    assert sorted(resource["kind"] for resource in resources) == ["ModelVersion", "RegisteredModel"]
    assert sorted(resources, key=itemgetter("kind")) == sorted(printed(export(to="-")), key=itemgetter("kind"))
    assert churn.entries()


def test_names_of_devices_and_of_the_models_file_are_safe(rest: Rest, export: Export, tmp_path: Path) -> None:
    model = rest.model("con")
    rest.version(model, "1", customProperties={"model-registrar.dev/owner": text("created:x/y/team/model")})
    rest.model("aux.v1")
    export("--owner-id=x/y")
    assert list(files(tmp_path / "git")) == ["aux_.v1/model.yaml", "con_/model.yaml", "con_/model_.yaml"]


def test_the_run_of_an_artifact_is_not_declared(rest: Rest, export: Export) -> None:
    whole = {"metadataType": "MetadataIntValue", "int_value": "7"}
    of_the_run = {"experiment_id": whole, "experiment_run_id": whole, "team": text("x")}
    version = rest.version(rest.model("churn"), "1")
    rest.artifact(version, "weights", uri="s3://b/w", customProperties=of_the_run)
    result = export(to="-")
    assert (result.exit_code, result.stderr.count("Left out")) == (ExitCode.DONE, 0)
    assert printed(result)[1]["spec"]["artifacts"] == [
        {"name": "weights", "uri": "s3://b/w", "customProperties": {"team": "x"}}
    ]


def test_the_second_export_writes_no_byte(churn: Rest, export: Export, tmp_path: Path) -> None:
    export("--kustomization")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    result = export("--kustomization")
    assert (result.exit_code, {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}) == (0, before)
    assert "0 manifests written" in result.stderr
    assert export("--check").exit_code == ExitCode.DONE
    assert churn.entries()


def test_hand_edits_that_say_the_same_stay(churn: Rest, export: Export, tmp_path: Path) -> None:
    folder = tmp_path / "git"
    folder.mkdir()
    by_hand = (
        "# Ours.\napiVersion: model-registrar.dev/v1alpha1\nkind: RegisteredModel\nmetadata:\n  name: our-churn\n"
        "  labels: {team: a}\nspec:\n  name: churn # here\n  state: LIVE\n  deletionPolicy: Orphan\n"
        "  description: Predicts churn.\n  owner: analytics\n"
        "  customProperties: {bool: true, date: '2026-11-23', double: 0.1, emoji: \"😀\\r\\n\\t \", empty: '',\n"
        "    int: 7, large double: 1e22, number as text: '1e3', text: 'y', whole double: 2}\n"
    )
    (folder / "a.yaml").write_text(by_hand)
    result = export()
    assert result.exit_code == ExitCode.DONE
    # The name is taken over, in references too; the new file goes where the layout puts it.
    assert files(folder) == {
        "a.yaml": by_hand,
        "our-churn/churn-2026-11.yaml": VERSION.replace("name: churn\n", "name: our-churn\n"),
    }
    assert export("--check").exit_code == ExitCode.DONE
    assert churn.entries()


def test_a_change_in_the_registry_is_listed_and_rewritten_when_asked(
    churn: Rest, export: Export, tmp_path: Path
) -> None:
    folder = tmp_path / "git"
    export()
    file = folder / "churn" / "model.yaml"
    edited = (
        file.read_text()
        .replace("metadata:\n", "metadata:\n  labels: {team: a}\n")
        .replace("  owner", "  driftPolicy: Report\n  owner")
    )
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x} # kept\n"
    file.write_text(f"{other}---\n# lost\n{edited}---\n# also kept\n{other}")
    assert export("--check").exit_code == ExitCode.DONE
    churn.change("registered_models/1", owner="payments", provider="us")

    checked = export("--check")
    assert checked.exit_code == ExitCode.CHANGES
    assert f"Differs: {file}:6: RegisteredModel churn: owner 'payments' would become 'analytics'; " in checked.stderr
    assert "provider is not declared" in checked.stderr
    before = files(folder)
    listed = export()
    assert (listed.exit_code, files(folder)) == (ExitCode.DONE, before)
    assert "1 differ, 1 unchanged; --update or --overwrite rewrites those that differ." in listed.stderr
    rewritten = export("--overwrite")
    assert "1 rewritten, 0 differ, 1 unchanged" in rewritten.stderr
    head, ours, tail = file.read_text().split("---\n")
    assert (head, tail) == (other, f"# also kept\n{other}")
    expected = yaml.safe_load(edited)
    expected["spec"] |= {"owner": "payments", "provider": "us"}
    assert yaml.safe_load(ours) == expected
    assert export("--check").exit_code == ExitCode.DONE


def test_what_is_new_is_added_behind_its_version_and_nothing_is_deleted(
    churn: Rest, export: Export, tmp_path: Path
) -> None:
    export("--layout=model")
    file = tmp_path / "git" / "churn.yaml"
    gone = "---\napiVersion: model-registrar.dev/v1alpha1\nkind: RegisteredModel\nmetadata: {name: gone}\n"
    file.write_text(file.read_text() + gone)
    churn.artifact("2", "card", uri="s3://b/other")
    checked = export("--check", "--layout=model")
    assert checked.exit_code == ExitCode.CHANGES
    assert "Only in the registry: ModelArtifact 'churn' / '2026-11' / 'card' (id " in checked.stderr
    assert f"Not in the registry: {file}:" in checked.stderr
    before = file.read_text()
    assert export("--layout=model").exit_code == ExitCode.DONE
    assert file.read_text().startswith(before)
    (added,) = [each.content for each in load(file.read_text().removeprefix(before))]
    assert added["metadata"]["name"] == "churn-2026-11-card"
    assert added["spec"] == {"name": "card", "uri": "s3://b/other", "modelVersionRef": {"name": "churn-2026-11"}}


def test_an_entry_that_was_archived_differs_from_its_manifest(churn: Rest, export: Export) -> None:
    export()
    churn.change("model_versions/2", state="ARCHIVED")
    checked = export("--check")
    assert checked.exit_code == ExitCode.CHANGES
    assert "state 'ARCHIVED' would become 'LIVE'" in checked.stderr
    export("--overwrite")
    assert export("--check").exit_code == ExitCode.DONE


def test_archived_entries_are_exported_when_asked(churn: Rest, export: Export) -> None:
    churn.change("artifacts/1", state="MARKED_FOR_DELETION", artifactType="model-artifact")
    assert "artifacts" not in printed(export(to="-"))[1]["spec"]
    found = printed(export("--archived", to="-"))
    assert [each["spec"].get("state") for each in found] == [None, None, "ARCHIVED"]
    assert found[1]["spec"]["artifacts"][0]["state"] == "MARKED_FOR_DELETION"


@pytest.fixture
def many(rest: Rest) -> Rest:
    """Two models with two versions each."""
    for name, owner in [("churn-eu", "a"), ("fraud", "b")]:
        model = rest.model(name, owner=owner, customProperties={"team": text(name)})
        rest.version(model, "1", customProperties={"stage": text("prod")})
        rest.version(model, "2")
    return rest


SELECTIONS = {
    "a pattern for models": (["--model=churn-*"], ["churn-eu", "churn-eu-1", "churn-eu-2"]),
    "two models": (["--model=churn-eu", "--model=fraud"], 6),
    "versions with their models": (["--version=1"], ["churn-eu", "churn-eu-1", "fraud", "fraud-1"]),
    "versions alone": (["--version=1", "--external-parents"], ["churn-eu-1", "fraud-1"]),
    "an owner": (["--owner=b"], ["fraud", "fraud-1", "fraud-2"]),
    "a property of models": (["--property=team=fraud"], ["fraud", "fraud-1", "fraud-2"]),
    "a property of versions": (["--property=stage=prod"], ["churn-eu", "churn-eu-1", "fraud", "fraud-1"]),
    "both": (["--property=stage=prod", "--property=team=fraud"], ["fraud", "fraud-1"]),
    "nothing": (["--model=x"], []),
    "everything": ([], 6),
}


@pytest.mark.parametrize(("flags", "expected"), SELECTIONS.values(), ids=list(SELECTIONS))
def test_flags_select(flags: list[str], expected: list[str] | int, many: Rest, export: Export) -> None:
    found = [each["metadata"]["name"] for each in printed(export(*flags, to="-"))]
    assert found == expected or len(found) == expected
    assert many.entries()


def test_a_version_without_its_model_refers_to_it_by_name(many: Rest, export: Export) -> None:
    result = export("--version=1", "--model=fraud", "--external-parents", to="-")
    (version,) = printed(result)
    assert version["spec"]["registeredModelRef"] == {"external": {"name": "fraud"}}
    assert result.exit_code == ExitCode.DONE
    assert many.entries()


def test_manifests_of_two_namespaces_with_equal_names_are_not_confused(
    rest: Rest, export: Export, tmp_path: Path
) -> None:
    rest.version(rest.model("one"), "1", author="a")
    rest.version(rest.model("two"), "1", author="b")
    folder = tmp_path / "git"
    folder.mkdir()
    text_of_both = ""
    for namespace, name, author in [("team-x", "one", "a"), ("team-y", "two", "b")]:
        header = f"apiVersion: model-registrar.dev/v1alpha1\nmetadata: {{name: same, namespace: {namespace}}}\n"
        text_of_both += f"{header}kind: RegisteredModel\nspec: {{name: {name}}}\n---\n{header}kind: ModelVersion\n"
        text_of_both += f"spec: {{name: '1', author: {author}, registeredModelRef: {{name: same}}}}\n---\n"
    (folder / "both.yaml").write_text(text_of_both)
    assert export("--check", "-n", "team-x").exit_code == ExitCode.CHANGES
    result = export("--check")
    assert result.exit_code == ExitCode.DONE, result.stderr


def test_what_is_archived_counts_only_where_it_is_selected(churn: Rest, export: Export) -> None:
    churn.version(churn.model("old", state="ARCHIVED"), "1")
    assert "3 archived entries left out" in export(to="-").stderr
    assert "1 archived entry left out" in export("--model=churn", to="-").stderr


def test_json_stays_json(churn: Rest, export: Export, tmp_path: Path) -> None:
    folder = tmp_path / "git"
    folder.mkdir()
    version = {"name": "2026-11", "registeredModelRef": {"external": {"name": "churn"}}, "author": "other"}
    body = {
        "apiVersion": "model-registrar.dev/v1alpha1",
        "kind": "ModelVersion",
        "metadata": {"name": "v"},
        "spec": version,
    }
    (folder / "version.json").write_text(json.dumps(body))
    churn.artifact("2", "card", uri="s3://b/other")
    result = export("--overwrite")
    assert "in a List or JSON, so only you can rewrite it" in result.stderr
    for options in ((), ("--update",), ("--overwrite",)):
        assert export(*options).stderr.splitlines()[-2].endswith(" 1 differ, 2 unchanged."), options
    assert json.loads((folder / "version.json").read_text()) == body
    assert list(files(folder)) == ["churn/model.yaml", "churn/v.yaml", "version.json"]


def test_the_namespace_is_written_and_other_namespaces_are_passed_over(
    churn: Rest, export: Export, tmp_path: Path
) -> None:
    export("-n", "team-a")
    found = files(tmp_path / "git")
    assert all("  namespace: team-a\n" in content for content in found.values())
    export("-n", "team-b", "--layout=model")
    assert "namespace: team-b" in (tmp_path / "git" / "churn.yaml").read_text()
    assert export("--check", "-n", "team-a").exit_code == ExitCode.DONE
    assert churn.entries()


FOUND = {
    "a reference by ID": ("registeredModelRef: {external: {id: '1'}}", ""),
    "a reference by name": ("registeredModelRef: {external: {name: churn}}", ""),
    "a reference to nothing": ("registeredModelRef: {name: nobody}", "Not in the registry: "),
    "a reference to no entry": ("registeredModelRef: {external: {id: '99'}}", "Not in the registry: "),
    "no reference": ("author: grace", "Not in the registry: "),
    "a field that the API server refuses": (
        "registeredModelRef: {external: {name: churn}}\n  state: RETIRED",
        "spec.state: must be 'LIVE' or 'ARCHIVED'",
    ),
    "an artifact too many": (
        "registeredModelRef: {external: {name: churn}}\n  artifacts: [{name: x, uri: s3://x}]",
        "model-artifact x: the registry has none of that name; doc-artifact card is not declared; model-artifact model",
    ),
    "another value of an artifact": (
        "registeredModelRef: {external: {name: churn}}\n  artifacts: [{name: model, uri: s3://x}]",
        "model-artifact model: uri 's3://b/m' would become 's3://x'; model-artifact model: modelFormatName is not",
    ),
}


@pytest.mark.parametrize("form", ["alone", "in a list"])
@pytest.mark.parametrize(("spec", "message"), FOUND.values(), ids=list(FOUND))
def test_manifests_are_found_by_what_they_refer_to(
    spec: str, message: str, form: str, churn: Rest, export: Export, tmp_path: Path
) -> None:
    rest_of_it = (
        "  author: grace\n  artifacts: [{name: model, uri: s3://b/m, modelFormatName: onnx}]\n"
        "  docArtifacts: [{name: card, uri: s3://b/card}]\n"
    )
    header = "apiVersion: model-registrar.dev/v1alpha1\nkind: ModelVersion\nmetadata: {name: mine}\nspec:\n"
    by_hand = f"{header}  {spec}\n  name: 2026-11\n{'' if message else rest_of_it}"
    if form == "in a list":
        by_hand = "apiVersion: v1\nkind: List\nitems:\n- " + by_hand.replace("\n", "\n  ").rstrip() + "\n"
    folder = tmp_path / "git"
    folder.mkdir()
    file = folder / "mine.yaml"
    file.write_text(by_hand)
    assert message in export("--check").stderr
    result = export("--overwrite")
    is_known = not message.startswith("Not in")
    differs = bool(message) and is_known
    is_left = differs and form == "in a list"
    assert result.exit_code == (ExitCode.ATTENTION if is_left else ExitCode.DONE)
    assert (folder / "churn" / "churn-2026-11.yaml").exists() is not is_known
    assert (file.read_text() != by_hand) is (differs and form == "alone")
    assert ("only you can rewrite it" in result.stderr) is is_left
    assert churn.entries()


def test_stamps_give_names_and_forms(rest: Rest, export: Export) -> None:
    def stamp(reference: str) -> dict[str, Any]:
        return {"model-registrar.dev/owner": text(f"created:us/{reference}")}

    model = rest.model("churn", customProperties=stamp("team/our-churn"))
    version = rest.version(model, "1", customProperties=stamp("team/v1"))
    rest.artifact(version, "own", uri="s3://b", customProperties=stamp("team/our-own"))
    rest.artifact(version, "inline", uri="s3://b", customProperties=stamp("team/v1#inline"))
    rest.model("unmanaged")
    rest.model("theirs", customProperties={"model-registrar.dev/owner": text("created:them/team/x")})
    found = export("--owner-id=us", to="-")
    assert found.exit_code == ExitCode.ATTENTION
    assert "RegisteredModel 'theirs' (id 4): ForeignStamp" in found.stderr
    names = {each["kind"] + " " + each["metadata"]["name"]: each["spec"] for each in printed(found) if "spec" in each}
    assert names == {
        "RegisteredModel our-churn": {"name": "churn"},
        "ModelVersion v1": {
            "name": "1",
            "registeredModelRef": {"name": "our-churn"},
            "artifacts": [{"name": "inline", "uri": "s3://b"}],
        },
        "ModelArtifact our-own": {"name": "own", "uri": "s3://b", "modelVersionRef": {"name": "v1"}},
    }
    unmanaged = printed(export("--owner-id=us", "--unmanaged", to="-"))
    assert [each["metadata"]["name"] for each in unmanaged] == ["unmanaged"]


def test_what_cannot_be_expressed_is_named_with_its_reason(rest: Rest, export: Export) -> None:
    """Each reason that the embedded registry can be brought into; the others come from a snapshot below."""
    good = rest.model("good", customProperties={"struct": STRUCT, "": text("x")})
    version = rest.version(good, "1")
    rest.model(" spaces ")
    rest.artifact(version, "no uri")
    for number in range(18):
        rest.artifact(version, f"doc {number}", artifactType="doc-artifact", uri="s3://b")
    for number in range(33):
        rest.artifact(version, f"model {number}", uri="s3://b")
    linked = rest.version(good, "2")
    rest.create(f"model_versions/{linked}/artifacts", artifactType="doc-artifact", id="2")
    rest.create("artifacts", artifactType="model-artifact", name="loose", uri="s3://b")
    result = export(to="-")
    assert result.exit_code == ExitCode.ATTENTION
    for line in [
        "RegisteredModel 'good' (id 1), customProperties.struct: Struct\n",
        "RegisteredModel 'good' (id 1), customProperties.: InvalidValue: ",
        "RegisteredModel ' spaces ' (id 3): InvalidValue: ",
        "ModelArtifact 'no uri' (id 1): NoUri\n",
        "DocArtifact 'doc 17' (id 19): TooMany: a version declares at most 16 documents\n",
        "DocArtifact 'doc 0' (id 2), in the version '2': Linked: it goes with '1'\n",
        "ModelArtifact 'loose' (id 53): NoVersion\n",
    ]:
        assert f"Left out: {line}" in result.stderr
    found = printed(result)
    assert [each["metadata"]["name"] for each in found] == ["good", "good-1", "good-1-model-32", "good-2"]
    assert len(found[1]["spec"]["artifacts"]) == 32
    assert len(found[1]["spec"]["docArtifacts"]) == 16
    allowed = [f"--allow={reason}" for reason in ("InvalidValue", "NoUri", "TooMany", "NoVersion")]
    assert export(*allowed, to="-").exit_code == ExitCode.DONE


SNAPSHOT: list[dict[str, Any]] = [
    {"kind": "RegisteredModel", "entry": {"id": "1", "name": "good", "state": "LIVE"}},
    {"kind": "RegisteredModel", "entry": {"id": "2", "name": "twin", "state": "LIVE"}},
    {"kind": "RegisteredModel", "entry": {"id": "3", "name": "twin", "state": "LIVE"}},
    {"kind": "RegisteredModel", "entry": {"id": "4", "name": "stateless"}},
    {"kind": "RegisteredModel", "entry": {"id": "5", "name": "retired", "state": "RETIRED"}},
    {
        "kind": "RegisteredModel",
        "entry": {
            "id": "6",
            "name": "proto",
            "state": "LIVE",
            "customProperties": {"p": {"opaque": {"metadataType": "MetadataProtoValue"}}},
        },
    },
    {"kind": "RegisteredModel", "entry": {"id": "7", "name": "many words", "state": "LIVE", "language": ["x" * 256]}},
    {"kind": "RegisteredModel", "entry": {"id": "8", "name": "2026-11-23T00:00:00Z", "state": "LIVE"}},
    {"kind": "ModelVersion", "entry": {"id": "10", "name": "1", "registeredModelId": "1", "state": "LIVE"}},
    {"kind": "ModelVersion", "entry": {"id": "11", "name": "1", "registeredModelId": "2", "state": "LIVE"}},
    {"kind": "ModelVersion", "entry": {"id": "12", "name": "1", "registeredModelId": "99", "state": "LIVE"}},
    {"kind": "ModelVersion", "entry": {"id": "13", "name": "x" * 241, "registeredModelId": "1", "state": "LIVE"}},
    {"kind": "Metric", "versions": ["10"], "entry": {"id": "20", "name": "auc", "value": 0.9, "state": "LIVE"}},
    {"kind": "DataSet", "versions": ["10"], "entry": {"id": "21", "name": "data", "uri": "s3://b"}},
    {
        "kind": "ModelArtifact",
        "versions": ["10"],
        "entry": {"id": "22", "name": "odd", "uri": "s3://b", "state": "ODD"},
    },
    {"kind": "ModelArtifact", "versions": ["10"], "entry": {"id": "23", "name": "long", "uri": "s3://" + "x" * 2700}},
    {"kind": "DocArtifact", "versions": ["10"], "entry": {"id": "24", "name": "same", "uri": "s3://1"}},
    {"kind": "DocArtifact", "versions": ["10"], "entry": {"id": "25", "name": "same", "uri": "s3://2"}},
    {"kind": "ModelArtifact", "versions": ["10"], "entry": {"id": "26", "name": "upload", "state": "PENDING"}},
]
LEFT_OUT = [
    "RegisteredModel 'twin' (id 2): Ambiguous",
    "RegisteredModel 'twin' (id 3): Ambiguous",
    "RegisteredModel 'stateless' (id 4): UnknownState",
    "RegisteredModel 'retired' (id 5): UnknownState",
    "RegisteredModel 'proto' (id 6): UnsupportedType: its customProperties.p is a MetadataProtoValue",
    "RegisteredModel 'many words' (id 7), language: TooLong",
    "RegisteredModel '2026-11-23T00:00:00Z' (id 8): InvalidValue: must not be a date without quotes",
    "ModelVersion '1' (id 11): Ambiguous: its reference would lead to several parents",
    "ModelVersion '1' (id 12): NoModel",
    f"ModelVersion '{'x' * 241}' (id 13): TooLong",
    "Metric 'auc' (id 20): UnsupportedType",
    "DataSet 'data' (id 21): UnsupportedType",
    "ModelArtifact 'odd' (id 22), state: UnknownState",
    "ModelArtifact 'long' (id 23): TooLong",
    "DocArtifact 'same' (id 24): Ambiguous",
    "DocArtifact 'same' (id 25): Ambiguous",
]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    counts: dict[str, int] = {}
    for record in SNAPSHOT:
        counts[record["kind"]] = counts.get(record["kind"], 0) + 1
    lines = [{"format": FORMAT, "formatVersion": "1.0"}, *SNAPSHOT, {"counts": counts, "unreadable": 0}]
    file = tmp_path / "snapshot.ndjson"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def test_a_snapshot_needs_no_registry_and_old_data_is_named_with_its_reason(snapshot: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["export", str(tmp_path / "git"), f"--snapshot={snapshot}"])
    assert result.exit_code == ExitCode.ATTENTION
    assert [line for line in LEFT_OUT if f"Left out: {line}" not in result.stderr] == []
    assert len([line for line in result.stderr.splitlines() if "(id " in line]) == len(LEFT_OUT)
    (model, version, words) = (
        files(tmp_path / "git")[name] for name in ("good/model.yaml", "good/good-1.yaml", "many-words/model.yaml")
    )
    assert "spec" not in yaml.safe_load(model)
    assert yaml.safe_load(version)["spec"]["artifacts"] == [
        {"name": "odd", "uri": "s3://b"},
        {"name": "upload", "state": "PENDING"},
    ]
    assert "# Left out: ModelArtifact 'long': TooLong\n" in version
    assert words.startswith("# Left out: RegisteredModel 'many words', language: TooLong\n")


SECRETS = {
    "a token": ("hf_token", "hf_abcdefgh"),
    "a password": ("dbPassword", "hunter2"),
    "a key": ("aws-access-key", "hunter2"),
    "a signed URL": ("data", "https://b.s3.amazonaws.com/x?X-Amz-Signature=abc&y=1"),
    "a URL with a password": ("source", "postgres://me:pw@host/db"),
    "a private key": ("tls", "-----BEGIN EC PRIVATE KEY-----\nabc"),
    "a web token": ("note", "Bearer eyJhbGciOiJI.eyJzdWIiOiIx.abc-_1"),
}


@pytest.mark.parametrize(("name", "value"), SECRETS.values(), ids=list(SECRETS))
def test_secrets_are_in_no_output(name: str, value: str, rest: Rest, export: Export, tmp_path: Path) -> None:
    model = rest.model("m", customProperties={name: text(value), "max_tokens": text("512")})
    version = rest.version(model, "1", description=f"See {value}" if is_sensitive_text(value) else "")
    rest.artifact(version, "a", uri="https://b/x?sig=abc")
    result = export()
    assert result.exit_code == ExitCode.ATTENTION
    written = "".join(files(tmp_path / "git").values())
    assert value not in written + result.output + result.stderr
    assert "sig=abc" not in written + result.output + result.stderr
    assert "max_tokens: '512'" in written
    assert f"RegisteredModel 'm' (id 1), customProperties.{name}: Sensitive" in result.stderr
    assert "ModelArtifact 'a' (id 1): Sensitive" in result.stderr
    revealed = export("--include-sensitive", to="-")
    assert revealed.exit_code == ExitCode.DONE
    assert printed(revealed)[0]["spec"]["customProperties"][name] == value


@pytest.mark.parametrize(
    "value",
    [
        {"metadataType": "MetadataIntValue", "int_value": "73311"},
        {"metadataType": "MetadataDoubleValue", "double_value": 73311.5},
    ],
)
def test_a_secret_need_not_be_a_text(value: dict[str, Any], rest: Rest, export: Export) -> None:
    rest.model("m", customProperties={"vault_pwd": value, "max_tokens": value})
    result = export(to="-")
    assert "customProperties.vault_pwd: Sensitive" in result.stderr
    assert list(printed(result)[0]["spec"]["customProperties"]) == ["max_tokens"]
    assert "vault_pwd" in printed(export("--include-sensitive", to="-"))[0]["spec"]["customProperties"]


def test_what_would_clear_something_is_left_out(rest: Rest, export: Export) -> None:
    """Of an entry that our resource created and nobody has changed since, a new resource clears what it does not have.

    Such an entry has a stamp, no status, and here a secret that the manifest leaves out.
    """
    stamp = text("created:us/team/m")
    rest.model("m", customProperties={"model-registrar.dev/owner": stamp, "hf_token": text("hunter2")})
    result = export("--owner-id=us", to="-")
    assert result.exit_code == ExitCode.ATTENTION
    assert printed(result) == []
    assert (
        "RegisteredModel 'm' (id 1): NotExact: customProperties.hf_token would change; its value is not shown\n"
        in result.stderr
    )
    assert export("--owner-id=us", "--include-sensitive", to="-").exit_code == ExitCode.DONE


def test_aliases_are_declared_as_such(rest: Rest, export: Export) -> None:
    rest.model("m", customProperties={"alias.champion": text("1.0"), "alias.b-2": text("2"), "team": text("a")})
    wrong = {"alias.latest": text("1"), "alias.A": text("1"), "alias.two": {"metadataType": "MetadataIntValue"}}
    wrong["alias.two"]["int_value"] = "2"
    rest.model("odd", customProperties={"alias.champion": text("1"), "alias.none": text(""), **wrong})
    rest.model("none", customProperties=wrong)
    rest.model("many", customProperties={f"alias.a{number:02}": text("1") for number in range(18)})
    result = export(to="-")
    manifests = {each["metadata"]["name"]: each for each in printed(result)}
    specs = {name: each.get("spec", {}) for name, each in manifests.items()}
    assert specs["m"] == {"aliases": {"b-2": "2", "champion": "1.0"}, "customProperties": {"team": "a"}}
    assert specs["odd"] == {"aliases": {"champion": "1"}}
    assert "spec" not in manifests["none"]
    assert list(specs["many"]["aliases"]) == [f"a{number:02}" for number in range(16)]
    for part, reason in {
        "(id 2), customProperties.alias.A": "InvalidValue",
        "(id 2), customProperties.alias.latest": "InvalidValue",
        "(id 2), customProperties.alias.two": "InvalidValue",
        "(id 2), aliases.none": "InvalidValue",
        "(id 3), customProperties.alias.A": "InvalidValue",
        "(id 3), customProperties.alias.latest": "InvalidValue",
        "(id 3), customProperties.alias.two": "InvalidValue",
        "(id 4), customProperties.alias.a17": "TooMany",
    }.items():
        assert f"{part}: {reason}" in result.stderr
    assert result.exit_code == ExitCode.DONE


def test_an_alias_that_moved_is_listed(rest: Rest, export: Export) -> None:
    rest.model("m", customProperties={"alias.champion": text("1")})
    export()
    rest.change("registered_models/1", customProperties={"alias.champion": text("2"), "alias.other": text("1")})
    result = export("--check")
    assert result.exit_code == ExitCode.CHANGES
    assert "aliases.champion '2' would become '1'" in result.stderr
    assert "aliases.other is not declared" in result.stderr


def test_a_digest_is_declared_as_such(rest: Rest, export: Export, tmp_path: Path) -> None:
    zeros, ones = (f"sha256:{digit * 64}" for digit in "01")
    properties = {"digest": text(zeros), "team": text("a")}
    version_id = rest.version(rest.model("m", customProperties={"digest": text(zeros)}), "1")
    rest.artifact(version_id, "right", uri="s3://a", customProperties=properties)
    rest.artifact(version_id, "odd", uri="s3://a", customProperties={"digest": text("2c26")})
    rest.artifact(version_id, "image", uri=f"oci://r/i@{ones}", customProperties={"digest": text(zeros)})
    result = export(to="-")
    model, version = (each["spec"] for each in printed(result))
    # Only an artifact has something to digest.
    assert model == {"customProperties": {"digest": zeros}}
    right = {"name": "right", "customProperties": {"team": "a"}, "uri": "s3://a", "digest": zeros}
    assert version["artifacts"][0] == right
    assert list(version["artifacts"][0]) == list(right)
    # What cannot be one stays in the registry: as a property, it is refused.
    assert [sorted(item) for item in version["artifacts"][1:]] == [["name", "uri"]] * 2
    for name, why in (
        ("odd", "it is not sha256: and 64 hexadecimal digits"),
        ("image", "it differs from the one in uri"),
    ):
        assert f"ModelArtifact {name!r}" in result.stderr
        assert f"customProperties.digest: InvalidValue: {why}" in result.stderr
    # What says the same differs in nothing; an update adds what is missing.
    export()
    (file,) = (tmp_path / "git").rglob("*1.yaml")
    declared = file.read_text()
    # A property of that name is refused, so an export over it drops it, even where it leaves the digest out.
    file.write_text(declared.replace("name: odd\n", "name: odd\n    customProperties: {digest: 2c26}\n"))
    assert "customProperties.digest is the digest of the artifact" in export("--check").stderr
    export("--overwrite")
    assert file.read_text() == declared
    file.write_text(declared.replace(f"\n    digest: {zeros}", "", 1))
    done = export("--check")
    assert (done.exit_code, "model-artifact right: digest is not declared" in done.stderr) == (ExitCode.CHANGES, True)
    export("--update")
    assert file.read_text() == declared


def test_a_secret_that_git_has_is_compared_and_not_shown(rest: Rest, export: Export, tmp_path: Path) -> None:
    rest.model("m", customProperties={"hf_token": text("hunter2")})
    export("--include-sensitive")
    assert export("--check").exit_code == ExitCode.DONE
    rest.change("registered_models/1", customProperties={"hf_token": text("changed")})
    result = export("--check")
    assert result.exit_code == ExitCode.CHANGES
    assert "customProperties.hf_token would change; its value is not shown" in result.stderr
    assert "hunter2" not in result.output
    assert "changed" not in result.output
    assert files(tmp_path / "git")


@pytest.mark.parametrize("name", ["tokenizer", "max_tokens", "num_tokens", "keyword", "key_metric", "monkey", "passes"])
def test_names_of_the_trade_are_no_secrets(name: str) -> None:
    assert not is_sensitive_name(name)


def test_manifests_that_cannot_be_read_stop_the_export(churn: Rest, export: Export, tmp_path: Path) -> None:
    folder = tmp_path / "git"
    folder.mkdir()
    (folder / "a.yaml").write_text("a: 1\nb: {{ .Values.x }}\n")
    result = export()
    assert result.exit_code == ExitCode.ATTENTION
    assert f"{folder / 'a.yaml'}:2: " in result.stderr
    assert list(files(folder)) == ["a.yaml"]
    assert churn.entries()


def test_a_kustomization_lists_the_files_and_keeps_its_own(
    churn: Rest, export: Export, tmp_path: Path, kubectl_program: Path, read_by_kubectl: ReadByKubectl
) -> None:
    folder = tmp_path / "git"
    churn.version("1", "2026-11-23")
    export("--kustomization")
    assert yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"] == [
        "churn/churn-2026-11-23.yaml",
        "churn/churn-2026-11.yaml",
        "churn/model.yaml",
    ]
    built = subprocess.run([kubectl_program, "kustomize", folder], check=True, capture_output=True, text=True).stdout
    # kustomize makes a time of a date that has no quotes.
    assert sorted(read_by_kubectl(built), key=itemgetter("kind")) == sorted(
        printed(export(to="-")), key=itemgetter("kind")
    )
    churn.model("new")
    (folder / "kustomization.yaml").write_text("namePrefix: a-\nresources: [churn/model.yaml]\n")
    result = export("--kustomization")
    assert "Not in the kustomization; --update adds it: new/model.yaml" in result.stderr
    export("--kustomization", "--overwrite")
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    (folder / "kustomization.yaml").write_text("resources: [churn, ./new/]\n")
    assert "Not in the kustomization" not in export("--kustomization").stderr
    assert kustomization["namePrefix"] == "a-"
    assert len(kustomization["resources"]) == 4


USAGE = {
    "no source": ["export", "DIR"],
    "no folder": ["export"],
    "a check of a stream": ["export", "-", "--check", "--registry-url=http://r"],
    "a folder of owners in a stream": ["export", "-", "--group-by=owner", "--registry-url=http://r"],
    "an update of a stream": ["export", "-", "--update", "--registry-url=http://r"],
    "update and overwrite": ["export", "DIR", "--update", "--overwrite", "--registry-url=http://r"],
    "check and update": ["export", "DIR", "--check", "--update", "--registry-url=http://r"],
    "check and overwrite": ["export", "DIR", "--check", "--overwrite", "--registry-url=http://r"],
    "a property without a value": ["export", "DIR", "--property=a", "--registry-url=http://r"],
    "an unknown reason": ["export", "DIR", "--allow=X", "--registry-url=http://r"],
    "a wrong namespace": ["export", "DIR", "-n", "A_b", "--registry-url=http://r"],
    "a wrong address": ["export", "DIR", "--registry-url=r"],
    "a wrong owner": ["export", "DIR", "--registry-url=http://r", "--owner-id=_"],
    "a missing snapshot": ["export", "DIR", "--snapshot=/nowhere"],
    "a snapshot without a file": ["snapshot", "--registry-url=http://r"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=list(USAGE))
def test_a_wrong_command_line_is_64(arguments: list[str], tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [each.replace("DIR", str(tmp_path / "git")) for each in arguments])
    assert result.exit_code == ExitCode.USAGE, result.output
    assert not (tmp_path / "git").exists()


def test_what_could_not_be_found_out_beats_everything(churn: Rest, export: Export, tmp_path: Path) -> None:
    export()
    with proxy_to(churn.url, on_matching(Reply(403, {}), lambda got: "model_versions?" in got.path)) as proxy:
        result = CliRunner().invoke(main, ["export", str(tmp_path / "git"), "--check", f"--registry-url={proxy.url}"])
    assert result.exit_code == ExitCode.NOT_KNOWN
    cut = tmp_path / "cut.ndjson"
    cut.write_text(json.dumps({"format": FORMAT, "formatVersion": "1.0"}) + "\n")
    result = CliRunner().invoke(main, ["export", str(tmp_path / "git"), f"--snapshot={cut}"])
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "it was cut off" in result.stderr
    page = {"items": [{"id": "1", "name": {}}], "nextPageToken": "", "pageSize": 1, "size": 1}
    with proxy_to(churn.url, on_matching(Reply(200, page), lambda got: "registered_models" in got.path)) as proxy:
        result = CliRunner().invoke(main, ["export", "-", f"--registry-url={proxy.url}"])
    assert result.exit_code == ExitCode.NOT_KNOWN


def test_it_only_reads(churn: Rest, tmp_path: Path) -> None:
    with proxy_to(churn.url) as proxy:
        result = CliRunner().invoke(main, ["export", str(tmp_path / "git"), f"--registry-url={proxy.url}"])
        assert result.exit_code == ExitCode.DONE
        assert {received.method for received in proxy.received} == {"GET"}


def test_a_report_has_everything_for_programs(churn: Rest, export: Export, tmp_path: Path) -> None:
    export()
    churn.change("registered_models/1", owner="payments")
    churn.model("new", customProperties={"struct": STRUCT})
    for number in range(25):
        churn.artifact("2", f"no uri {number}")
    result = export("--check", f"--report={tmp_path / 'report.json'}")
    assert result.exit_code == ExitCode.ATTENTION
    assert "… and 5 more for the reason NoUri" in result.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["summary"] == {"exported": 3, "archived": 1, "leftOut": 26, "unchanged": 1}
    assert (report["formatVersion"], report["complete"], report["notInRegistry"]) == ("1.2", True, [])
    folder = tmp_path / "git"
    assert report["new"] == [{"kind": "RegisteredModel", "name": "new", "file": str(folder / "new" / "model.yaml")}]
    (differing,) = report["differing"]
    assert differing == {
        "kind": "RegisteredModel",
        "name": "churn",
        "file": str(folder / "churn" / "model.yaml"),
        "line": 1,
        "differences": ["owner 'payments' would become 'analytics'"],
    }
    assert len(report["leftOut"]) == 26
    assert {
        "reason": "Struct",
        "kind": "RegisteredModel",
        "name": "new",
        "id": "4",
        "part": "customProperties.struct",
    } in report["leftOut"]


def test_a_file_that_cannot_be_written_is_a_sentence(churn: Rest, export: Export, tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    (tmp_path / "git" / "churn").write_text("a file")
    result = export()
    assert result.exit_code == ExitCode.ATTENTION
    assert "cannot be written: " in result.stderr
    assert files(tmp_path / "git") == {"churn": "a file"}
    assert churn.entries()


def test_the_token_is_that_of_the_operator(churn: Rest, tmp_path: Path) -> None:
    def script(received: Received) -> Reply | None:
        return None if received.headers.get("authorization") == "Bearer right" else Reply(401, {"message": "no"})

    (tmp_path / "token").write_text("right\n")
    with proxy_to(churn.url, script) as proxy:
        environment = {"REGISTRAR_REGISTRY_URL": proxy.url, "REGISTRAR_REGISTRY_TOKEN_FILE": str(tmp_path / "token")}
        accepted = CliRunner().invoke(main, ["export", "-"], env=environment)
        assert (accepted.exit_code, len(printed(accepted))) == (ExitCode.DONE, 2)
        refused = CliRunner().invoke(main, ["export", "-", "--registry-token=wrong", f"--registry-url={proxy.url}"])
    assert refused.exit_code == ExitCode.NOT_KNOWN
    assert "wrong" not in refused.output


def test_a_selection_writes_the_same_manifests_as_everything(many: Rest, export: Export, tmp_path: Path) -> None:
    many.version("1", "1 ")
    many.model("Fraud")
    export(to=tmp_path / "all")
    export("--model=fraud", to=tmp_path / "one")
    export("--model=Fraud", to=tmp_path / "other")
    everything = files(tmp_path / "all")
    for folder in ("one", "other"):
        selected = files(tmp_path / folder)
        assert selected
        assert selected.items() <= everything.items()


def test_a_reader_that_goes_away_is_no_traceback(churn: Rest) -> None:
    command = [sys.executable, "-m", "registrar", "export", "-", f"--registry-url={churn.url}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
        assert process.wait() == ExitCode.BROKEN_PIPE


def test_a_pattern_that_no_model_matches_is_most_likely_misspelt(churn: Rest, export: Export, tmp_path: Path) -> None:
    assert churn.entries()
    result = export("--model=zz*")
    assert result.exit_code == ExitCode.ATTENTION
    assert "The registry has no model 'zz*'." in result.stderr
    assert not (tmp_path / "git").exists()


@pytest.mark.usefixtures("churn")
def test_manifests_name_their_registry_and_those_of_another_one_are_passed_over(export: Export, tmp_path: Path) -> None:
    folder = tmp_path / "git"
    assert export("--registry-ref=dev", "--namespace=dev").exit_code == ExitCode.DONE
    assert export("--registry-ref=prod", "--namespace=prod", "--layout=flat").exit_code == ExitCode.DONE
    documents = [
        (path, content) for path in files(folder) for content in yaml.safe_load_all((folder / path).read_text())
    ]
    named = [
        (content["metadata"]["namespace"], content["spec"]["registryRef"]["name"])
        for _, content in documents
        if content["kind"] == "RegisteredModel"
    ]
    assert sorted(named) == [("dev", "dev"), ("prod", "prod")]
    # What has a parent resource belongs to the registry of that.
    assert all("registryRef" not in content["spec"] for _, content in documents if content["kind"] == "ModelVersion")
    model = next(path for path, content in documents if "name: dev\n" in (folder / path).read_text())
    (folder / model).write_text((folder / model).read_text().replace("Predicts churn.", "Outdated."))
    before = files(folder)
    for more in ((), ("--namespace=prod",)):
        assert export("--registry-ref=prod", "--overwrite", *more).exit_code == ExitCode.DONE
    assert files(folder) == before
    # A rewritten manifest keeps it, whether the command names it or not.
    assert export("--namespace=dev", "--overwrite").exit_code == ExitCode.DONE
    text = (folder / model).read_text()
    assert "Predicts churn." in text
    assert "registryRef:\n    kind: ClusterRegistry\n    name: dev\n" in text


@pytest.mark.usefixtures("churn")
def test_a_version_without_its_model_names_its_registry(export: Export) -> None:
    (version,) = printed(export("--registry-ref=prod", "--external-parents", "--version=2026-11", to="-"))
    assert version["spec"]["registryRef"] == {"kind": "ClusterRegistry", "name": "prod"}
