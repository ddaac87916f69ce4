"""What each error of the client means for a resource."""

import asyncio

import pytest

from model_registry import ModelRegistryAPIClient, exceptions
from model_registry.exceptions import RegistryError
from registrar.api.conditions import Reason
from registrar.planning.problems import Disposition, waiting
from registrar.registries.problems import problem_of

REQUEST = (400, "POST", "http://registry/x")
UNAVAILABLE = (Disposition.TRANSIENT, Reason.REGISTRY_UNAVAILABLE)
AWAY = (Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE)
EXPECTED: dict[type[RegistryError], tuple[Disposition, Reason]] = {
    exceptions.RegistryError: UNAVAILABLE,
    exceptions.APIStatusError: UNAVAILABLE,
    exceptions.BadRequest: (Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY),
    exceptions.Unauthorized: (Disposition.OUTAGE, Reason.UNAUTHORIZED),
    exceptions.Forbidden: (Disposition.OUTAGE, Reason.UNAUTHORIZED),
    exceptions.NotFound: UNAVAILABLE,
    exceptions.ConflictError: UNAVAILABLE,
    exceptions.Unprocessable: (Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY),
    exceptions.RateLimited: UNAVAILABLE,
    exceptions.ServerError: UNAVAILABLE,
    exceptions.NotARegistryError: AWAY,
    exceptions.ConnectionFailed: AWAY,
    exceptions.RequestTimeout: AWAY,
    exceptions.UnusableProxy: AWAY,
    exceptions.OutcomeUnknown: AWAY,
    exceptions.DuplicateError: UNAVAILABLE,
    exceptions.AmbiguousEntryError: (Disposition.TERMINAL, Reason.AMBIGUOUS_ENTRY),
    exceptions.IdentityMismatch: UNAVAILABLE,
    exceptions.StoreError: UNAVAILABLE,
    exceptions.MissingMetadata: UNAVAILABLE,
    exceptions.UnreadableEntry: UNAVAILABLE,
    exceptions.UnwritableProperty: (Disposition.TERMINAL, Reason.REFUSED_BY_REGISTRY),
    exceptions.UnsupportedType: UNAVAILABLE,
    exceptions.TypeNotFound: UNAVAILABLE,
}


def _error(kind: type[RegistryError]) -> RegistryError:
    if issubclass(kind, exceptions.APIStatusError):
        return kind("what happened", *REQUEST)
    if issubclass(kind, exceptions.AmbiguousEntryError | exceptions.UnwritableProperty):
        return kind("what happened", [])
    if issubclass(kind, exceptions.IdentityMismatch):
        return kind("what happened", None, None)
    return kind("what happened")


def test_every_error_of_the_client_is_classified() -> None:
    kinds = {kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, RegistryError)}
    assert kinds == set(EXPECTED)


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_each_error_has_a_disposition_and_a_reason_and_repeats_no_word_of_a_server(kind: type[RegistryError]) -> None:
    problem = problem_of(_error(kind))
    assert (problem.disposition, problem.reason) == EXPECTED[kind]
    is_of_server = issubclass(kind, exceptions.APIStatusError | exceptions.IdentityMismatch)
    assert ("what happened" in problem.message) == (not is_of_server)
    assert ("answered 400" in problem.message) == issubclass(kind, exceptions.APIStatusError)


def test_an_unusable_file_is_a_connection_problem_and_not_a_missing_answer() -> None:
    problem = problem_of(exceptions.ConnectionFailed("The token file /t holds no token", is_temporary=False))
    assert (problem.disposition, problem.reason) == AWAY
    assert problem.message == "The registry cannot be reached: The token file /t holds no token"


def test_retry_after_is_passed_on() -> None:
    error = exceptions.RateLimited("slower", *REQUEST)
    assert problem_of(error).retry_after is None
    error.retry_after = 7.0
    assert problem_of(error).retry_after == 7


@pytest.mark.parametrize("kind", EXPECTED, ids=lambda kind: kind.__name__)
def test_only_a_failed_connection_is_reported_as_no_answer(kind: type[RegistryError]) -> None:
    is_connection = issubclass(kind, exceptions.ConnectionFailed)
    assert ("did not answer" in problem_of(_error(kind)).message) == is_connection


def test_the_problem_of_a_reconcile_error_is_its_own() -> None:
    error = waiting(Reason.NAME_CONFLICT, "m", requeue_after=3.0)
    assert problem_of(error) is error.problem


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_without_a_registry_behind_it_is_an_outage(status: int) -> None:
    error = exceptions.ServerError("upstream connect error", status, "GET", "http://registry/x")
    assert problem_of(error).disposition is Disposition.OUTAGE


def test_braces_in_an_error_are_kept() -> None:
    assert "{0}" in problem_of(RegistryError("{0}")).message


def test_a_server_that_is_no_registry_is_reported_as_one() -> None:
    problem = problem_of(exceptions.NotARegistryError("an HTML page: intranet", 200, "GET", "http://registry/x"))
    assert problem.message == (
        "The registry is unavailable: it answered 200, but not as a registry does; check its address and API version"
    )


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nswordfish\r\n\r\n", b"swordfish " * 30 + b"\r\n\r\n"])
async def test_a_server_that_speaks_no_http_is_not_quoted(answer: bytes) -> None:
    """Any port can be behind an address: that of a mail server, or a database."""

    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with ModelRegistryAPIClient.connect(f"http://127.0.0.1:{port}", retries=0) as client:
            with pytest.raises(exceptions.ConnectionFailed) as failed:
                await client.get_registered_models()
    assert "swordfish" in str(failed.value)
    problem = problem_of(failed.value)
    assert "the connection broke" in problem.message
    assert "swordfish" not in problem.message


def test_names_in_an_error_are_kept() -> None:
    several = exceptions.AmbiguousEntryError("2 entries are named b'x' or 'b'", [])
    assert problem_of(several).message == "2 entries are named b'x' or 'b'. Rename or merge them by hand."
    unreadable = exceptions.ConnectionFailed("The token file '/b' holds no token", is_temporary=False)
    assert problem_of(unreadable).message.endswith("The token file '/b' holds no token")
