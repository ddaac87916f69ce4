"""The numbers of resources, as Prometheus reads them."""

from prometheus_client.parser import text_string_to_metric_families

from registrar.api.bodies import ResourceKey
from registrar.fencing import Leadership
from registrar.telemetry.metrics import Metrics
from registrar.workqueue.queue import DONE, Result, WorkQueue


def test_resources_that_are_not_ready_are_counted_by_reason() -> None:
    async def process(_: ResourceKey) -> Result:
        return DONE

    metrics = Metrics()
    numbers = {
        ("RegisteredModel", "True", "Synced"): 5,
        ("RegisteredModel", "False", "InvalidSpec"): 2,
        ("RegisteredModel", "False", "NameConflict"): 1,
        ("RegisteredModel", "Unknown", "Paused"): 4,
        ("ModelVersion", "Unknown", "Unknown"): 3,
        ("ModelVersion", "False", "InvalidSpec"): 0,
    }
    metrics.observe(WorkQueue[ResourceKey](process, workers=1), Leadership(), lambda: numbers)
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if sample.name.startswith("registrar_managed_resources")
    }
    by_ready, not_ready = "registrar_managed_resources", "registrar_managed_resources_not_ready"
    assert samples == {
        (by_ready, "RegisteredModel", "True"): 5,
        (by_ready, "RegisteredModel", "False"): 3,
        (by_ready, "RegisteredModel", "Unknown"): 4,
        (by_ready, "ModelVersion", "Unknown"): 3,
        (by_ready, "ModelVersion", "False"): 0,
        (not_ready, "RegisteredModel", "InvalidSpec"): 2,
        (not_ready, "RegisteredModel", "NameConflict"): 1,
        (not_ready, "RegisteredModel", "Paused"): 4,
        (not_ready, "ModelVersion", "Unknown"): 3,
        # It stays, so that an alert about it ends.
        (not_ready, "ModelVersion", "InvalidSpec"): 0,
    }
