"""An API server that does not serve our kinds for a moment, as when their definitions are new: no watch stays away."""

from collections.abc import Callable
from itertools import islice

import pytest

from registrar.cluster.watch import kopf_settings
from tests.support.fixtures import Unique
from tests.support.flaky import Script, Way
from tests.support.front import Front
from tests.support.loopback import Received, Reply
from tests.support.operator_process import OperatorProcess
from tests.support.resources import PLURALS, Namespace, manifest

MakeOperator = Callable[..., OperatorProcess]
KIND = "RegisteredModel"
SOON = "--feed-interval=0.3"
NOT_SERVED = Reply(404, "404 page not found\n")
NO_GROUPS = Reply(
    200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}, headers={"Content-Type": "application/json"}
)


def _once(answers: dict[str, Reply]) -> Script:
    """Give these answers to the first request for a path that ends so; pass all others through."""
    left = dict(answers)

    def script(received: Received) -> Way:
        path = received.path.partition("?")[0]
        ending = next((ending for ending in left if path.endswith(ending)), None)
        return left.pop(ending) if ending and received.method == "GET" else None

    return script


@pytest.mark.parametrize(
    "answers",
    [
        {"/apis": NO_GROUPS},
        {"/v1alpha1": NOT_SERVED},
        {f"/{plural}": NOT_SERVED for plural in PLURALS.values()},
    ],
    ids=["group not listed", "kinds not listed", "lists refused"],
)
async def test_definitions_that_were_just_applied(
    answers: dict[str, Reply],
    own_space: Namespace,
    own_operator: MakeOperator,
    front: Front,
    registry_url: str,
    unique: Unique,
) -> None:
    front.proxy.script = _once(answers)
    own_operator(registry_url, own_space, front.argument, SOON)
    name = unique("early")
    own_space.apply(manifest(KIND, name))
    own_space.ready(KIND, name)


async def test_kinds_that_are_not_served_in_between(
    own_space: Namespace, own_operator: MakeOperator, front: Front, registry_url: str, unique: Unique
) -> None:
    own_operator(registry_url, own_space, front.argument, SOON)
    before, after = unique("before"), unique("after")
    own_space.apply(manifest(KIND, before))
    own_space.ready(KIND, before)
    front.proxy.script = _once({f"/{plural}": NOT_SERVED for plural in PLURALS.values()})
    front.proxy.hang_up()
    own_space.apply(manifest(KIND, after))
    own_space.ready(KIND, after)


def test_no_request_of_a_watch_is_tried_for_the_last_time() -> None:
    """kopf goes on without a watch whose last try failed."""
    backoffs = kopf_settings().networking.error_backoffs
    assert not isinstance(backoffs, float)
    assert [list(islice(backoffs, 6)), list(islice(backoffs, 6))] == [[1, 2, 4, 8, 8, 8]] * 2
