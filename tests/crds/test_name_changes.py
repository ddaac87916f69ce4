"""The effective name (spec.name, or metadata.name) may change until the entry has an ID, and never after."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, model_artifact, model_version, registered_model

MESSAGE = "spec.name cannot change once the entry has an ID in the registry (status.id); set it back"
KINDS = {"model": registered_model, "version": model_version, "artifact": model_artifact}

Create = Callable[[Manifest], dict[str, Any]]


def _patch(kubectl: Kubectl, kind: str, patch: dict[str, Any], *more: str) -> tuple[int, str]:
    answer = kubectl("patch", kind, "this", "--type=merge", f"--patch={json.dumps(patch)}", *more, check=False)
    return answer.returncode, answer.stderr


def _give_id(kubectl: Kubectl, kind: str) -> None:
    assert _patch(kubectl, kind, {"status": {"id": "7"}}, "--subresource=status") == (0, "")


@pytest.mark.parametrize("build", KINDS.values(), ids=KINDS.keys())
def test_name_cannot_change_once_there_is_an_id(
    kubectl: Kubectl, create: Create, build: Callable[..., Manifest]
) -> None:
    kind = create(build("this", name="first"))["kind"]
    assert _patch(kubectl, kind, {"spec": {"name": "second"}})[0] == 0
    _give_id(kubectl, kind)

    for other in ("third", None):
        code, message = _patch(kubectl, kind, {"spec": {"name": other}})
        assert code == 1
        assert MESSAGE in message
    assert _patch(kubectl, kind, {"spec": {"name": "second", "description": "still editable"}})[0] == 0


def test_default_name_cannot_be_left_once_there_is_an_id(kubectl: Kubectl, create: Create) -> None:
    create(registered_model("this"))
    _give_id(kubectl, "rmodel")

    code, message = _patch(kubectl, "rmodel", {"spec": {"name": "other"}})
    assert code == 1
    assert MESSAGE in message


def test_default_name_can_be_spelled_out(kubectl: Kubectl, create: Create) -> None:
    create(registered_model("this"))
    _give_id(kubectl, "rmodel")

    assert _patch(kubectl, "rmodel", {"spec": {"name": "this"}}) == (0, "")
    assert _patch(kubectl, "rmodel", {"spec": {"name": None}}) == (0, "")


def test_name_can_change_again_when_the_id_is_void(kubectl: Kubectl, create: Create) -> None:
    create(registered_model("this", name="first"))
    _give_id(kubectl, "rmodel")
    assert _patch(kubectl, "rmodel", {"status": {"id": None}}, "--subresource=status") == (0, "")

    assert _patch(kubectl, "rmodel", {"spec": {"name": "second"}}) == (0, "")


def test_references_can_change_though_there_is_an_id(kubectl: Kubectl, create: Create) -> None:
    create(model_version("this"))
    _give_id(kubectl, "mversion")

    reference = {"registeredModelRef": {"name": None, "external": {"id": "3"}}}
    assert _patch(kubectl, "mversion", {"spec": reference}) == (0, "")
