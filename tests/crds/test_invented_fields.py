"""Manifests with fields that guides have invented, and what the API server answers to people who apply them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config

from devcluster.controlplane import ControlPlane
from registrar.api.meta import GROUP, VERSION
from tests.crds.conftest import Kubectl

BY_ID = """\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata:
  name: granite-8b-v1
spec:
  registeredModelId: granite-8b
  name: v1.0
  state: LIVE
"""
BY_NAME = """\
apiVersion: model-registrar.dev/v1alpha1
kind: ModelVersion
metadata:
  name: winner-v2
spec:
  registeredModelName: granite-8b
  metadata:
    primary_metric: f1=0.91
"""
ACCEPTED_BUT_FOR_METADATA = {
    **yaml.safe_load(BY_NAME),
    "spec": {"registeredModelRef": {"name": "granite-8b"}, "metadata": {"primary_metric": "f1=0.91"}},
}
PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"


@pytest.mark.parametrize("text", [BY_ID, BY_NAME], ids=["by ID", "by name"])
def test_kubectl_names_each_unknown_field_and_the_page_says_what_to_write(kubectl: Kubectl, text: str) -> None:
    answer = kubectl("apply", "--filename=-", stdin=text, check=False)

    assert answer.returncode == 1
    unknown = yaml.safe_load(text)["spec"].keys() - {"name", "state"}
    assert [field for field in unknown if f'unknown field "spec.{field}"' not in answer.stderr] == []
    page = PAGE.read_text(encoding="utf-8")
    assert [field for field in unknown if f"`spec.{field}" not in page] == []


def test_api_server_warns_clients_that_ask_for_nothing(cluster: ControlPlane, namespace: str) -> None:
    """What a controller drops silently: the answer has a warning that only some clients show."""
    connection = config.new_client_from_config(str(cluster.kubeconfig))  # type: ignore[no-untyped-call]  # theirs
    api = client.CustomObjectsApi(connection)
    answer: Any = api.create_namespaced_custom_object_with_http_info(
        GROUP, VERSION, namespace, "modelversions", ACCEPTED_BUT_FOR_METADATA
    )
    created, _, headers = answer

    assert created["spec"] == {"registeredModelRef": {"name": "granite-8b"}}
    assert 'unknown field \\"spec.metadata\\"' in headers["Warning"]


def test_strict_validation_is_what_kubectl_does_by_default(kubectl: Kubectl) -> None:
    manifest: dict[str, Any] = ACCEPTED_BUT_FOR_METADATA
    strict = kubectl("apply", "--filename=-", stdin=json.dumps(manifest), check=False)
    warned = kubectl("apply", "--validate=warn", "--filename=-", stdin=json.dumps(manifest))

    assert (strict.returncode, 'strict decoding error: unknown field "spec.metadata"' in strict.stderr) == (1, True)
    assert 'Warning: unknown field "spec.metadata"' in warned.stderr
