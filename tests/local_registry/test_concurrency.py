"""Many clients at once: one of them gets a name, and none gets a 500."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

Unique = Callable[[str], str]
CLIENTS = 32
NAMES = 8


def _all_at_once(url: str, work: Callable[[httpx.Client, int], list[int]]) -> list[list[int]]:
    """Run a function in one thread per client, all starting together. Return their results."""
    gate = threading.Barrier(CLIENTS)

    def run(number: int) -> list[int]:
        with httpx.Client(base_url=f"{url}/api/model_registry/v1alpha3", trust_env=False, timeout=60) as client:
            gate.wait()
            return work(client, number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(run, range(CLIENTS)))


def test_one_client_gets_each_name(registry_url: str, registry: httpx.Client, unique: Unique) -> None:
    def work(client: httpx.Client, number: int) -> list[int]:
        # Every client creates the shared names, each in another order, and one name of its own.
        wanted = [unique(f"shared{(number + step) % NAMES}") for step in range(NAMES)]
        bodies = [{"name": name} for name in (*wanted, unique(f"own{number}"))]
        return [client.post("/registered_models", json=body).status_code for body in bodies]

    answers = _all_at_once(registry_url, work)
    assert Counter(status for statuses in answers for status in statuses) == {
        201: NAMES + CLIENTS,
        409: NAMES * (CLIENTS - 1),
    }
    assert all(statuses[-1] == 201 for statuses in answers)
    found = registry.get("/registered_models", params={"filterQuery": f"name LIKE '%{unique('')}'"}).json()["items"]
    assert Counter(item["name"] for item in found) == Counter(
        [unique(f"shared{number}") for number in range(NAMES)] + [unique(f"own{number}") for number in range(CLIENTS)]
    )
    assert len({item["id"] for item in found}) == NAMES + CLIENTS


def test_one_client_gets_each_external_id(registry_url: str, unique: Unique) -> None:
    def work(client: httpx.Client, number: int) -> list[int]:
        bodies = [{"name": unique(f"m{number}-{step}"), "externalId": unique(f"ext{step}")} for step in range(NAMES)]
        return [client.post("/registered_models", json=body).status_code for body in bodies]

    counted = Counter(status for statuses in _all_at_once(registry_url, work) for status in statuses)
    assert counted == {201: NAMES, 409: NAMES * (CLIENTS - 1)}


def test_every_update_of_an_entry_is_atomic(registry_url: str, registry: httpx.Client, unique: Unique) -> None:
    created = registry.post("/registered_models", json={"name": unique("contested")}).json()

    def work(client: httpx.Client, number: int) -> list[int]:
        text = {"metadataType": "MetadataStringValue", "string_value": str(number)}
        body = {"owner": str(number), "description": str(number), "customProperties": {"writer": text}}
        return [client.patch(f"/registered_models/{created['id']}", json=body).status_code for _ in range(3)]

    statuses = {status for answers in _all_at_once(registry_url, work) for status in answers}
    # The real server may answer 409 to an update that inserts the same property at the same time.
    assert statuses <= {200, 409}
    left = registry.get(f"/registered_models/{created['id']}").json()
    written = left["owner"], left["description"], left["customProperties"]["writer"]["string_value"]
    assert written == (written[0],) * 3
