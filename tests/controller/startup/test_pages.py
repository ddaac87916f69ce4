"""More resources than one page of a list has."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs

from registrar.api.meta import GROUP, VERSION
from registrar.cluster.client import PAGE_SIZE
from tests.support.api_server_proxy import proxy_to_api_server
from tests.support.fault_proxy import Treatment
from tests.support.fixtures import StartOperator
from tests.support.loopback import Received, Reply
from tests.support.resources import Namespace, manifest

EXPIRED = Reply(410, {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410})


def test_all_resources_are_read_by_pages_even_if_one_expires(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, tmp_path: Path
) -> None:
    api, names = own_space.api, [f"model-{number}" for number in range(PAGE_SIZE + 1)]

    def create(name: str) -> None:
        api.create_namespaced_custom_object(
            GROUP, VERSION, own_space.name, "registeredmodels", manifest("RegisteredModel", name)
        )

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(create, names))
    lists: list[dict[str, list[str]]] = []
    expired = 0

    def expire(received: Received) -> Treatment:
        nonlocal expired
        path, _, query = received.path.partition("?")
        if received.method != "GET" or not path.endswith("/registeredmodels") or "watch=" in query:
            return None
        lists.append(parse_qs(query))
        if "continue" not in lists[-1] or expired == 2:
            return None
        expired += 1
        return EXPIRED

    with proxy_to_api_server(own_space.cluster, tmp_path) as proxy:
        proxy.script = expire
        operator = start_operator(registry_url, own_space, proxy.kubeconfig_flag)
        operator.wait_for_log(f"Ready: watching {len(names)} resources")
        operator.stop()
    assert expired == 2
    # The operator counts by asking for one.
    assert {limit for query in lists for limit in query["limit"]} == {str(PAGE_SIZE), "1"}
    assert "Traceback" not in operator.log
