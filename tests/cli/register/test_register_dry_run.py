"""`registrar register --dry-run`: the manifest for a pull request, as kubectl reads it."""

from __future__ import annotations

import json

from click.testing import CliRunner

from registrar.api.meta import API_VERSION
from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.conftest import ReadByKubectl

DIGEST, OTHER_DIGEST = f"sha256:{'2c26' * 16}", f"sha256:{'9f86' * 16}"
ARGUMENTS = (
    "--model=churn",
    "--version=2026-11-23",
    "--artifact=model=s3://models/model.json",
    "--format=xgboost:2",
    "--doc-artifact=report=s3://models/report.html",
    f"--digest={DIGEST}",
    f"--digest=report={OTHER_DIGEST}",
    "--property=commit={string: 1234567}",
    "--property=auc=1.0",
    "--source=kfp/pipelinerun/team//nightly/run",
    "--deletion-policy=Orphan",
    "--registry-ref=production",
)


def test_kubectl_reads_the_manifest_as_it_is_declared(read_by_kubectl: ReadByKubectl) -> None:
    printed = CliRunner().invoke(main, ["register", "--dry-run", "-o", "yaml", *ARGUMENTS])
    assert (printed.exit_code, printed.stderr) == (ExitCode.DONE, "")
    (found,) = read_by_kubectl(printed.stdout)
    assert found == {
        "apiVersion": API_VERSION,
        "kind": "ModelVersion",
        "metadata": {"name": "churn-2026-11-23"},
        "spec": {
            "name": "2026-11-23",
            "customProperties": {"commit": {"string": "1234567"}, "auc": {"double": 1}},
            "deletionPolicy": "Orphan",
            "registryRef": {"kind": "ClusterRegistry", "name": "production"},
            "registeredModelRef": {"name": "churn"},
            "docArtifacts": [{"name": "report", "uri": "s3://models/report.html", "digest": OTHER_DIGEST}],
            "artifacts": [
                {
                    "name": "model",
                    "uri": "s3://models/model.json",
                    "digest": DIGEST,
                    "modelFormatName": "xgboost",
                    "modelFormatVersion": "2",
                    "modelSourceKind": "kfp",
                    "modelSourceClass": "pipelinerun",
                    "modelSourceGroup": "team",
                    "modelSourceName": "nightly/run",
                }
            ],
        },
    }
    in_namespace = CliRunner().invoke(main, ["register", "--dry-run", "-o", "json", "-n", "team", *ARGUMENTS])
    assert json.loads(in_namespace.stdout) == {**found, "metadata": {"name": "churn-2026-11-23", "namespace": "team"}}
