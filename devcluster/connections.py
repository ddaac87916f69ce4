"""The part of the demo that ``--registries 2`` adds: one operator for two registries, and a team in each."""

import contextlib
import dataclasses
import sys
from typing import Any

from devcluster import embedded_registry
from devcluster.embedded_registry import EmbeddedRegistry
from devcluster.stage import READY, Stage, manifest_of

DEV, PROD = "dev", "prod"
TEAM_A, TEAM_B = "team-a", "team-b"


def tour(on: Stage, stack: contextlib.ExitStack) -> Stage:
    """Show two registries; returns the stage with the operator that serves both.

    Args:
        on: the stage, whose registry becomes the first of the two.
        stack: ends the second registry.

    Raises:
        CheckFailed: A claim is not true.
        KubectlError, ChildError, RegistryError: A part failed.
    """
    second = stack.enter_context(embedded_registry.start())
    on = _connect(on, second)
    _use_each(on, second)
    _refuse(on, second)
    _stop_one(on, second)
    return on


def _connect(on: Stage, second: EmbeddedRegistry) -> Stage:
    on.narrator.step("Connect two registries")
    before = on.resources()
    on.children.end(on.operator)
    by_team: dict[str, Any] = {"namespaces": [TEAM_B], "modelNames": ["{namespace}.*"]}
    registries = [
        manifest_of("ClusterRegistry", DEV, url=on.registry.url, isDefault=True, tenants=[_all(TEAM_A, "default")]),
        manifest_of("ClusterRegistry", PROD, url=second.url, tenants=[by_team]),
    ]
    on.kubectl("apply", "-f", on.written("connections", *registries))
    words = ["run", "--connections", "--connections-namespace", "default"]
    words += ["--kubeconfig", str(on.plane.kubeconfig), "--feed-interval", "1"]
    on.narrator.command(" ".join(["registrar", *words]))
    operator = on.children.start("operator", [sys.executable, "-m", "registrar", *words])
    on = dataclasses.replace(on, operator=operator)
    on.kubectl("wait", *READY, f"clusterregistry/{DEV}", f"clusterregistry/{PROD}")
    on.kubectl("get", "clusterregistries")
    on.wait_for(lambda: _ref(on, "rmodel/churn", "default") == DEV)
    on.narrator.check(before == on.resources(), "the resources of before keep their IDs: their registry is dev now")
    return on


def _use_each(on: Stage, second: EmbeddedRegistry) -> None:
    on.narrator.step("Use each of them from a namespace of its own")
    for namespace, registry in ((TEAM_A, DEV), (TEAM_B, PROD)):
        on.kubectl("create", "namespace", namespace)
        model = manifest_of("RegisteredModel", "risk", name=f"{namespace}.risk", registryRef=_to(registry))
        on.kubectl("apply", "--namespace", namespace, "-f", on.written(f"risk-{namespace}", model))
        on.kubectl("wait", *READY, "--namespace", namespace, "rmodel/risk")
    first_names, second_names = _names(on), _names(on, second)
    on.narrator.check(
        f"{TEAM_A}.risk" in first_names and second_names == [f"{TEAM_B}.risk"],
        f"each entry is in the registry that its resource names, and {PROD} has nothing else",
    )


def _refuse(on: Stage, second: EmbeddedRegistry) -> None:
    on.narrator.step("Name a registry that does not admit the namespace")
    intruder = manifest_of("RegisteredModel", "intruder", name=f"{TEAM_B}.intruder", registryRef=_to(PROD))
    on.kubectl("apply", "--namespace", TEAM_A, "-f", on.written("intruder", intruder))
    on.kubectl("wait", "--for=condition=Stalled", READY[1], "--namespace", TEAM_A, "rmodel/intruder")
    refused = on.kubectl("get", "rmodel", "intruder", "--namespace", TEAM_A, "--output=wide")
    on.narrator.check(
        "RegistryNotPermitted" in refused and _names(on, second) == [f"{TEAM_B}.risk"],
        f"{TEAM_A} may not use {PROD}: the resource says so, and nothing was written",
    )


def _stop_one(on: Stage, second: EmbeddedRegistry) -> None:
    on.narrator.step("Stop one registry")
    second.stop()
    on.narrator.say(f"the registry {PROD} is stopped")
    late = [("late", TEAM_A, DEV), ("late", TEAM_B, PROD)]
    for name, namespace, registry in late:
        model = manifest_of("RegisteredModel", name, name=f"{namespace}.{name}", registryRef=_to(registry))
        on.kubectl("apply", "--namespace", namespace, "-f", on.written(f"{name}-{namespace}", model))
    on.kubectl("wait", *READY, "--namespace", TEAM_A, "rmodel/late")
    on.kubectl("wait", "--for=condition=Ready=False", READY[1], "--namespace", TEAM_B, "rmodel/late")
    waiting = on.kubectl("get", "rmodel", "late", "--namespace", TEAM_B, "--output=wide")
    on.narrator.check(
        "RegistryUnavailable" in waiting and f"{TEAM_A}.late" in _names(on),
        f"{DEV} goes on, and only what belongs to {PROD} waits",
    )
    second.start()
    on.kubectl("wait", *READY, "--namespace", TEAM_B, "rmodel/late")
    on.narrator.check(f"{TEAM_B}.late" in _names(on, second), f"it is in {PROD} as soon as that answers again")


def _names(on: Stage, registry: EmbeddedRegistry | None = None) -> list[str]:
    entries = on.entries() if registry is None else dataclasses.replace(on, registry=registry).entries()
    return [str(model.name) for model in entries.models]


def _ref(on: Stage, resource: str, namespace: str) -> str:
    path = "--output=jsonpath={.status.registryRef.name}"
    return on.plane.run_kubectl("get", resource, "--namespace", namespace, path).stdout


def _all(*namespaces: str) -> dict[str, Any]:
    return {"namespaces": list(namespaces)}


def _to(registry: str) -> dict[str, str]:
    return {"kind": "ClusterRegistry", "name": registry}
