"""A status that names an entry of someone else: a backup restored it, or someone who may write a status wrote it."""

import json
from pathlib import Path

import httpx
import pytest

from local_registry import store
from tests.env.registry import serve
from tests.support.fault_proxy import proxy_to
from tests.support.fixtures import StartOperator
from tests.support.resources import Manifest, Namespace, condition, has_reason, manifest
from tests.support.rest import PROPERTIES, Rest
from tests.support.waiting import wait_until

MODEL, OWNER = "RegisteredModel", "model-registrar.dev/owner"
HOUR = 3_600_000


def _status(space: Namespace, name: str, status: Manifest) -> None:
    patch = json.dumps({"status": status})
    arguments = ("--namespace", space.name, "--subresource=status", "--type=merge", f"--patch={patch}")
    space.cluster.run_kubectl("patch", "rmodel", name, *arguments)


def test_who_may_not_adopt_gets_no_older_entry_by_its_status(
    own_space: Namespace, start_operator: StartOperator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants = tmp_path / "tenants.json"
    tenants.write_text(json.dumps({"tenants": [{"namespaces": ["*"], "adoptionPolicy": "Fail"}]}))
    with (
        serve(store.Store(":memory:")) as url,
        proxy_to(url) as proxy,
        httpx.Client(trust_env=False) as http,
        monkeypatch.context() as earlier,
    ):
        rest, now = Rest(url, http), store._now
        earlier.setattr(store, "_now", lambda: now() - HOUR)
        theirs = f"registered_models/{rest.model('notebook', customProperties={'text': PROPERTIES['text']})}"
        earlier.undo()
        before = rest.get(theirs)
        arguments = (f"--registry-tenants={tenants}", "--feed-interval=0.3", "--handover-grace=0")
        operator = start_operator(proxy.url, own_space, *arguments)
        own_space.apply(manifest(MODEL, "own", description="ours"))
        own = own_space.ready(MODEL, "own")["status"]
        operator.stop()
        own_space.apply(manifest(MODEL, "notebook", description="taken"))
        forged = {"id": before["id"], "createTimeSinceEpoch": before["createTimeSinceEpoch"]}
        settled = {"syncedGeneration": 1, "observedGeneration": 1, "ownedProperties": ["text"]}
        _status(own_space, "notebook", {**own, **forged, **settled})
        written = len(proxy.writes())
        operator.start()
        message = condition(own_space.wait(MODEL, "notebook", has_reason("RegistryNotPermitted")), "Ready")["message"]
        assert "this namespace may not adopt entries" in message
        own_space.delete(MODEL, "notebook")
        own_space.wait_gone(MODEL, "notebook")
        assert rest.get(theirs) == before
        assert len(proxy.writes()) == written
        # What the resource has created itself is proved by its age, also where someone has removed the stamp.
        entry = f"registered_models/{own['id']}"
        rest.change(entry, customProperties={})
        wait_until(lambda: OWNER in rest.get(entry)["customProperties"], "the stamp is not restored")
        own_space.delete(MODEL, "own")
        own_space.wait_gone(MODEL, "own")
        assert rest.get(entry)["state"] == "ARCHIVED"
