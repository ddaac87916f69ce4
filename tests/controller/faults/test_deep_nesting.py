"""A property that is nested thousands of levels deep is invalid, and the trouble of its resource alone."""

import json

from model_registry import ModelRegistryAPIClient
from tests.cli.program import status
from tests.support.fixtures import StartOperator, Unique
from tests.support.resources import Namespace, manifest

# The API server stores all of these. Python's parsers fail at the deepest, and kopf's copies at the others.
DEPTHS = (90, 500, 2_000, 9_000)


def _create(space: Namespace, name: str, depth: int) -> None:
    """Create a model with such a property, as text: Python could not write it either."""
    body = json.dumps(manifest("RegisteredModel", name, customProperties={"deep": "DEEP"}))
    text = body.replace('"DEEP"', "[" * depth + "]" * depth)
    space.cluster.run_kubectl("create", "-n", space.name, "-f", "-", stdin=text)


async def test_a_deeply_nested_property_is_refused_alone(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    deep = {unique(f"deep-{depth}"): depth for depth in DEPTHS}
    operator = start_operator(registry_url, own_space)
    for name, depth in deep.items():
        _create(own_space, name, depth)
    for name in deep:
        # The tests' own client could not read the answer.
        own_space.cluster.run_kubectl(
            "wait", "-n", own_space.name, "--for=condition=Stalled", "--timeout=60s", f"registeredmodel/{name}"
        )

    # A start reads all of them in one list.
    operator.stop()
    operator.start()
    other = unique("other")
    own_space.apply(manifest("RegisteredModel", other))
    own_space.ready("RegisteredModel", other)
    shown = status(own_space.cluster.kubeconfig, "-n", own_space.name, "-o", "json")
    assert {(one["name"], one["reason"]) for one in json.loads(shown.stdout)["resources"]} >= {
        (name, "InvalidSpec") for name in deep
    }

    own_space.cluster.run_kubectl("delete", "-n", own_space.name, "--timeout=60s", "registeredmodel", *deep)
    names = {model.name for model in await registry.get_registered_models()}
    assert other in names
    assert names.isdisjoint(deep)
