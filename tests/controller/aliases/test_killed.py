"""The operator is killed at random points while aliases move: the registry ends with exactly those of the spec.

The suite kills it at a few points, and ``ALIAS_KILLS=100`` at more of them.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from tests.controller.aliases.named import aliases_of, version_named
from tests.support.api_server_proxy import ApiServerProxy, is_watch
from tests.support.entries import model_named
from tests.support.fault_proxy import Fault, FaultProxy, Treatment
from tests.support.fixtures import Unique, operator_arguments
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, condition, manifest
from tests.support.waiting import wait_until

KILLS = int(os.environ.get("ALIAS_KILLS", "5"))
LIMIT = 180 + 60 * KILLS
"""Seconds after which it hangs."""
ALIASES, VERSIONS = ("champion", "challenger", "previous"), ("1", "2", "3")

Aliases = dict[str, str]


@dataclass
class Point:
    """Stalls one request of an operator, to either server, where it is killed then.

    Attributes:
        number: which request.
        fault: whether the server still carries it out.
        begins: whether counting begins with a request.
        seen: how many requests there were.
        counted: how many of them were counted.
        never_sent: the request, if the server did not get it.
    """

    number: int
    fault: Fault
    begins: Callable[[Received], bool]
    seen: int = 0
    counted: int = 0
    never_sent: list[Received] = field(default_factory=list)
    counting: threading.Lock = field(default_factory=threading.Lock)

    @property
    def has_come(self) -> bool:
        """Whether the request came."""
        return self.counted >= self.number

    def __call__(self, received: Received) -> Treatment:
        if is_watch(received):
            # Its answer has no end that the operator could be killed after.
            return None
        with self.counting:
            self.seen += 1
            self.counted += self.counted > 0 or self.begins(received)
            if self.counted != self.number:
                return None
        if self.fault is Fault.STALL_BEFORE:
            self.never_sent.append(received)
        return self.fault


@pytest.mark.timeout(LIMIT)
async def test_killed_at_random_points_while_aliases_move(
    own_space: Namespace,
    registry_proxy: FaultProxy,
    api_server_proxy: ApiServerProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
    tmp_path: Path,
) -> None:
    choose = random.Random(KILLS)  # noqa: S311 - no secret
    name, proxies = unique("model"), (registry_proxy, api_server_proxy)
    flags = [api_server_proxy.kubeconfig_flag, "--feed-interval=0.2"]
    operator = OperatorProcess([*operator_arguments(registry_proxy.url, own_space), *flags], tmp_path / "operator.log")
    specs: list[Aliases] = [{"champion": "1"}]
    own_space.apply(_model(name, specs[0]), *(version_named(name, version) for version in VERSIONS))
    operator.start()
    _wait_until_named(own_space, name, specs[0])
    requests = sum(len(proxy.received) for proxy in proxies)
    operator.stop()
    before = await _versions(registry, name)
    registry_proxy.received.clear()
    lost: list[Received] = []
    try:
        for _ in range(KILLS):
            point = _point(choose, requests)
            specs.append(_others(choose, specs[-1]))
            move = partial(own_space.apply, _model(name, specs[-1]))
            _kill_at(point, operator, proxies, move, choose.choice([0, choose.randint(1, requests)]))
            lost += point.never_sent
        operator.start()
        _wait_until_named(own_space, name, specs[-1])
    finally:
        operator.stop()
        print(operator.log)  # noqa: T201 - pytest shows it where the test failed
    model = await model_named(registry, name)
    assert await aliases_of(registry, name) == specs[-1]
    assert await _versions(registry, name) == before
    writes = [one for one in registry_proxy.writes() if all(one is not other for other in lost)]
    assert {(one.method, one.route.partition("/v1alpha3/")[2]) for one in writes} == {
        ("PATCH", f"registered_models/{model.id}")
    }
    _assert_moved_once(writes, specs)


def _point(choose: random.Random, requests: int) -> Point:
    """Return a point anywhere in the life of an operator, or soon after it begins to write, which is most often."""
    fault = choose.choice([Fault.STALL_BEFORE, Fault.STALL_AFTER])
    if choose.random() < 0.3:
        return Point(choose.randint(1, requests), fault, lambda _: True)
    return Point(choose.randint(1, 5), fault, lambda received: received.method == "PATCH")


def _kill_at(
    point: Point, operator: OperatorProcess, proxies: Sequence[FaultProxy], move: Callable[[], object], moved_at: int
) -> None:
    """Start the operator, move the aliases, and kill it.

    Args:
        point: where it is killed.
        operator: the operator.
        proxies: before its servers.
        move: moves the aliases.
        moved_at: the number of requests after which they move; 0 for before the start.
    """
    for proxy in proxies:
        proxy.script = point
    if not moved_at:
        move()
    operator.start()
    if moved_at:
        wait_until(lambda: point.has_come or point.seen >= moved_at, "the operator sends too few requests")
        move()
    wait_until(lambda: any(proxy.stalled for proxy in proxies), "the operator does not come to this point")
    operator.kill()
    for proxy in proxies:
        proxy.heal()


def _assert_moved_once(writes: Sequence[Received], specs: Sequence[Aliases]) -> None:
    """Assert that each write moves aliases to what one spec says, and that no later write moves them back to another.

    An operator that starts may see one version before another, so it can move the aliases of one spec one by one.
    """
    aliases, known, history = _written(specs[0]), 0, []
    for write in writes:
        properties: dict[str, Any] = write.json["customProperties"]
        now = {each: value["string_value"] for each, value in properties.items() if each.startswith("alias.")}
        moved = {each: now.get(each) for each in {*aliases, *now} if aliases.get(each) != now.get(each)}
        # A spec that was never written may agree in what moved, and lack an alias that stays.
        says = (
            number
            for number in range(known, len(specs))
            if moved.items() <= _all_of(specs[number]).items() and now.keys() <= _written(specs[number]).keys()
        )
        history.append((moved, known := next(says, -1)))
        assert moved, history
        assert known >= 0, (history, specs)
        aliases = now


def _all_of(aliases: Aliases) -> dict[str, str | None]:
    """Return what a spec says of each alias: None of one that it does not have."""
    return {f"alias.{name}": aliases.get(name) for name in ALIASES}


def _wait_until_named(space: Namespace, name: str, aliases: Aliases) -> None:
    """Wait until the status of a model reports these aliases, and nothing waits."""

    def check(resource: Manifest) -> bool:
        reported = {each["name"]: each["version"] for each in resource["status"].get("aliases", ())}
        resolved = condition(resource, "AliasesResolved")
        is_current = resolved.get("observedGeneration") == resource["metadata"]["generation"]
        return is_current and resolved["status"] == "True" and reported == aliases

    space.wait("RegisteredModel", name, check)


def _others(choose: random.Random, now: Aliases) -> Aliases:
    """Return other aliases than those of now: some move, some are new, and some go."""
    while True:
        names = choose.sample(ALIASES, k=choose.randint(1, len(ALIASES)))
        aliases = {name: choose.choice(VERSIONS) for name in names}
        if aliases != now:
            return aliases


def _written(aliases: Aliases) -> dict[str, str]:
    return {f"alias.{name}": version for name, version in aliases.items()}


async def _versions(registry: ModelRegistryAPIClient, model: str) -> list[Any]:
    """Return the versions of the only model of this name, with their times."""
    (found,) = [each for each in await registry.get_registered_models() if each.name == model]
    return list(await registry.get_model_versions(str(found.id)))


def _model(name: str, aliases: Aliases) -> Manifest:
    return manifest("RegisteredModel", name, aliases=aliases)
