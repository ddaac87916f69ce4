"""`registrar validate` and the API server agree: what the one refuses, the other does too."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.documents.load import Document, load
from registrar.cli.exits import ExitCode
from registrar.cli.validate.problems import Rule
from tests.crds.cards import CARDS
from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, registered_model
from tests.crds.test_cluster_registry import REFUSED as REFUSED_CONNECTIONS
from tests.crds.test_invented_fields import BY_ID, BY_NAME
from tests.crds.test_refusals import REFUSED
from tests.crds.test_uploads import UPLOADS

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_FIELD = re.compile(r'(?:unknown field ")?(spec[.\w\[\]]*)')


def problems(path: Path, text: str) -> list[dict[str, Any]]:
    """Write a manifest behind another document, and return what `registrar validate` says of it but for its parent."""
    path.write_text(f"kind: ConfigMap\n---\n{text}", encoding="utf-8")
    result = CliRunner().invoke(main, ["validate", str(path), "--output=json"])
    found = [one for one in json.loads(result.stdout)["problems"] if one["rule"] != Rule.MISSING_PARENT]
    assert result.exit_code == (ExitCode.ATTENTION if any(one["severity"] == "error" for one in found) else 0)
    return found


def line_of_what_the_server_names(document: Document, message: str) -> int | None:
    field = _FIELD.match(message.removeprefix("strict decoding error: "))
    if field is None:
        return None
    words = re.findall(r"\w+", field[1])
    return document.line_of([int(word) if word.isdigit() else word for word in words])


@pytest.mark.parametrize(("manifest", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_api_server_refuses_is_refused_at_the_line_of_its_field(
    tmp_path: Path, manifest: Manifest, message: str
) -> None:
    """`test_refusals.py` has the API server refuse each of these."""
    found = problems(tmp_path / "a.yaml", yaml.safe_dump(manifest, sort_keys=False))
    assert "error" in {one["severity"] for one in found}
    _, document = load((tmp_path / "a.yaml").read_text())
    line = line_of_what_the_server_names(document, message)
    assert (line or document.line) in {one["line"] for one in found} or (line is None and found)


@pytest.mark.parametrize(
    "manifest", [manifest for manifest, _ in REFUSED_CONNECTIONS.values()], ids=REFUSED_CONNECTIONS
)
def test_a_connection_that_the_api_server_refuses_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    """`test_cluster_registry.py` has the API server refuse each of these."""
    assert "error" in {one["severity"] for one in problems(tmp_path / "a.yaml", json.dumps(manifest))}


@pytest.mark.parametrize("text", [BY_ID, BY_NAME], ids=["by ID", "by name"])
def test_fields_that_guides_have_invented_are_refused(tmp_path: Path, text: str) -> None:
    unknown = {one["line"] for one in problems(tmp_path / "a.yaml", text) if one["rule"] == Rule.UNKNOWN_FIELD}
    lines = text.splitlines()
    invented = [name for name in yaml.safe_load(text)["spec"] if name not in {"name", "state"}]
    assert unknown == {
        number + 3 for name in invented for number, line in enumerate(lines) if line.startswith(f"  {name}:")
    }


@pytest.mark.parametrize("manifest", [*CARDS.values(), *UPLOADS.values()], ids=[*CARDS, *UPLOADS])
def test_what_the_api_server_keeps_passes(tmp_path: Path, manifest: Manifest) -> None:
    assert problems(tmp_path / "a.yaml", json.dumps(manifest)) == []


METADATA: Mapping[str, dict[str, Any]] = {
    "an empty name": {"name": ""},
    "upper case": {"name": "Churn"},
    "a long name": {"name": "n" * 254},
    "a number": {"name": 2026},
    "a label with a space": {"labels": {"team": "a b"}},
    "a label that is long": {"labels": {"team": "a" * 64}},
    "a label that is a number": {"labels": {"version": 1.5}},
    "a label that ends with a dot": {"labels": {"team": "a."}},
    "a key with two slashes": {"labels": {"a/b/c": "d"}},
    "a key with a long name": {"annotations": {"a" * 64: "d"}},
    "a key with a prefix that is no domain": {"annotations": {"A_b/c": "d"}},
    "an annotation that is a number": {"annotations": {"rank": 1}},
    "an unknown field": {"lbels": {"a": "b"}},
}


@pytest.mark.parametrize("metadata", METADATA.values(), ids=list(METADATA))
def test_metadata_that_are_refused_are_refused_by_the_api_server_too(
    tmp_path: Path, refusal: Callable[[Manifest], str], metadata: dict[str, Any]
) -> None:
    manifest = {**registered_model(), "metadata": {"name": "a", **metadata}}
    assert refusal(manifest)
    assert [one["severity"] for one in problems(tmp_path / "a.yaml", json.dumps(manifest))] == ["error"]


def test_a_status_is_passed_over_by_both(tmp_path: Path, kubectl: Kubectl) -> None:
    manifest = {**registered_model(), "status": {"id": 7, "state": ["LIVE"]}}
    assert problems(tmp_path / "a.yaml", json.dumps(manifest)) == []
    kubectl("create", "--dry-run=server", "--filename=-", manifest=manifest)


def test_the_longest_names_labels_and_keys_are_accepted_by_both(tmp_path: Path, kubectl: Kubectl) -> None:
    key = f"{'a' * 63}.example.com/{'K' * 63}"
    metadata = {"name": f"{'n' * 200}.{'n' * 52}", "labels": {key: "V" * 63, "a_b": ""}, "annotations": {key: "ü"}}
    manifest = {**registered_model(), "metadata": metadata}
    assert problems(tmp_path / "a.yaml", json.dumps(manifest)) == []
    kubectl("create", "--dry-run=server", "--filename=-", manifest=manifest)


@pytest.mark.parametrize("filler", ["r", "<&>", 'ü\u2028\n\t"\\'], ids=["letters", "marks of HTML", "marks of JSON"])
def test_the_largest_manifest_that_kubectl_applies_passes_and_one_byte_more_is_warned_of(
    tmp_path: Path, kubectl: Kubectl, namespace: str, filler: str
) -> None:
    def manifest(size: int) -> Manifest:
        text = filler * (size // (len(filler) * 6))
        spec = {"description": text, "readme": "r" * (size - len(text))}
        annotated = registered_model("large", **spec)
        annotated["metadata"] |= {"annotations": {"note": "ü"}, "namespace": namespace}
        return annotated

    def is_warned(size: int) -> bool:
        rules = [one["rule"] for one in problems(tmp_path / "a.yaml", json.dumps(manifest(size)))]
        assert rules in ([], [Rule.TOO_LARGE_TO_APPLY])
        return bool(rules)

    low, high = 60_000, 300_000
    assert (is_warned(low), is_warned(high)) == (False, True)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_warned(middle) else (middle, high)
    refused = kubectl("apply", "--filename=-", manifest=manifest(high), check=False)
    assert (refused.returncode, "metadata.annotations: Too long" in refused.stderr) == (1, True)
    applied = json.loads(kubectl("apply", "--filename=-", "--output=json", manifest=manifest(low)).stdout)
    annotations = applied["metadata"]["annotations"]
    assert 262_000 < sum(len(f"{name}{value}".encode()) for name, value in annotations.items()) <= 262_144
    assert LAST_APPLIED in annotations
