"""What the resources say of a registry that the operator's flags configure, while it is unavailable."""

import socket
import ssl

import pytest

from model_registry import exceptions
from registrar.api.bodies import ResourceKey
from registrar.registries.diagnosis import diagnose
from registrar.registries.problems import remedy_of
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID

KEY = ResourceKey("RegisteredModel", "team", "model")


def _caused_by(error: exceptions.RegistryError, cause: Exception) -> exceptions.RegistryError:
    error.__cause__ = cause
    return error


def _away(*, is_temporary: bool = True) -> exceptions.ConnectionFailed:
    return exceptions.ConnectionFailed(
        "GET http://registry/x: the registry cannot be reached: why", is_temporary=is_temporary
    )


AUTHORITY = "Check that the file of --registry-ca-file contains the authority that issued the certificate."
RUNS = "Check that the registry runs at http://registry, and that no network policy or proxy is in the way."
SAID: dict[str, tuple[exceptions.RegistryError, str]] = {
    "refused": (_caused_by(_away(), ConnectionRefusedError()), f"The registry did not answer: why. {RUNS}"),
    "no such host": (
        _caused_by(_away(), ExceptionGroup("both ways", [socket.gaierror(-2, "unknown")])),
        "The registry did not answer: why. Check the host in http://registry.",
    ),
    "too slow": (
        exceptions.RequestTimeout("GET http://registry/x: no answer within 30 s"),
        f"The registry did not answer: no answer within 30 s. {RUNS}",
    ),
    "not trusted": (
        _caused_by(_away(is_temporary=False), ssl.SSLCertVerificationError("why")),
        f"The registry cannot be reached: why. {AUTHORITY}",
    ),
    "a file": (
        exceptions.ConnectionFailed("The token file /t holds no token", is_temporary=False),
        "The registry cannot be reached: The token file /t holds no token.",
    ),
    "a token": (
        exceptions.Unauthorized("what a gateway says", 401, "GET", "http://registry/x"),
        "The registry refused the operator's token: it answered 401. Check the token and its permissions.",
    ),
    "no registry": (
        exceptions.NotARegistryError("what a gateway says", 404, "GET", "http://registry/x"),
        "The registry is unavailable: it answered 404, but not as a registry does; check its address and API version.",
    ),
    "a gateway": (
        exceptions.ServerError("what a gateway says", 503, "GET", "http://registry/x"),
        f"The registry is unavailable: it answered 503. {RUNS}",
    ),
}


@pytest.mark.parametrize(("error", "said"), SAID.values(), ids=list(SAID))
def test_an_outage_says_what_to_check_and_that_nobody_has_to_start_anything_again(
    error: exceptions.RegistryError, said: str
) -> None:
    registry = Registry(object(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # nothing calls it
    assert diagnose(error, KEY, registry).message == f"{said} The operator keeps trying."


def test_a_registry_that_answers_with_a_fault_runs() -> None:
    fault = exceptions.ServerError("what a server says", 500, "GET", "http://registry/x")
    assert remedy_of(fault, "http://registry") == "Check the registry's own log."
