"""Schemathesis sends unusual requests, and the embedded server answers all of them as `openapi.yaml` describes.

In particular, the only 5xx is the documented one (for a name of more than 255 characters, as on the real server). These
tests use only the embedded server, because the real one answers 500 to a filter on artifacts with a wrong type.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from local_registry.store import MEMORY, Store
from tests.env.registry import serve

SCHEMA = schemathesis.openapi.from_path(Path(__file__).with_name("openapi.yaml"))
EXAMPLES = 15
"""Per operation. There are about 25 operations."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The API's address of a server with the entries that the requests use: a model, two versions, three artifacts."""
    with serve(Store(MEMORY)) as root:
        url = f"{root}/api/model_registry/v1alpha3"
        with httpx.Client(base_url=url, trust_env=False) as client:
            bodies: list[tuple[str, dict[str, str]]] = [
                ("/registered_models", {"name": "a"}),
                ("/model_versions", {"name": "a", "registeredModelId": "1"}),
                ("/model_versions", {"name": "b", "registeredModelId": "1"}),
                ("/model_versions/2/artifacts", {"artifactType": "model-artifact", "name": "a", "uri": "a"}),
                ("/model_versions/2/artifacts", {"artifactType": "doc-artifact", "name": "b"}),
                ("/model_versions/3/artifacts", {"artifactType": "dataset-artifact", "name": "a:b"}),
            ]
            for path, body in bodies:
                client.post(path, json=body).raise_for_status()
        yield url


@SCHEMA.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(server: str, case: Case[Any]) -> None:
    response = case.call(base_url=server)
    checks = [status_code_conformance, content_type_conformance, response_schema_conformance]
    if "value too long for type" not in response.text:
        checks.append(not_a_server_error)
    case.validate_response(response, checks=checks)
