"""What a list of resources leaves in memory: each text once, and no managedFields."""

import json
import ssl
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from registrar.api.bodies import Body
from registrar.api.meta import API_VERSION
from registrar.cluster.client import ClusterLogin, KubernetesAPI
from registrar.cluster.compact import read_compact, with_shared_texts
from registrar.fencing import Leadership, WriteFence
from registrar.telemetry.metrics import Metrics
from tests.support.loopback import Reply, serving
from tests.unit.build import body

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3),
)


@given(VALUES)
def test_a_value_stays_the_same(value: Any) -> None:
    assert with_shared_texts(value) == value
    assert read_compact(json.dumps(value)) == value


@given(VALUES)
def test_what_was_read_so_is_not_copied_again(value: Any) -> None:
    read = read_compact(json.dumps({"items": value}))
    assert with_shared_texts(read) is read


async def test_a_list_for_the_watch_has_each_text_once_and_no_managed_fields() -> None:
    items = [body("RegisteredModel", name, customProperties={"managedFields": "mine"}) for name in ("a", "b")]
    for item in items:
        item["metadata"]["managedFields"] = [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]
    page = {"apiVersion": API_VERSION, "kind": "RegisteredModelList", "items": items}
    shown: list[Body] = []
    with serving(lambda _: Reply(body=page, headers={"Content-Type": "application/json"})) as server:
        kube = KubernetesAPI(
            ClusterLogin(server.url, ssl.create_default_context(), {}),
            WriteFence(Leadership.without_rivals(), Metrics().to_kubernetes),
        )
        session = kube.open_watch_session(lambda _: None, shown.append)
        async with session, session.get(server.url) as answer:
            await answer.json()
        await kube.aclose()
    first, second = shown
    assert "managedFields" not in first["metadata"]
    assert first["spec"] == {"customProperties": {"managedFields": "mine"}}
    assert first["metadata"]["creationTimestamp"] is second["metadata"]["creationTimestamp"]
    assert [*map(id, first["metadata"])] == [*map(id, second["metadata"])]
