"""An API server that does not serve our kinds for a moment, as with new definitions: every watch recovers, quietly."""

from itertools import islice

import pytest

from devcluster import controlplane
from registrar.api.meta import GROUP
from registrar.cluster.watch import kopf_settings
from tests.env.control_plane import delete_crds, install_crds
from tests.support.api_server_proxy import ApiServerProxy
from tests.support.fault_proxy import Script, Treatment
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import PLURALS, Namespace, manifest

KIND = "RegisteredModel"
ROUNDS = 3
SOON = "--feed-interval=0.3"
NOT_SERVED = Reply(404, "404 page not found\n")
THROTTLED = Reply(429, {"reason": "TooManyRequests", "message": "storage is initializing"}, {"Retry-After": "1"})
ERROR = "[ERROR"
"""How a line of kopf's log shows its level."""
NO_GROUPS = Reply(
    200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}, headers={"Content-Type": "application/json"}
)


def _once(answers: dict[str, Reply]) -> Script:
    """Answer the first request for a path with such an ending so, and pass the others on."""
    left = dict(answers)

    def script(received: Received) -> Treatment:
        path = received.route
        ending = next((ending for ending in left if path.endswith(ending)), None)
        return left.pop(ending) if ending and received.method == "GET" else None

    return script


@pytest.mark.parametrize(
    "answers",
    [
        {"/apis": NO_GROUPS},
        {"/v1alpha1": NOT_SERVED},
        {f"/{plural}": NOT_SERVED for plural in PLURALS.values()},
        {"/apis": THROTTLED, "/v1alpha1": THROTTLED},
        {f"/{plural}": THROTTLED for plural in PLURALS.values()},
    ],
    ids=["group not listed", "kinds not listed", "lists not found", "groups throttled", "lists throttled"],
)
async def test_the_operator_waits_for_definitions_that_were_just_applied(
    answers: dict[str, Reply],
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_url: str,
    unique: Unique,
) -> None:
    api_server_proxy.script = _once(answers)
    operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag, SOON)
    name = unique("early")
    own_space.apply(manifest(KIND, name))
    own_space.ready(KIND, name)
    assert ERROR not in operator.log


@pytest.mark.parametrize("answer", [NOT_SERVED, THROTTLED], ids=["not found", "throttled"])
async def test_watches_survive_kinds_that_are_not_served_for_a_moment(
    answer: Reply,
    own_space: Namespace,
    start_operator: StartOperator,
    api_server_proxy: ApiServerProxy,
    registry_url: str,
    unique: Unique,
) -> None:
    operator = start_operator(registry_url, own_space, api_server_proxy.kubeconfig_flag, SOON)
    before, after = unique("before"), unique("after")
    own_space.apply(manifest(KIND, before))
    own_space.ready(KIND, before)
    api_server_proxy.script = _once({f"/{plural}": answer for plural in PLURALS.values()})
    api_server_proxy.close_connections()
    own_space.apply(manifest(KIND, after))
    own_space.ready(KIND, after)
    assert ERROR not in operator.log


def test_an_operator_that_starts_while_the_definitions_are_replaced_logs_no_error(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    with controlplane.start() as bare:
        space = Namespace(bare, "default", own_space.api)
        install_crds(bare)
        for number in range(ROUNDS):
            # An operator without --connections needs no more than the three kinds of entries.
            delete_crds(bare, *(f"crd/{plural}.{GROUP}" for plural in PLURALS.values()))
            operator = start_operator(registry_url, space, SOON)
            install_crds(bare)
            name = f"{unique('model')}-{number}"
            space.apply(manifest(KIND, name, deletionPolicy="Orphan"))
            bare.run_kubectl("wait", "--namespace=default", "--for=condition=Ready", f"rmodel/{name}", "--timeout=60s")
            # With its finalizer, it would hold the next deletion of the definitions for ever.
            bare.run_kubectl("delete", "--namespace=default", f"rmodel/{name}")
            assert operator.stop() == 0
            assert ERROR not in operator.log


def test_the_retries_of_a_watch_never_end() -> None:
    """kopf continues without a watch whose last retry failed."""
    backoffs = kopf_settings().networking.error_backoffs
    assert not isinstance(backoffs, float)
    assert [list(islice(backoffs, 6)), list(islice(backoffs, 6))] == [[1, 2, 4, 8, 8, 8]] * 2
