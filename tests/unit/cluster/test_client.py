"""Our own calls to the API server, where something else answers: a proxy, or a server that is about to end."""

from __future__ import annotations

import ssl
import traceback
from collections.abc import AsyncIterator

import pytest

from registrar.cluster.api import KubernetesError
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.fencing import Leadership, WriteFence
from registrar.telemetry.metrics import Metrics
from tests.support.loopback import HANG_UP, LoopbackServer, Reply, serving

OWN = "the-operators-own-token"
ISSUED = "the-token-of-a-registry"


@pytest.fixture
async def server() -> AsyncIterator[LoopbackServer]:
    with serving(lambda _: HANG_UP) as running:
        yield running


@pytest.fixture
async def kube(server: LoopbackServer) -> AsyncIterator[KubernetesAPI]:
    login = ClusterLogin(server.url, ssl.create_default_context(), {"Authorization": f"Bearer {OWN}"})
    api = KubernetesAPI(login, WriteFence(Leadership.without_rivals(), Metrics().to_kubernetes))
    yield api
    await api.aclose()


@pytest.mark.parametrize(
    "reply",
    [
        HANG_UP,
        Reply(200, "<html>", {"Content-Type": "text/html"}),
        Reply(200, '{"status": {"token": "' + ISSUED, {"Content-Type": "application/json"}),
        Reply(200, {"status": {}}, {"Content-Type": "application/json"}),
        Reply(200, {"kind": "Status"}, {"Content-Type": "application/json"}),
        Reply(502, "<html>", {"Content-Type": "text/html"}),
    ],
    ids=["nothing", "a page", "half of it", "no token", "something else", "a page that says so"],
)
async def test_what_is_no_answer_fails_and_shows_no_token(
    server: LoopbackServer, kube: KubernetesAPI, reply: Reply
) -> None:
    server.script = lambda _: reply
    with pytest.raises(KubernetesError) as failure:
        await kube.create_token("registrar", "for-registry", None, 600)
    assert server.received[0].headers["authorization"] == f"Bearer {OWN}"
    for token in (OWN, ISSUED):
        assert token not in "".join(traceback.format_exception(failure.value))
        assert token not in repr(failure.value)


async def test_a_token_lives_as_long_as_the_api_server_says(server: LoopbackServer, kube: KubernetesAPI) -> None:
    answer = {"spec": {"expirationSeconds": 900}, "status": {"token": ISSUED}}
    server.script = lambda _: Reply(201, answer, {"Content-Type": "application/json"})
    assert await kube.create_token("registrar", "for-registry", "ml", 86_400) == (ISSUED, 900)
    (asked,) = server.received
    assert asked.route == "/api/v1/namespaces/registrar/serviceaccounts/for-registry/token"
    assert asked.json["spec"] == {"expirationSeconds": 86_400, "audiences": ["ml"]}
