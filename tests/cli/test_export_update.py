"""`registrar export --update`: the values that differ, and not one byte more."""

import difflib
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar.cli.exits import ExitCode
from tests.cli.export import Export
from tests.support.rest import Rest, text

MODEL = """\
# Owned by analytics; ask them first.
apiVersion: model-registrar.dev/v1alpha1
kind: RegisteredModel
metadata:
    name:   churn   # as the registry
    labels: { team: a,
      tier: gold }
spec:
    # About the owner
    owner:  "analytics"   # since 2025
    deletionPolicy: Orphan

    # About the words
    description: |
        # A heading, no comment

        Predicts churn.
    # Behind the words
    state: LIVE
    customProperties:
        # Measured
        auc:    0.9
        # Counted
        epochs: 20     # a double in the registry
        stage: 'dev'
# The end.
"""
VERSION = """\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata: {name: churn-1}
spec:
  name: "1"
  registeredModelRef: {name: churn}
  artifacts:
    # The first
    - name: onnx   # exported
      uri: s3://b/onnx
    # The second
    - name: torch
      uri: s3://b/torch
"""
INT = {"metadataType": "MetadataIntValue", "int_value": "1"}
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x} # not ours\n"


@pytest.fixture
def seeded(rest: Rest, tmp_path: Path) -> Rest:
    """A registry, and a folder in which people wrote by hand what it holds."""
    properties = {
        "auc": {"metadataType": "MetadataDoubleValue", "double_value": 0.9},
        "epochs": {"metadataType": "MetadataDoubleValue", "double_value": 20.0},
        "stage": text("dev"),
    }
    model = rest.model(
        "churn",
        owner="analytics",
        description="# A heading, no comment\n\nPredicts churn.\n",
        customProperties=properties,
    )
    version = rest.version(model, "1")
    rest.artifact(version, "onnx", uri="s3://b/onnx")
    rest.artifact(version, "torch", uri="s3://b/torch")
    folder = tmp_path / "git"
    folder.mkdir()
    (folder / "all.yaml").write_text(f"{OTHER}---\n{MODEL}---\n# also kept\n{VERSION}---\n{OTHER}")
    return rest


def changed_lines(before: str, after: str) -> list[str]:
    found = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in found if line[0] in "+-"]


CHANGES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "a value keeps its quotes and its comment": (
        "registered_models/1",
        {"owner": "payments"},
        ['-     owner:  "analytics"   # since 2025', '+     owner: "payments"     # since 2025'],
    ),
    "a text of several lines": (
        "registered_models/1",
        {"description": "# A heading, no comment\n\nPredicts churn: yes.\n"},
        ["-         Predicts churn.", "+         Predicts churn: yes."],
    ),
    "a new field goes where it belongs": (
        "registered_models/1",
        {"provider": "1e3"},
        ["+     provider: '1e3'"],
    ),
    "a field without a value goes, and comments stay": (
        "registered_models/1",
        {"owner": ""},
        ['-     owner:  "analytics"   # since 2025'],
    ),
    "properties": (
        "registered_models/1",
        {
            "customProperties": {
                "auc": {"metadataType": "MetadataDoubleValue", "double_value": 1.0},
                "epochs": {"metadataType": "MetadataDoubleValue", "double_value": 20.0},
                "note": text("y"),
            }
        },
        [
            "-         auc:    0.9",
            "+         auc: {double: 1}",
            "-         stage: 'dev'",
            "+         note: 'y'",
        ],
    ),
    "a state": ("registered_models/1", {"state": "ARCHIVED"}, ["-     state: LIVE", "+     state: ARCHIVED"]),
    "an artifact in a list": (
        "artifacts/2",
        {"artifactType": "model-artifact", "uri": "s3://b/torch2"},
        ["-       uri: s3://b/torch", "+       uri: s3://b/torch2"],
    ),
}


@pytest.mark.parametrize(("path", "fields", "expected"), CHANGES.values(), ids=list(CHANGES))
def test_only_what_differs_is_changed(
    path: str, fields: dict[str, Any], expected: list[str], seeded: Rest, export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "git" / "all.yaml"
    before = file.read_text()
    assert export("--check").exit_code == ExitCode.DONE
    seeded.change(path, **fields)
    assert export("--check").exit_code == ExitCode.CHANGES
    result = export("--update")
    assert result.exit_code == ExitCode.DONE, result.stderr
    assert "1 rewritten, 0 differ, 1 unchanged." in result.stderr
    assert sorted(changed_lines(before, file.read_text())) == sorted(expected)
    assert export("--check").exit_code == ExitCode.DONE
    assert list(file.parent.iterdir()) == [file]


def test_a_property_of_an_artifact_gets_its_type_though_python_takes_the_values_for_the_same(
    seeded: Rest, export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "git" / "all.yaml"
    seeded.artifact("2", "ranked", uri="s3://b/r", customProperties={"rank": INT})
    assert export("--update").exit_code == ExitCode.DONE
    before = file.read_text()
    boolean = {"metadataType": "MetadataBoolValue", "bool_value": True}
    seeded.change("artifacts/3", artifactType="model-artifact", customProperties={"rank": boolean})
    assert export("--update").exit_code == ExitCode.DONE
    assert changed_lines(before, file.read_text()) == ["-         rank: 1", "+         rank: true"]


def test_lists_grow_behind_their_last_item(seeded: Rest, export: Export, tmp_path: Path) -> None:
    file = tmp_path / "git" / "all.yaml"
    before = file.read_text()
    seeded.artifact("2", "new", uri="s3://b/new")
    seeded.artifact("2", "card", uri="s3://b/card", artifactType="doc-artifact")
    assert export("--update").exit_code == ExitCode.DONE
    assert changed_lines(before, file.read_text()) == [
        "+   docArtifacts:",
        "+     - name: card",
        "+       uri: s3://b/card",
        "+     - name: new",
        "+       uri: s3://b/new",
    ]
    assert export("--check").exit_code == ExitCode.DONE


def test_windows_line_ends_stay(seeded: Rest, export: Export, tmp_path: Path) -> None:
    file = tmp_path / "git" / "all.yaml"
    file.write_bytes(MODEL.replace("\n", "\r\n").encode())
    seeded.change("registered_models/1", owner="payments")
    export("--update")
    after = file.read_bytes().decode()
    assert after == MODEL.replace('owner:  "analytics"   ', 'owner: "payments"     ').replace("\n", "\r\n")


IMPOSSIBLE = {
    "a key that is a number to an editor": MODEL.replace("epochs: 20 ", "12: x\n        epochs: 20 "),
    "a key that another map brings along": MODEL.replace("auc:    0.9", "<<: {auc: 0.9, gone: x}"),
    "a value that the API server refuses": MODEL.replace("state: LIVE", "state: RETIRED"),
}


@pytest.mark.parametrize("by_hand", IMPOSSIBLE.values(), ids=list(IMPOSSIBLE))
def test_what_cannot_be_changed_exactly_is_listed_and_left(
    by_hand: str, seeded: Rest, export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "git" / "all.yaml"
    before = f"{by_hand}---\n{VERSION}"
    file.write_text(before)
    seeded.change("artifacts/1", artifactType="model-artifact", uri="s3://b/moved")
    result = export("--update")
    assert result.exit_code == ExitCode.ATTENTION
    assert f"Differs: {file}:2: RegisteredModel churn: " in result.stderr
    assert "1 rewritten, 1 differ, 0 unchanged" in result.stderr
    assert file.read_text() == before.replace("s3://b/onnx", "s3://b/moved")


def test_a_secret_that_the_export_leaves_out_is_never_cleared(rest: Rest, export: Export, tmp_path: Path) -> None:
    """Without its line, the operator would clear it in the registry."""
    rest.model("m", owner="a", customProperties={"hf_token": text("hunter2"), "team": text("a")})
    export("--include-sensitive")
    rest.change("registered_models/1", owner="b", customProperties={"hf_token": text("changed"), "team": text("b")})
    file = tmp_path / "git" / "m" / "model.yaml"
    before = file.read_text()
    updated = export("--update")
    assert updated.exit_code == ExitCode.ATTENTION
    assert "customProperties.hf_token would change; its value is not shown" in updated.stderr
    assert file.read_text() == before
    export("--overwrite")
    spec = yaml.safe_load(file.read_text())["spec"]
    assert spec == {"customProperties": {"hf_token": "hunter2", "team": "b"}, "owner": "b"}
    rest.change("registered_models/1", owner="c", customProperties={"hf_token": text("hunter2"), "team": text("c")})
    assert "1 rewritten" in export("--update").stderr
    spec = yaml.safe_load(file.read_text())["spec"]
    assert spec == {"customProperties": {"hf_token": "hunter2", "team": "c"}, "owner": "c"}


REPEATED = {
    "a resource of another name": (
        MODEL.replace("name:   churn", "name:   other").replace("spec:\n", "spec:\n    name: churn\n")
    ),
    "another file of the same resource": MODEL,
    "an artifact that the version declares": (
        "apiVersion: model-registrar.dev/v1alpha1\nkind: ModelArtifact\nmetadata: {name: z}\n"
        "spec: {name: onnx, uri: 's3://b/onnx', modelVersionRef: {name: churn-1}}\n"
    ),
}


@pytest.mark.parametrize("text", REPEATED.values(), ids=list(REPEATED))
@pytest.mark.usefixtures("seeded")
def test_an_entry_that_two_manifests_declare_is_no_equal_one(text: str, export: Export, tmp_path: Path) -> None:
    file = tmp_path / "git" / "z.yaml"
    file.write_text(text)
    result = export("--check")
    assert result.exit_code == ExitCode.CHANGES
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Repeated: "))
    assert line.startswith(f"Repeated: {file}:")
    assert f" declares an entry of {tmp_path / 'git' / 'all.yaml'}:" in line
    assert export("--update").exit_code == ExitCode.ATTENTION
    assert file.read_text() == text


@pytest.mark.usefixtures("seeded")
def test_a_field_that_the_kind_does_not_have_is_a_difference(export: Export, tmp_path: Path) -> None:
    file = tmp_path / "git" / "all.yaml"
    file.write_text(before := file.read_text().replace("    state: LIVE", "    state: LIVE\n    ownr: b"))
    checked = export("--check")
    assert checked.exit_code == ExitCode.CHANGES
    assert "RegisteredModel churn: spec.ownr: unknown field; did you mean owner?" in checked.stderr
    assert export("--update").exit_code == ExitCode.ATTENTION
    assert file.read_text() == before


def test_a_kustomization_keeps_its_comments(seeded: Rest, export: Export, tmp_path: Path) -> None:
    file = tmp_path / "git" / "kustomization.yaml"
    file.write_text("# ours\nnamePrefix: a-\nresources:\n  # by hand\n  - all.yaml\n")
    seeded.model("new")
    assert "--update adds it: new/model.yaml" in export("--kustomization").stderr
    export("--kustomization", "--update")
    assert file.read_text() == "# ours\nnamePrefix: a-\nresources:\n  # by hand\n  - all.yaml\n  - new/model.yaml\n"
