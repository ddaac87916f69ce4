"""Two ClusterRegistries for one server: they have the same tenants, and may have different credentials."""

import time

import pytest

from tests.controller.registries.conftest import Site, because, connected, ref
from tests.support.loopback import Received, Reply
from tests.support.resources import condition, has_reason, is_ready, manifest

MODEL = "RegisteredModel"


@pytest.fixture
def patient(site: Site) -> Site:
    """The operator waits for the successor of an entry as long as by default."""
    site.arguments.remove("--handover-grace=0")
    return site


def test_an_entry_that_both_want_has_one_owner_and_is_handed_over(patient: Site) -> None:
    site = patient
    names = site.connect("blue", 0), site.connect("green", 0)
    site.start()
    first, second = site.spaces
    first.apply(manifest(MODEL, "fraud", registryRef=ref(names[0]), description="first"))
    entry = f"registered_models/{first.ready(MODEL, 'fraud')['status']['id']}"
    second.apply(manifest(MODEL, "fraud", registryRef=ref(names[1]), description="second"))
    loser = second.wait(MODEL, "fraud", has_reason("NameConflict"))
    assert "id" not in loser["status"]
    assert site.rests[0].get(entry)["description"] == "first"
    states = []
    first.delete(MODEL, "fraud")
    deadline = time.monotonic() + 30
    while not is_ready(second.get(MODEL, "fraud")) and time.monotonic() < deadline:
        states.append(site.rests[0].get(entry)["state"])
    taken = second.ready(MODEL, "fraud")
    first.wait_gone(MODEL, "fraud")
    assert taken["status"]["id"] == entry.rpartition("/")[2]
    assert site.rests[0].get(entry)["description"] == "second"
    assert set(states) == {"LIVE"}


def test_a_token_that_is_revoked_stops_its_own_connection_alone(site: Site) -> None:
    revoked: set[str] = set()

    def check(received: Received) -> Reply | None:
        token = received.headers.get("authorization", "")
        return Reply(401, b'{"message": "revoked"}') if token in revoked else None

    site.proxies[0].script = check
    for colour in ("blue", "green"):
        site.secret(colour, colour)
    names = [site.connect(each, 0, auth={"tokenSecretKeyRef": {"name": each}}) for each in ("blue", "green")]
    site.start()
    for space, name in zip(site.spaces, names, strict=True):
        space.apply(manifest(MODEL, f"of-{space.name}", registryRef=ref(name)))
        space.ready(MODEL, f"of-{space.name}")
    revoked.add("Bearer blue")
    first, second = site.spaces
    site.wait(names[0], because("Unauthorized"))
    first.apply(manifest(MODEL, "waits", registryRef=ref(names[0])))
    second.apply(manifest(MODEL, "goes-on", registryRef=ref(names[1])))
    second.ready(MODEL, "goes-on")
    first.wait(MODEL, "waits", has_reason("Unauthorized"))
    assert connected(site.get(names[1]))
    assert condition(second.get(MODEL, f"of-{second.name}"), "Ready")["status"] == "True"
    revoked.clear()
    first.ready(MODEL, "waits")
