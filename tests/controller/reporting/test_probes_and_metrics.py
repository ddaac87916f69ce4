"""Probes, metrics and the structured log of an operator at work."""

import json
import re
import socket
from pathlib import Path

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.meta import FINALIZER
from tests.env.registry import EmbeddedServers
from tests.support.accounts import reader_kubeconfig
from tests.support.fixtures import StartOperator, Unique
from tests.support.probes import probes_of
from tests.support.resources import Namespace, has_drifted, has_handled, has_reason, manifest

PROBES = "--probe-port=0"
SOON = "--feed-interval=0.3"


async def test_metrics_count_the_operators_work(
    own_space: Namespace,
    start_operator: StartOperator,
    embedded_registry: EmbeddedServers,
    unique: Unique,
) -> None:
    server = embedded_registry()
    seen = probes_of(start_operator(server.url, own_space, PROBES, SOON))
    names = [f"{unique('model')}-{number}" for number in range(5)]
    own_space.apply(*(manifest("RegisteredModel", name, description="by git") for name in names))
    own_space.apply(manifest("RegisteredModel", unique("bad"), customProperties={"model-registrar.dev/x": 1}))
    ids = [own_space.ready("RegisteredModel", name)["status"]["id"] for name in names]
    own_space.wait("RegisteredModel", unique("bad"), has_reason("InvalidSpec"))
    seen.wait_metric("registrar_managed_resources{kind=RegisteredModel,ready=False}", 1)
    metrics = seen.wait_metric("registrar_workqueue_depth{registry=flags}", 0)
    assert metrics["registrar_managed_resources{kind=RegisteredModel,ready=True}"] == 5
    assert metrics["registrar_managed_resources_not_ready{kind=RegisteredModel,reason=InvalidSpec}"] == 1
    assert metrics["registrar_managed_resources_not_ready{kind=RegisteredModel,reason=Unknown}"] == 0
    assert metrics["registrar_registry_requests_total{code=201,method=POST,registry=flags}"] == 5
    assert "registrar_registry_requests_total{code=200,method=PATCH,registry=flags}" not in metrics
    # Finalizer and status of the five; only the status of the invalid resource, which has no entry to archive.
    assert metrics["registrar_kubernetes_requests_total{code=200,method=PATCH}"] == 11
    assert metrics["registrar_managed_resource_time_to_readiness_seconds_count{kind=RegisteredModel}"] == 5
    assert metrics["registrar_leader_election_master_status"] == 1
    assert metrics["registrar_active_workers"] == 0
    assert metrics["registrar_feed_last_success_timestamp_seconds{registry=flags}"] > 1e9
    started = metrics["registrar_workqueue_queue_duration_seconds_count"]
    ended = sum(value for name, value in metrics.items() if name.startswith("registrar_reconcile_total"))
    assert started == ended == metrics["registrar_reconcile_time_seconds_count{kind=RegisteredModel}"] >= 6
    assert metrics["registrar_drift_found_total{kind=RegisteredModel}"] == 0

    async with ModelRegistryAPIClient.connect(server.url) as registry:
        await registry.upsert_registered_model(RegisteredModel(names[0], id=ids[0], description="by hand"))
    metrics = seen.wait_metric("registrar_drift_corrected_total{kind=RegisteredModel}", 1)
    assert metrics["registrar_drift_found_total{kind=RegisteredModel}"] == 1
    assert metrics["registrar_entry_writes_total{kind=RegisteredModel,operation=Created}"] == 5
    assert metrics["registrar_entry_writes_total{kind=RegisteredModel,operation=Corrected}"] == 1
    assert metrics["registrar_registry_requests_total{code=200,method=PATCH,registry=flags}"] == 1
    to_ready = "registrar_managed_resource_time_to_readiness_seconds_count{kind=RegisteredModel}"
    assert metrics[to_ready] == 5, "it stayed Ready"
    own_space.patch("RegisteredModel", names[1], {"spec": {"description": "edited"}})
    metrics = seen.wait_metric(to_ready, 6)
    assert metrics["registrar_drift_found_total{kind=RegisteredModel}"] == 1, "an edit is no drift"
    own_space.delete("RegisteredModel", unique("bad"))
    seen.wait_metric("registrar_managed_resources_not_ready{kind=RegisteredModel,reason=InvalidSpec}", 0)


def test_a_resource_that_is_stored_with_the_finalizer_is_written_once(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    seen = probes_of(start_operator(embedded_registry().url, own_space, PROBES))
    # The chart's finalizerPolicy has the API server store it so.
    model = manifest("RegisteredModel", unique("model"))
    own_space.apply({**model, "metadata": {**model["metadata"], "finalizers": [FINALIZER]}})
    own_space.ready("RegisteredModel", unique("model"))
    metrics = seen.wait_metric("registrar_entry_writes_total{kind=RegisteredModel,operation=Created}", 1)
    assert metrics["registrar_kubernetes_requests_total{code=200,method=PATCH}"] == 1, "only its status"


async def test_drift_that_is_only_reported_counts_as_found_and_not_corrected(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    seen = probes_of(start_operator(registry_url, own_space, PROBES, SOON))
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name, description="by git", driftPolicy="Report"))
    entry_id = own_space.ready("RegisteredModel", name)["status"]["id"]
    await registry.upsert_registered_model(RegisteredModel(name, id=entry_id, description="by hand"))
    own_space.wait("RegisteredModel", name, has_drifted)
    own_space.annotate("RegisteredModel", name, reconcile_requested_at="now")
    own_space.wait("RegisteredModel", name, has_handled("now"))
    metrics = seen.metrics()
    assert metrics["registrar_drift_found_total{kind=RegisteredModel}"] == 1
    assert metrics["registrar_drift_corrected_total{kind=RegisteredModel}"] == 0


def test_while_the_registry_is_unavailable_the_operator_is_live_and_not_ready(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    server.stop()
    seen = probes_of(start_operator(server.url, own_space, PROBES))
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    own_space.wait("RegisteredModel", name, has_reason("RegistryUnavailable"))
    assert seen.get("/readyz") == (503, f"the registry {server.url} has not been read yet\n")
    assert seen.get("/livez") == (200, "ok\n")
    metrics = seen.metrics()
    assert metrics["registrar_managed_resources{kind=RegisteredModel,ready=False}"] == 1
    assert metrics["registrar_registry_requests_total{code=error,method=GET,registry=flags}"] >= 1
    assert metrics["registrar_feed_last_success_timestamp_seconds{registry=flags}"] == 0
    server.start()
    seen.wait("/readyz", 200)
    own_space.ready("RegisteredModel", name)
    assert seen.metrics()["registrar_feed_polls_total{registry=flags,result=success}"] >= 1


def test_failed_polls_of_the_feed_are_counted(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers
) -> None:
    success, error = (
        f"registrar_feed_polls_total{{registry=flags,result={result}}}" for result in ("success", "error")
    )
    server = embedded_registry()
    seen = probes_of(start_operator(server.url, own_space, PROBES, SOON))
    assert seen.wait_above(success, 1)[error] == 0
    server.stop()
    failing = seen.wait_above(error, 0)
    assert seen.wait_above(error, failing[error])[success] == failing[success]
    server.start()
    succeeding = seen.wait_above(success, failing[success])
    assert seen.wait_above(success, succeeding[success])[error] == succeeding[error]


def test_failures_are_counted_with_their_retries(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique, tmp_path: Path
) -> None:
    kubeconfig = reader_kubeconfig(own_space, tmp_path)
    seen = probes_of(start_operator(registry_url, own_space, PROBES, f"--kubeconfig={kubeconfig}"))
    own_space.apply(manifest("RegisteredModel", unique("model")))
    metrics = seen.wait_above("registrar_reconcile_errors_total{kind=RegisteredModel}", 0)
    errors = metrics["registrar_reconcile_errors_total{kind=RegisteredModel}"]
    assert errors == metrics["registrar_reconcile_total{kind=RegisteredModel,result=error}"]
    assert metrics["registrar_workqueue_retries_total"] == errors
    assert metrics["registrar_kubernetes_requests_total{code=403,method=PATCH}"] >= errors


def test_a_standby_is_ready_and_live_and_writes_nothing(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    election = ("--leader-election", f"--lease-namespace={own_space.name}", "--lease-duration=600", PROBES)
    first = start_operator(registry_url, own_space, *election)
    first.wait_for_log("is now the leader")
    second = start_operator(registry_url, own_space, *election)
    second.wait_for_log("On standby")
    leader, standby = probes_of(first), probes_of(second)
    assert leader.wait("/readyz", 200) == standby.wait("/readyz", 200) == "ok\n"
    assert standby.get("/livez") == (200, "ok\n")
    status = "registrar_leader_election_master_status"
    assert (leader.metrics()[status], standby.metrics()[status]) == (1, 0)
    first.kill()
    name = unique("model")
    own_space.apply(manifest("RegisteredModel", name))
    metrics = standby.wait_metric("registrar_managed_resources{kind=RegisteredModel,ready=Unknown}", 1)
    assert metrics["registrar_workqueue_depth{registry=flags}"] == 1
    assert not [
        metric for metric in metrics if re.match(r"registrar_registry_requests_total\{.*method=(POST|PATCH)", metric)
    ]
    assert "registrar_kubernetes_requests_total{code=200,method=PATCH}" not in metrics
    assert "finalizers" not in own_space.get("RegisteredModel", name)["metadata"]
    assert standby.get("/livez") == (200, "ok\n")


def test_the_operator_is_ready_only_once_the_cache_has_synced(
    own_space: Namespace, start_operator: StartOperator, registry_url: str, unique: Unique
) -> None:
    names = [f"{unique('model')}-{number}" for number in range(3)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    seen = probes_of(start_operator(registry_url, own_space, PROBES))
    # Ready may come at once, but never before all three are registry_proxy.
    seen.wait("/readyz", 200)
    metrics = seen.metrics()
    assert sum(value for name, value in metrics.items() if name.startswith("registrar_managed_resources{")) == 3


def test_a_probe_port_in_use_ends_the_operator_with_a_sentence(
    own_space: Namespace, start_operator: StartOperator, registry_url: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        operator = start_operator(registry_url, own_space, f"--probe-port={taken.getsockname()[1]}")
        assert operator.wait() == 1
    assert "Probes cannot be served at 127.0.0.1:" in operator.log
    assert "Traceback" not in operator.log


def test_each_line_of_the_json_log_about_a_resource_names_it(
    own_space: Namespace, start_operator: StartOperator, embedded_registry: EmbeddedServers, unique: Unique
) -> None:
    server = embedded_registry()
    operator = start_operator(server.url, own_space, "--log-format=json", "--log-level=debug")
    names = [f"{unique('model')}-{number}" for number in range(5)]
    own_space.apply(*(manifest("RegisteredModel", name) for name in names))
    for name in names:
        own_space.ready("RegisteredModel", name)
    operator.stop()
    lines = [json.loads(line) for line in operator.log.splitlines()]
    assert all({"message", "severity", "timestamp"} <= line.keys() for line in lines)
    posts = [line for line in lines if line["message"].startswith("HTTP Request: POST")]
    assert sorted(line["object"]["name"] for line in posts) == sorted(names), "a library's line names the resource too"
    first = {
        "apiVersion": "model-registrar.dev/v1alpha1",
        "kind": "RegisteredModel",
        "namespace": own_space.name,
        "name": posts[0]["object"]["name"],
    }
    assert posts[0]["object"] == first
    assert "object" not in next(line for line in lines if line["message"].startswith("Settings:"))


def test_exactly_the_exported_metrics_are_documented(
    own_space: Namespace, start_operator: StartOperator, registry_url: str
) -> None:
    seen = probes_of(start_operator(registry_url, own_space, PROBES))
    exported = set(re.findall(r"^# TYPE (registrar_\w+) ", seen.get("/metrics")[1], re.MULTILINE))
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
    documented = set(re.findall(r"^\| `(registrar_\w+)` \|", page, re.MULTILINE))
    assert exported == documented
