"""What an answer of the API server means for one resource or for all; real ones are in tests/cli/adopt."""

import json
from typing import Any

import pytest

from registrar.cli.refusals import (
    ClusterError,
    MissingError,
    Refusal,
    ResourceRefusedError,
    apply_error,
    get_error,
    list_error,
)

QUOTA = 'registeredmodels.model-registrar.dev "churn" is forbidden: exceeded quota: models, limited: count=1'
WEBHOOK = 'admission webhook "names.example.com" denied the request: churn is no name'
STORAGE = "etcdserver: request timed out"


def refusal(status: int, message: str, **more: Any) -> Refusal:
    return Refusal(status, "the reason", json.dumps({"kind": "Status", "message": message, **more}))


@pytest.mark.parametrize(
    "answer", [refusal(403, QUOTA), refusal(403, WEBHOOK), refusal(400, WEBHOOK), refusal(422, "spec: invalid")]
)
def test_what_forbids_one_resource_says_so_in_its_own_words(answer: Refusal) -> None:
    error = apply_error("registeredmodels", "team", answer)
    assert isinstance(error, ResourceRefusedError)
    assert str(error) == answer.message


@pytest.mark.parametrize(
    ("answer", "message", "is_temporary"),
    [
        (Refusal(401, "Unauthorized"), "The API server does not accept the kubeconfig's credentials (401).", False),
        (Refusal(404, "Not Found", "404 page not found\n"), "The cluster does not serve registeredmodels (404)", False),
        # Kubernetes 1.30, where the right to create is missing.
        (
            refusal(403, 'registeredmodels "churn" is forbidden: '),
            "You may not create registeredmodels in namespace team (403)",
            False,
        ),
        (Refusal(429, "Too Many Requests"), "429 Too Many Requests", True),
        (refusal(500, STORAGE), f"The API server did not take registeredmodels in namespace team: 500 {STORAGE}", True),
        (Refusal(502, "Bad Gateway", "[]"), "502 Bad Gateway", True),
    ],
)
def test_what_all_resources_would_meet_ends_the_command(answer: Refusal, message: str, is_temporary: bool) -> None:  # noqa: FBT001 - a value of the table
    error = apply_error("registeredmodels", "team", answer)
    assert isinstance(error, ClusterError)
    assert message in error.message
    assert error.is_temporary is is_temporary


@pytest.mark.parametrize(
    ("answer", "message", "is_temporary"),
    [
        (Refusal(401, "Unauthorized"), "The API server does not accept the kubeconfig's credentials (401).", False),
        (
            refusal(403, "no"),
            "You may not get modelversions in namespace team (403): have an administrator help.",
            False,
        ),
        (Refusal(404, "Not Found", "404 page not found\n"), "The cluster does not serve modelversions (404)", False),
        (refusal(500, STORAGE), f"The API server did not read modelversions in namespace team: 500 {STORAGE}", True),
    ],
)
def test_what_keeps_a_resource_from_being_read_is_a_sentence(answer: Refusal, message: str, is_temporary: bool) -> None:  # noqa: FBT001 - a value of the table
    error = get_error("modelversions", "team", answer, grant="help")
    assert isinstance(error, ClusterError)
    assert message in error.message
    assert error.is_temporary is is_temporary


def test_a_resource_that_does_not_exist_is_no_error_of_the_cluster() -> None:
    assert isinstance(get_error("modelversions", "team", refusal(404, "not found"), grant="help"), MissingError)


def test_whoever_may_not_list_cluster_registries_needs_a_right_in_the_cluster() -> None:
    """They have no namespace, so none can be asked for."""
    message = str(list_error("clusterregistries", None, Refusal(403, "Forbidden")))
    assert "--namespace" not in message
    assert message.endswith("have an administrator bind the role view to you with a ClusterRoleBinding.")
