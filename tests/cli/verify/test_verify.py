"""`registrar verify`: which artifacts it looks at, what it prints and returns, and what it cannot determine."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from registrar.api.v1alpha1.digests import pinned_digest
from registrar.cli import main
from registrar.cli.exits import ExitCode
from registrar.cli.verify.verdict import NOT_DETERMINED
from tests.cli.verify.conftest import CONTENT, OTHER, RIGHT, Verify, artifact, manifest
from tests.support.loopback import Received, Reply, serving

ARTIFACT = f"""\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelArtifact
metadata:
  name: churn-1-onnx
  namespace: team
spec:
  modelVersionRef:
    name: churn-1
  uri: s3://models/churn/model.onnx
  digest: {RIGHT}
"""


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("s3://models/churn", "content at s3:// is not read"),
        ("gs://models/churn", "content at gs:// is not read"),
        ("pvc://claim/model", "content at pvc:// is not read"),
        ("https://example.com/models/", "the address is a folder"),
        ("/mnt/models/churn", "the address has no scheme"),
        ("oci://registry.invalid/a:1", "cannot be asked"),
        ("https://[::1/model.onnx", "malformed"),
        ("https://127.0.0.1:port/model.onnx", "cannot be asked"),
        ("https:///model.onnx", "cannot be asked"),
    ],
)
def test_what_cannot_be_determined_is_said(verify: Verify, uri: str, message: str) -> None:
    done = verify(artifact(uri, RIGHT))
    assert (done.exit_code, "unknown: " in done.stderr, message in done.stderr) == (NOT_DETERMINED, True, True)
    # Without a digest there is nothing to compare, and nobody is asked.
    done = verify(artifact(uri))
    assert (done.exit_code, done.stderr) == (ExitCode.DONE, "")
    assert done.stdout == "1 artifact: 0 right, 0 wrong, 0 missing, 0 unknown, 1 without a digest.\n"
    done = verify(artifact(uri), options=("--require-digest",))
    assert (done.exit_code, "it declares no digest" in done.stderr) == (ExitCode.ATTENTION, True)


def test_an_upload_has_nothing_to_compare_yet(verify: Verify) -> None:
    upload = artifact(None, state="PENDING")
    assert verify(upload).exit_code == ExitCode.DONE
    assert verify({**upload, "digest": RIGHT}).exit_code == NOT_DETERMINED
    assert verify(upload, options=("--require-digest",)).exit_code == ExitCode.ATTENTION


def test_what_is_wrong_counts_more_than_what_cannot_be_determined(verify: Verify) -> None:
    with serving(lambda _: Reply(200, CONTENT)) as server:
        unknown, wrong = artifact("s3://b/m", RIGHT), artifact(f"{server.url}/m", OTHER)
        assert verify(unknown, wrong).exit_code == ExitCode.ATTENTION
        assert verify(unknown, artifact(f"{server.url}/m", RIGHT)).exit_code == NOT_DETERMINED


def test_each_output_says_the_same(verify: Verify) -> None:
    def script(received: Received) -> Reply:
        return Reply(200, CONTENT) if received.route == "/right" else Reply(404)

    with serving(script) as server:
        documents = [artifact(f"{server.url}/gone", RIGHT, name="card")]
        artifacts = artifact(f"{server.url}/right", RIGHT), artifact("s3://b/m", RIGHT), artifact("s3://b/m")
        done = verify(*artifacts, docArtifacts=documents, options=("-o", "json"))
        by_github = verify(*artifacts, docArtifacts=documents, options=("-o", "github"))
    found = json.loads(done.stdout)
    assert found["summary"] == {"artifacts": 4, "right": 1, "wrong": 0, "missing": 1, "unknown": 1, "unpinned": 1}
    assert [(each["artifact"], each["verdict"]) for each in found["artifacts"]] == [
        ("card", "missing"),
        ("model-0", "right"),
        ("model-1", "unknown"),
        ("model-2", "unpinned"),
    ]
    right = found["artifacts"][1]
    lines = Path("version.yaml").read_text().splitlines()
    assert lines[right["line"] - 1].strip() == f"digest: {RIGHT}"
    assert right == {
        "verdict": "right",
        "resource": {"kind": "ModelVersion", "namespace": None, "name": "churn-1"},
        "artifact": "model-0",
        "file": "version.yaml",
        "line": right["line"],
        "uri": f"{server.url}/right",
        "declared": RIGHT,
        "found": RIGHT,
        "message": None,
    }
    missing, unknown, summary = by_github.stdout.splitlines()
    assert missing.startswith("::error file=version.yaml,line=")
    assert "title=registrar%3A missing" in missing
    assert unknown.startswith("::warning file=version.yaml,line=")
    assert summary == "4 artifacts: 1 right, 0 wrong, 1 missing, 1 unknown, 1 without a digest."


def test_files_folders_and_stdin_are_read(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "artifact.yaml").write_text(ARTIFACT)
    (tmp_path / "version.yaml").write_text(manifest(artifact("s3://b/m"), artifact(f"oci://r.invalid/a@{RIGHT}")))
    (tmp_path / "other.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
    done = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert done.stdout == "3 artifacts: 0 right, 0 wrong, 0 missing, 2 unknown, 1 without a digest.\n"
    done = CliRunner().invoke(main, ["verify", "-", "-o", "json"], input=ARTIFACT)
    (found,) = json.loads(done.stdout)["artifacts"]
    assert (found["artifact"], found["resource"]["namespace"]) == ("churn-1-onnx", "team")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (ARTIFACT.replace(RIGHT, "sha256:0"), ExitCode.ATTENTION),
        (ARTIFACT.replace("digest", "digset"), ExitCode.ATTENTION),
        ("a: [", ExitCode.ATTENTION),
        (manifest(artifact(f"oci://r.invalid/a@{OTHER}", RIGHT)), ExitCode.ATTENTION),
        (manifest(artifact("s3://b/m", RIGHT, customProperties={"digest": RIGHT})), ExitCode.ATTENTION),
    ],
)
def test_an_invalid_manifest_is_wrong(tmp_path: Path, text: str, code: ExitCode) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(text)
    done = CliRunner().invoke(main, ["verify", str(file)])
    assert (done.exit_code, str(file) in done.stderr) == (code, True)
    assert done.stdout.startswith("0 artifacts")


def test_a_file_that_is_not_there_cannot_be_checked(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["verify", str(tmp_path / "gone.yaml")])
    assert (done.exit_code, "cannot be read" in done.stderr) == (NOT_DETERMINED, True)
    assert CliRunner().invoke(main, ["verify"]).exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("uri", "digest"),
    [
        (f"oci://r/a@{RIGHT}", RIGHT),
        (f"OCI://r/a:1@{RIGHT}", RIGHT),
        ("oci://r/a:1", None),
        (f"s3://r/a@{RIGHT}", None),
        ("oci://r/a@sha512:00", None),
    ],
)
def test_an_address_can_contain_the_digest(uri: str, digest: str | None) -> None:
    assert pinned_digest(uri) == digest
