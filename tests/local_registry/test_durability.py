"""Answered writes are durable: a server that is killed under load loses none of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from sqlalchemy import Connection, text

from devcluster.embedded_registry import EmbeddedRegistry
from local_registry.store import Store
from tests.env.registry import EmbeddedServers

CLIENTS = 8
BEFORE_THE_KILL = 60


def _write_until_it_dies(server: EmbeddedRegistry, round_number: int) -> dict[str, str]:
    """Create and update models from several clients, and kill the server meanwhile. Return name -> answered owner."""
    kept: dict[str, str] = {}
    enough = threading.Event()

    def write(client_number: int) -> None:
        with httpx.Client(base_url=f"{server.url}/api/model_registry/v1alpha3", trust_env=False) as client:
            for number in range(10_000):
                name = f"r{round_number}-c{client_number}-{number}"
                try:
                    created = client.post("/registered_models", json={"name": name, "owner": "first"})
                    assert created.status_code == 201, created.text
                    kept[name] = "first"
                    changed = client.patch(f"/registered_models/{created.json()['id']}", json={"owner": "second"})
                    assert changed.status_code == 200, changed.text
                    kept[name] = "second"
                except httpx.TransportError:
                    return
                if len(kept) >= BEFORE_THE_KILL:
                    enough.set()

    with ThreadPoolExecutor(CLIENTS) as pool:
        writers = [pool.submit(write, number) for number in range(CLIENTS)]
        assert enough.wait(60)
        server.kill()
        for writer in writers:
            writer.result()
    return kept


def test_sigkill_under_load_loses_no_answered_write(embedded_registry: EmbeddedServers) -> None:
    server = embedded_registry()
    kept: dict[str, str] = {}
    for round_number in range(3):
        kept |= _write_until_it_dies(server, round_number)
        server.start()
        answer = httpx.get(f"{server.url}/api/model_registry/v1alpha3/registered_models", trust_env=False)
        found = {item["name"]: item["owner"] for item in answer.json()["items"]}
        # An unanswered update may have been stored, but no answered write may be missing.
        lost = {name for name, owner in kept.items() if found.get(name) not in {owner, "second"}}
        assert lost == set()


def test_a_power_failure_would_lose_nothing_either(tmp_path: Path) -> None:
    """A test cannot cut the power, but SQLite guarantees it for these settings (https://sqlite.org/pragma.html#pragma_synchronous)."""
    store = Store(str(tmp_path / "registry.db"))

    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "locking_mode")
        return {name: connection.scalar(text(f"PRAGMA {name}")) for name in names}

    full = 2
    assert store.transaction(settings) == {"journal_mode": "wal", "synchronous": full, "locking_mode": "exclusive"}
    store.close()


def test_ids_are_not_assigned_again_after_a_restart(embedded_registry: EmbeddedServers) -> None:
    server = embedded_registry()
    ids = []
    for number in range(3):
        path = f"{server.url}/api/model_registry/v1/registered_models"
        ids.append(int(httpx.post(path, json={"name": f"m{number}"}, trust_env=False).json()["id"]))
        assert server.stop() == 0
        server.start()
    assert ids == sorted(set(ids))
