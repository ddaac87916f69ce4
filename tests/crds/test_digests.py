"""The digest of an artifact can be added and removed, and be replaced only while the operator refuses it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, model_artifact, model_version

MESSAGE = "digest cannot change, because other content is another version; set it back"
NOW = "2026-11-23T12:00:00Z"
ZEROS, ONES = (f"sha256:{digit * 64}" for digit in "01")

Create = Callable[[Manifest], dict[str, Any]]


def _patch(kubectl: Kubectl, kind: str, spec: dict[str, Any]) -> tuple[int, str]:
    patch = json.dumps({"spec": spec})
    answer = kubectl("patch", kind, "this", "--type=merge", f"--patch={patch}", check=False)
    return answer.returncode, answer.stderr


def _refuses(said: str, path: str) -> bool:
    """Older API servers also name the type of the value."""
    return re.search(rf'{re.escape(path)}: Invalid value: ("object": )?{re.escape(MESSAGE)}', said) is not None


def test_digest_of_a_resource(kubectl: Kubectl, create: Create) -> None:
    create(model_artifact("this"))
    assert _patch(kubectl, "martifact", {"digest": ZEROS}) == (0, "")

    code, message = _patch(kubectl, "martifact", {"digest": ONES})
    assert (code, _refuses(message, "spec.digest")) == (1, True), message
    # The content may move, but for an address that says what it is.
    assert _patch(kubectl, "martifact", {"uri": "s3://elsewhere", "description": "moved"}) == (0, "")
    assert _patch(kubectl, "martifact", {"uri": f"oci://registry/image@{ZEROS}"}) == (0, "")
    assert _patch(kubectl, "martifact", {"uri": f"oci://registry/image@{ONES}"})[0] == 1
    # A commit that only adds a digest can be reverted.
    assert _patch(kubectl, "martifact", {"digest": None}) == (0, "")


@pytest.mark.parametrize("field", ["artifacts", "docArtifacts"])
def test_digest_of_an_inline_artifact_wherever_the_list_has_it(kubectl: Kubectl, create: Create, field: str) -> None:
    this, other = {"name": "this", "uri": "s3://a"}, {"name": "other", "uri": "s3://o", "digest": ONES}
    create(model_version("this", **{field: [{**this, "digest": ZEROS}]}))
    assert _patch(kubectl, "mversion", {field: [other, {**this, "digest": ZEROS}]}) == (0, "")

    code, message = _patch(kubectl, "mversion", {field: [{**this, "digest": ONES}, other]})
    assert (code, _refuses(message, f"spec.{field}")) == (1, True), message
    assert _patch(kubectl, "mversion", {field: [other, this]}) == (0, "")


@pytest.mark.parametrize(("reason", "code"), [("DigestChanged", 0), ("NameConflict", 1)])
@pytest.mark.parametrize("field", ["digest", "artifacts", "docArtifacts"])
def test_digest_that_the_operator_refuses_can_be_corrected(
    kubectl: Kubectl, create: Create, field: str, reason: str, code: int
) -> None:
    def spec(digest: str) -> dict[str, Any]:
        return {"digest": digest} if field == "digest" else {field: [{"name": "a", "uri": "s3://a", "digest": digest}]}

    build, kind = (model_artifact, "martifact") if field == "digest" else (model_version, "mversion")
    create(build("this", **spec(ZEROS)))
    ready = {"type": "Ready", "status": "False", "reason": reason, "message": "", "lastTransitionTime": NOW}
    status = json.dumps({"status": {"conditions": [ready]}})
    kubectl("patch", kind, "this", "--type=merge", "--subresource=status", f"--patch={status}")
    assert _patch(kubectl, kind, spec(ONES))[0] == code
