"""Resources whose requests fail though the registry answers others: they open no breaker, and others do not wait."""

import time

import pytest

from model_registry import exceptions
from registrar.api.bodies import ResourceKey
from registrar.api.conditions import Reason
from registrar.api.v1alpha1.registry_ref import RegistryKind, RegistryRef
from registrar.planning.problems import Disposition, Problem, ReconcileError, outage
from registrar.registries.breaker import CircuitBreaker
from registrar.registries.diagnosis import diagnose
from registrar.registries.outliers import OUTAGE_OF_WRITES
from registrar.registries.registry import Registry
from tests.unit.build import OWNER_ID

KEYS = [ResourceKey("RegisteredModel", "team", f"model-{number}") for number in range(9)]
BAD, OTHER = KEYS[:2]
REFUSED = exceptions.Forbidden("what a gateway says", 403, "POST", "http://registry/registered_models")
AWAY = exceptions.ConnectionFailed("GET http://registry/x: the registry cannot be reached: refused")
ERRORS = [
    REFUSED,
    exceptions.ServerError("what a gateway says", 502, "PATCH", "http://registry/registered_models/1"),
    exceptions.NotARegistryError("what a gateway says", 404, "POST", "http://registry/registered_models"),
    exceptions.RequestTimeout("GET http://registry/x: it did not answer in 30 s"),
]


def _registry(breaker: CircuitBreaker) -> Registry:
    made = Registry(object(), "http://registry", OWNER_ID)  # type: ignore[arg-type]  # nothing calls it
    made.breaker = breaker
    return made


def _fail(breaker: CircuitBreaker, key: ResourceKey, error: exceptions.RegistryError = REFUSED) -> Problem:
    return diagnose(error, key, _registry(breaker))


def _fail_and_probe(breaker: CircuitBreaker, *keys: ResourceKey) -> None:
    for key in keys:
        _fail(breaker, key)
        breaker.close(time.monotonic())


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_failure_that_a_probe_contradicts_is_the_resources_own(error: exceptions.RegistryError) -> None:
    breaker = CircuitBreaker()
    assert _fail(breaker, BAD, error).disposition is Disposition.OUTAGE
    breaker.close(time.monotonic())
    problem = _fail(breaker, BAD, error)
    assert problem.disposition is Disposition.TRANSIENT
    assert problem.message.startswith("The registry answers other requests, but ")
    assert "what a gateway says" not in problem.message
    assert breaker.problem is None
    assert _fail(breaker, OTHER, error).disposition is Disposition.OUTAGE


def test_a_refusal_of_one_request_stays_a_matter_of_the_token() -> None:
    breaker = CircuitBreaker()
    _fail_and_probe(breaker, BAD)
    problem = _fail(breaker, BAD)
    assert problem.reason is Reason.UNAUTHORIZED
    assert "POST http://registry/registered_models answered 403. Check what the token may write" in problem.message


def test_what_a_registry_asks_of_one_request_concerns_no_other() -> None:
    breaker = CircuitBreaker()
    busy = exceptions.ServerError("busy", 503, "POST", "http://registry/x")
    busy.retry_after = 20
    _fail(breaker, BAD, busy)
    breaker.close(time.monotonic())
    assert _fail(breaker, BAD, busy).retry_after == 20
    _fail(breaker, OTHER)
    assert breaker.next_pause() == 0


def test_a_failure_that_a_probe_confirms_is_an_outage() -> None:
    breaker = CircuitBreaker()
    problem = _fail(breaker, BAD)
    breaker.update(problem, 0)
    breaker.close(time.monotonic())
    assert _fail(breaker, BAD).disposition is Disposition.OUTAGE


async def test_an_outlier_has_the_registry_probed_because_it_may_be_away_by_now() -> None:
    breaker = CircuitBreaker()
    _fail_and_probe(breaker, BAD)
    breaker.take_request()
    _fail(breaker, BAD, AWAY)
    assert breaker.take_request()
    breaker.update(Problem(Disposition.OUTAGE, Reason.REGISTRY_UNAVAILABLE, "away"), 0)
    assert _fail(breaker, BAD, AWAY).disposition is Disposition.OUTAGE


def test_a_success_ends_what_was_known_of_an_outlier() -> None:
    breaker = CircuitBreaker()
    _fail_and_probe(breaker, BAD)
    breaker.outliers.forget(BAD)
    assert _fail(breaker, BAD).disposition is Disposition.OUTAGE


def test_what_the_operator_refuses_itself_accuses_no_resource() -> None:
    breaker = CircuitBreaker()
    diagnose(outage("The registry was not read yet."), BAD, _registry(breaker))
    breaker.close(time.monotonic())
    assert _fail(breaker, BAD).disposition is Disposition.OUTAGE


def test_outliers_below_the_limit_cost_one_probe_each_without_a_pause() -> None:
    breaker = CircuitBreaker()
    pauses = []
    for key in KEYS[: OUTAGE_OF_WRITES - 1]:
        _fail(breaker, key)
        pauses.append(breaker.next_pause())
        breaker.close(time.monotonic())
    assert pauses == [0] * (OUTAGE_OF_WRITES - 1)


def test_a_registry_that_takes_no_writes_is_unavailable_until_it_takes_one() -> None:
    breaker = CircuitBreaker()
    _fail_and_probe(breaker, *KEYS[:OUTAGE_OF_WRITES])
    pauses = []
    for key in KEYS[OUTAGE_OF_WRITES:]:
        assert _fail(breaker, key).disposition is Disposition.OUTAGE
        pauses.append(breaker.next_pause())
        breaker.close(time.monotonic())
    assert pauses == [0, 1, 2, 4, 8, 16]
    assert _fail(breaker, BAD).disposition is Disposition.OUTAGE, "an outlier is none while all are"
    breaker.close(time.monotonic())
    breaker.outliers.note_write()
    assert _fail(breaker, BAD).disposition is Disposition.TRANSIENT


def test_whoever_reads_of_an_outage_learns_who_can_act() -> None:
    """A member of a team may not see ClusterRegistries, nor know to which one a resource belongs."""
    registry = _registry(CircuitBreaker())
    registry.name, registry.ref = "ClusterRegistry/prod", RegistryRef(kind=RegistryKind.CLUSTER_REGISTRY, name="prod")
    where = "The conditions of ClusterRegistry prod show its administrator what to do."
    first = diagnose(AWAY, BAD, registry)
    assert first.message == f"The registry did not answer: refused. {where} The operator keeps trying."
    # All others report what the first one met.
    with pytest.raises(ReconcileError) as met:
        registry.ensure_available()
    assert diagnose(met.value, OTHER, registry) == first
    assert registry.breaker.problem == first
