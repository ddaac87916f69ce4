"""What a server answers stays in the log: statuses and Events say in our own words what happened."""

import json
from functools import partial

import pytest

from tests.support.fault_proxy import FaultProxy, Treatment, always
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Manifest, Namespace, condition, manifest

KIND = "RegisteredModel"
SECRET = "swordfish"
WORDS = {"code": "Internal", "message": f"the password is {SECRET}"}

OF_ENTRIES = {
    "bad-request": Reply(400, WORDS),
    "unprocessable": Reply(422, WORDS),
    "conflict": Reply(409, WORDS),
    "missing": Reply(404, WORDS),
    "broken": Reply(500, WORDS),
    "too-fast": Reply(429, WORDS),
    "teapot": Reply(418, WORDS),
    "unreadable": Reply(201, {"id": SECRET, "name": 1, "state": SECRET}),
}
"""Answers to the creation of an entry."""

OF_ALL = {
    "forbidden": Reply(403, f"RBAC: {SECRET}"),
    "page": Reply(200, f"<title>{SECRET}</title>", {"Content-Type": "text/html"}),
}
"""Answers to everything."""


def _says(words: str, resource: Manifest) -> bool:
    return words in condition(resource, "Ready").get("message", "")


def _said(space: Namespace, name: str, resource: Manifest) -> str:
    return json.dumps([resource["status"], [event["message"] for event in space.events(name)]])


def test_an_answer_about_an_entry_is_repeated_in_the_log_only(
    own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    names = {unique(each): each for each in OF_ENTRIES}

    def script(received: Received) -> Treatment:
        is_create = received.method == "POST" and received.json.get("name") in names
        return OF_ENTRIES[names[received.json["name"]]] if is_create else None

    registry_proxy.script = script
    operator = start_operator(registry_proxy.url, own_space, "--log-level=debug")
    own_space.apply(*(manifest(KIND, name) for name in names))
    for name, fault in names.items():
        found = own_space.wait(KIND, name, lambda resource: bool(condition(resource, "Ready")))
        assert condition(found, "Ready")["status"] == "False"
        assert SECRET not in _said(own_space, name, found), fault
    refused = condition(own_space.get(KIND, unique("bad-request")), "Ready")["message"]
    assert "answered 400" in refused
    assert "The operator's log has its answer." in refused
    operator.wait_for_log(f"What the registry answered: POST {registry_proxy.url}")
    assert f"answered 400: the password is {SECRET}" in operator.log


@pytest.mark.parametrize("answer", OF_ALL)
def test_an_answer_to_everything_is_repeated_in_the_log_only(
    answer: str, own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique
) -> None:
    settled, waiting = unique("settled"), unique("waiting")
    operator = start_operator(registry_proxy.url, own_space, "--feed-interval=0.2")
    own_space.apply(manifest(KIND, settled))
    own_space.ready(KIND, settled)
    registry_proxy.script = always(OF_ALL[answer])
    own_space.apply(manifest(KIND, settled, description="edited"), manifest(KIND, waiting))
    for name in (settled, waiting):
        found = own_space.wait(KIND, name, partial(_says, f"it answered {OF_ALL[answer].status}"))
        assert SECRET not in _said(own_space, name, found)
    operator.wait_for_log(SECRET)
