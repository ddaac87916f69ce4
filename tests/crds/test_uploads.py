"""An artifact may lack its URI while it is PENDING, and keeps one that it has declared."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from registrar.kinds.table import RESOURCES
from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, model_artifact, model_version, without

KEPT = "uri cannot be removed once it is declared; set it back, or remove the whole artifact"
INLINE = {"name": "weights", "state": "PENDING", "storageKey": "aws", "storagePath": "churn/1"}
UPLOADS = {
    "resource": without(model_artifact("this", **{**INLINE, "name": "churn-1"}), "spec", "uri"),
    "inline artifact": model_version("this", artifacts=[INLINE]),
    "document": model_version("this", docArtifacts=[{"name": "card", "state": "PENDING"}]),
}

Create = Callable[[Manifest], dict[str, Any]]


@pytest.mark.parametrize("manifest", UPLOADS.values(), ids=UPLOADS.keys())
def test_pending_artifact_may_lack_its_uri(create: Create, manifest: Manifest) -> None:
    created = create(manifest)

    assert created["spec"] == manifest["spec"]
    (kind,) = [kind for kind in RESOURCES if manifest["kind"] == kind.KIND]
    kind.model_validate(created)


def _patch(kubectl: Kubectl, kind: str, spec: dict[str, Any]) -> tuple[int, str]:
    patch = json.dumps({"spec": spec})
    answer = kubectl("patch", kind, "this", "--type=merge", f"--patch={patch}", check=False)
    return answer.returncode, answer.stderr


def test_uri_of_a_resource_can_be_added_and_changed_but_not_removed(kubectl: Kubectl, create: Create) -> None:
    create(UPLOADS["resource"])
    assert _patch(kubectl, "martifact", {"uri": "s3://a"}) == (0, "")
    assert _patch(kubectl, "martifact", {"uri": "s3://b", "state": "LIVE"}) == (0, "")

    code, message = _patch(kubectl, "martifact", {"uri": None, "state": "PENDING"})
    assert (code, KEPT in message) == (1, True)


@pytest.mark.parametrize("field", ["artifacts", "docArtifacts"])
def test_uri_of_an_inline_artifact_is_kept_wherever_the_list_has_it(
    kubectl: Kubectl, create: Create, field: str
) -> None:
    pending = {"name": "weights", "state": "PENDING"}
    create(model_version("this", **{field: [pending]}))
    declared, other = {"name": "weights", "uri": "s3://a"}, {"name": "other", "uri": "s3://o"}
    assert _patch(kubectl, "mversion", {field: [other, declared]}) == (0, "")

    code, message = _patch(kubectl, "mversion", {field: [pending, other]})
    assert (code, KEPT in message) == (1, True)
    assert _patch(kubectl, "mversion", {field: [other]}) == (0, "")
