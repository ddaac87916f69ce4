"""What the conditions of a ClusterRegistry say about its registry, and that they repeat no server."""

import socket
import ssl
from typing import Any

import pytest

from model_registry import exceptions
from registrar.api.conditions import ConditionStatus
from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.registries.backend import RegistryWentBackError
from registrar.registries.credentials import not_available
from registrar.registries.health import health_of
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID, registry_spec

SECRET = "what the server answered"
SPEC = registry_spec()
STATUS = {"message": SECRET, "method": "GET", "url": "http://registry/secret"}


@pytest.fixture
def registry() -> Registry:
    return Registry(object(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # nothing calls it


def test_a_certificate_that_is_not_trusted_is_told_apart(registry: Registry) -> None:
    registry.failure = exceptions.ConnectionFailed(SECRET, is_temporary=False)
    registry.failure.__cause__ = ssl.SSLCertVerificationError(SECRET)
    assert health_of(registry, SPEC).reason is RegistryReason.CERTIFICATE_NOT_TRUSTED
    assert SECRET not in health_of(registry, SPEC).message


def test_a_registry_that_was_read_is_connected_and_an_unread_one_is_not_tried(registry: Registry) -> None:
    assert (health_of(registry, SPEC).reason, health_of(registry, SPEC).status) == ("NotTried", ConditionStatus.UNKNOWN)
    registry.loaded = True
    assert (health_of(registry, SPEC).reason, health_of(registry, SPEC).status) == ("Connected", ConditionStatus.TRUE)


def test_a_registry_that_was_not_asked_for_want_of_a_token_is_not_unreachable(registry: Registry) -> None:
    """The token may be there by now: a false alarm would stand until the next attempt."""
    registry.failure = not_available("its token is")
    assert health_of(registry, SPEC).reason is RegistryReason.NOT_TRIED


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (exceptions.Unauthorized(**STATUS, status=401), RegistryReason.UNAUTHORIZED),
        (exceptions.Forbidden(**STATUS, status=403), RegistryReason.UNAUTHORIZED),
        (exceptions.NotARegistryError(**STATUS, status=200), RegistryReason.NOT_A_REGISTRY),
        (exceptions.ServerError(**STATUS, status=500), RegistryReason.UNREACHABLE),
        (exceptions.RateLimited(**STATUS, status=429), RegistryReason.UNREACHABLE),
        (exceptions.RequestTimeout(SECRET), RegistryReason.UNREACHABLE),
        (exceptions.ConnectionFailed(SECRET, is_temporary=False), RegistryReason.UNREACHABLE),
        (exceptions.ConnectionFailed(SECRET), RegistryReason.UNREACHABLE),
        (RegistryWentBackError(SECRET), RegistryReason.UNREACHABLE),
        (ValueError(SECRET), RegistryReason.UNREACHABLE),
    ],
)
def test_a_failure_is_told_without_the_words_of_the_server(
    registry: Registry, failure: Exception, reason: RegistryReason
) -> None:
    # It was read before: what counts is the last attempt.
    registry.loaded, registry.failure = True, failure
    found = health_of(registry, SPEC)
    assert (found.reason, found.status) == (reason, ConditionStatus.FALSE)
    assert SECRET not in found.message
    status = getattr(failure, "status", None)
    assert status is None or f"HTTP {status}" in found.message or f"HTTP status {status}" in found.message


@pytest.mark.parametrize(
    ("failure", "cause", "spec", "message"),
    [
        (exceptions.Unauthorized(**STATUS, status=401), None, {}, "Set spec.auth."),
        (
            exceptions.Unauthorized(**STATUS, status=401),
            None,
            {"auth": {"tokenSecretKeyRef": {"name": "registry", "key": "token"}}},
            "Check the token.",
        ),
        (exceptions.ConnectionFailed(SECRET), ConnectionRefusedError(), {}, "did not answer: connection refused."),
        (exceptions.ConnectionFailed(SECRET), socket.gaierror(-2, "unknown"), {}, "its host is not found: unknown."),
        (exceptions.ConnectionFailed(SECRET), ssl.SSLCertVerificationError(SECRET), {}, "Set spec.ca to the"),
        (
            exceptions.ConnectionFailed(SECRET),
            ssl.SSLCertVerificationError(SECRET),
            {"ca": {"configMapKeyRef": {"name": "ca", "key": "ca.crt"}}},
            "spec.ca does not contain the authority that issued it.",
        ),
    ],
)
def test_a_message_says_what_to_change(
    registry: Registry, failure: Exception, cause: Exception | None, spec: dict[str, Any], message: str
) -> None:
    registry.failure = failure
    registry.failure.__cause__ = cause
    found = health_of(registry, registry_spec(**spec)).message
    assert message in found
    assert found.endswith(". The operator keeps trying.")
