"""The operator works with the chart's own rights, uses each of them, and asks for nothing else.

The API server's audit log shows its requests. Then each right is taken away in turn, to see what it is for.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import RegisteredModel
from registrar.api.meta import GROUP
from registrar.pipelines import register
from tests.chart.audit import ALL, AuditLog, Right, granted
from tests.chart.installed import NAME, RELEASE, Site, site
from tests.chart.pod import Pod
from tests.support.accounts import token_kubeconfig
from tests.support.fixtures import Unique
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, condition, has_reason, is_ready, manifest
from tools.generate import rbac

ACCOUNT = f"{RELEASE}:{NAME}"
PIPELINE = "pipeline-runner"
"""The account of a pipeline in the first namespace."""
CLUSTER_WIDE, NAMESPACED = "cluster-wide", "namespaced"


@dataclass(frozen=True)
class Installation:
    """A chart that is installed in a cluster of its own, with an audit log.

    Attributes:
        site: The cluster and the registry.
        log: What the operator's account asks.
        spaces: Namespaces that it watches.
    """

    site: Site
    log: AuditLog
    spaces: tuple[Namespace, Namespace]


@pytest.fixture(scope="module", params=[CLUSTER_WIDE, NAMESPACED])
def installation(
    request: pytest.FixtureRequest, tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    audit_log = folder / "audit.log"
    with site(tools, folder, audit_log=audit_log) as found:
        spaces = found.space("team-a"), found.space("team-b")
        names = [space.name for space in spaces]
        pipelines = [{"namespace": names[0], "serviceAccounts": [PIPELINE]}]
        watched = names if request.param == NAMESPACED else []
        found.install(found.values(watchNamespaces=watched, rbac={"pipelines": pipelines}))
        yield Installation(found, AuditLog(audit_log, ACCOUNT), spaces)


def _family(name: str) -> list[Manifest]:
    """A resource of each kind; the finalizer is asked for, so that it is set."""
    artifacts = [{"name": "onnx", "uri": "s3://models/v"}]
    return [
        manifest("RegisteredModel", name, deletionPolicy="Archive"),
        manifest(
            "ModelVersion", name, deletionPolicy="Archive", registeredModelRef={"name": name}, artifacts=artifacts
        ),
        manifest("ModelArtifact", name, deletionPolicy="Archive", modelVersionRef={"name": name}, uri="s3://models/a"),
    ]


def _rivals(name: str) -> list[Manifest]:
    """A second resource of each kind for the same entries."""
    return [
        {**one, "metadata": {"name": f"{name}-rival"}, "spec": {**one["spec"], "name": name}} for one in _family(name)
    ]


async def _whole_work(space: Namespace, registry: ModelRegistryAPIClient, name: str) -> None:
    """Everything that an operator does: create, adopt, update, find drift, settle conflicts, post Events, delete."""
    adopted = await registry.upsert_registered_model(RegisteredModel(f"{name}-before"))
    family = _family(name)
    # Children first: they wait for their parents.
    space.apply(*reversed(family), manifest("RegisteredModel", f"{name}-before", description="Adopted."))
    for one in family:
        space.ready(one["kind"], name)
    assert space.ready("RegisteredModel", f"{name}-before")["status"]["id"] == adopted.id
    space.patch("RegisteredModel", name, {"spec": {"description": "As declared."}})
    # The second correction raises the count of the first one's Event.
    for _ in range(2):
        await _change_by_hand(registry, space.ready("RegisteredModel", name))
    space.apply(*_rivals(name))
    for one in family:
        space.wait(one["kind"], f"{name}-rival", has_reason("NameConflict"))
        space.delete(one["kind"], f"{name}-rival")
        space.wait_gone(one["kind"], f"{name}-rival")
    for one in reversed(family):
        space.delete(one["kind"], name)
        space.wait_gone(one["kind"], name)
    assert space.events(f"{name}-rival")


async def _change_by_hand(registry: ModelRegistryAPIClient, resource: Manifest) -> None:
    """Change what is declared, and wait until it is set back."""
    model = await registry.get_registered_model_by_id(resource["status"]["id"])
    assert model is not None
    model.description = "As someone else likes it."
    await registry.upsert_registered_model(model)
    deadline = time.monotonic() + WAIT_LIMIT
    while model is None or model.description != resource["spec"]["description"]:
        assert time.monotonic() < deadline
        model = await registry.get_registered_model_by_id(resource["status"]["id"])


async def test_it_uses_every_right_that_it_is_given_and_no_other(installation: Installation, unique: Unique) -> None:
    first = installation.site.pod("first")
    first.start()
    async with ModelRegistryAPIClient.connect(installation.site.registry_url) as registry:
        for space in installation.spaces:
            await _whole_work(space, registry, unique(space.name))
    first.process.stop()
    # Another one takes the Lease that is there now.
    second = installation.site.pod("second")
    second.start()
    second.process.stop()

    assert installation.log.refused() == set()
    allowed = granted(installation.site.plane, ACCOUNT)
    used = installation.log.used()
    if any(right.namespace == ALL for right in allowed):
        # One grant for the cluster covers the writes in each namespace.
        used = {right if right.resource == "leases" else right._replace(namespace=ALL) for right in used}
    assert used == allowed
    leases = {one.name for one in installation.log.asked() if one.right.resource == "leases"}
    assert leases == {NAME}


def _rights_of(namespace: str, *rules: rbac.Rule) -> list[Right]:
    return sorted(
        Right(namespace, rule.group, resource, verb)
        for rule in rules
        for resource in rule.resources
        for verb in rule.verbs
    )


def _kind(right: Right) -> str:
    (found,) = (one["kind"] for one in _family("") if f"{one['kind'].lower()}s" == right.resource.split("/")[0])
    return str(found)


READ = [right for right in _rights_of(ALL, *rbac.WORK) if right.verb in {"list", "watch"}]
WRITE = [right for right in _rights_of(ALL, *rbac.WORK) if right.verb == "patch" and right.resource != "events"]
GET = [right for right in _rights_of(ALL, *rbac.WORK) if right.verb == "get"]
POST = [right for right in _rights_of(ALL, *rbac.WORK) if right.resource == "events" and right.verb == "create"]
COUNT = [right for right in _rights_of(ALL, *rbac.WORK) if right.resource == "events" and right.verb == "patch"]
LEASE = _rights_of(RELEASE, rbac.LEASE, rbac.LEASE_CREATE)
ONE_IS_ENOUGH = pytest.mark.parametrize("installation", [CLUSTER_WIDE], indirect=True, scope="module")

Take = Callable[[Right], Callable[[], None]]
"""Takes a right away; gives what gives it back, which the test's end does too."""


def test_no_right_is_left_out_below() -> None:
    below = [*READ, *WRITE, *GET, *POST, *COUNT]
    assert sorted(below) == _rights_of(ALL, *rbac.WORK)


@pytest.fixture
def without(installation: Installation) -> Iterator[Take]:
    plane = installation.site.plane
    with contextlib.ExitStack() as taken:

        def take(right: Right) -> Callable[[], None]:
            kind, name = ("role", f"{NAME}-leader-election") if right.resource == "leases" else ("clusterrole", NAME)
            role = json.loads(plane.run_kubectl("get", kind, name, "--namespace", RELEASE, "-o", "json").stdout)
            write(kind, name, [part for rule in role["rules"] for part in _less(rule, right)])
            taken.callback(write, kind, name, role["rules"])
            return lambda: write(kind, name, role["rules"])

        def write(kind: str, name: str, rules: list[Manifest]) -> None:
            patch = json.dumps({"rules": rules})
            plane.run_kubectl("patch", kind, name, "--namespace", RELEASE, "--type=merge", "--patch", patch)

        yield take


def _less(rule: dict[str, Any], right: Right) -> list[dict[str, Any]]:
    """A rule as rules of one resource each, without that right."""
    parts = [{**rule, "resources": [resource], "verbs": list(rule["verbs"])} for resource in rule["resources"]]
    for part in parts:
        if part["resources"] == [right.resource] and right.verb in part["verbs"]:
            part["verbs"].remove(right.verb)
    return [part for part in parts if part["verbs"]]


@pytest.fixture
def fresh_pod(installation: Installation, request: pytest.FixtureRequest) -> Iterator[Pod]:
    """A pod that is not started."""
    pod = installation.site.pod(request.node.name)
    yield pod
    pod.process.stop()
    print(pod.process.log)  # noqa: T201 - pytest shows it where the test failed


@pytest.fixture(scope="module")
def pod(installation: Installation) -> Iterator[Pod]:
    """A pod that runs with all rights, until one is taken."""
    running = installation.site.pod("running")
    running.start()
    yield running
    running.process.stop()
    print(running.process.log)  # noqa: T201 - pytest shows it where the last test failed


@ONE_IS_ENOUGH
@pytest.mark.parametrize("right", LEASE, ids=str)
def test_without_a_right_to_the_lease_it_ends_and_says_so(
    right: Right, installation: Installation, without: Take, fresh_pod: Pod
) -> None:
    if right.verb == "create":
        installation.site.plane.run_kubectl("delete", "lease", NAME, "--namespace", RELEASE, "--ignore-not-found")
    else:
        fresh_pod.start()
        fresh_pod.process.stop()
    without(right)
    fresh_pod.process.start()
    assert fresh_pod.process.wait() == 1
    assert "The operator may not use the lease: leases.coordination.k8s.io" in fresh_pod.process.log
    assert f'cannot {right.verb} resource "leases"' in fresh_pod.process.log


@ONE_IS_ENOUGH
@pytest.mark.parametrize("right", READ, ids=str)
def test_without_a_right_to_read_it_says_so_and_tries_until_it_is_given(
    right: Right, installation: Installation, without: Take, fresh_pod: Pod, unique: Unique
) -> None:
    (space, _), kind, name = installation.spaces, _kind(right), unique("read")
    give_back = without(right)
    fresh_pod.process.start()
    installation.log.wait_until_refused(right)
    fresh_pod.process.wait_for_log(f'cannot {right.verb} resource \\"{right.resource}\\"')
    give_back()
    space.apply(*_family(name))
    space.ready(kind, name)


@ONE_IS_ENOUGH
@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize("right", WRITE, ids=str)
def test_without_a_right_to_write_nothing_becomes_ready(
    right: Right, installation: Installation, without: Take, unique: Unique
) -> None:
    (space, _), kind, name = installation.spaces, _kind(right), unique("written")
    give_back = without(right)
    space.apply(*_family(name))
    installation.log.wait_until_refused(right._replace(namespace=space.name))
    found = space.get(kind, name)
    assert not is_ready(found)
    # What it may not write is missing, and only that.
    assert "id" not in found.get("status", {})
    assert bool(found["metadata"].get("finalizers")) == right.resource.endswith("/status")
    give_back()
    space.ready(kind, name)


@ONE_IS_ENOUGH
@pytest.mark.usefixtures("pod")
@pytest.mark.parametrize("right", GET, ids=str)
def test_without_the_right_to_get_a_conflict_is_not_told(
    right: Right, installation: Installation, without: Take, unique: Unique
) -> None:
    (space, _), kind, name = installation.spaces, _kind(right), unique("got")
    space.apply(*_family(name))
    for one in _family(name):
        space.ready(one["kind"], name)
    give_back = without(right)
    space.apply(*_rivals(name))
    installation.log.wait_until_refused(right._replace(namespace=space.name))
    assert condition(space.get(kind, f"{name}-rival"), "Ready").get("reason") != "NameConflict"
    give_back()
    space.wait(kind, f"{name}-rival", has_reason("NameConflict"))


@ONE_IS_ENOUGH
@pytest.mark.parametrize("right", POST, ids=str)
def test_without_the_right_to_create_events_it_works_in_silence(
    right: Right, installation: Installation, without: Take, unique: Unique, pod: Pod
) -> None:
    (space, _), name = installation.spaces, unique("silent")
    without(right)
    space.apply(*_family(name))
    for one in _family(name):
        space.ready(one["kind"], name)
    # The older one wins: not before the others have their entries, or it would be chance.
    space.apply(*_rivals(name))
    for one in _family(name):
        space.wait(one["kind"], f"{name}-rival", has_reason("NameConflict"))
    installation.log.wait_until_refused(right._replace(namespace=space.name))
    assert space.events(f"{name}-rival") == []
    assert "was not posted" in pod.process.log


@ONE_IS_ENOUGH
@pytest.mark.parametrize("right", COUNT, ids=str)
async def test_without_the_right_to_patch_events_it_corrects_all_the_same(
    right: Right, installation: Installation, without: Take, unique: Unique, pod: Pod
) -> None:
    (space, _), name = installation.spaces, unique("counted")
    without(right)
    space.apply(manifest("RegisteredModel", name, description="As declared."))
    async with ModelRegistryAPIClient.connect(installation.site.registry_url) as registry:
        for _ in range(2):
            await _change_by_hand(registry, space.ready("RegisteredModel", name))
    installation.log.wait_until_refused(right._replace(namespace=space.name))
    assert [event["count"] for event in space.events(name) if event["reason"] == "Corrected"] == [1]
    pod.process.wait_for_log("was not posted")


@ONE_IS_ENOUGH
@pytest.mark.usefixtures("pod")
def test_a_pipeline_uses_every_right_of_its_role_and_no_other(installation: Installation, unique: Unique) -> None:
    (space, _), plane, name = installation.spaces, installation.site.plane, unique("trained")
    plane.run_kubectl("create", "serviceaccount", PIPELINE, "--namespace", space.name)
    token = plane.run_kubectl("create", "token", PIPELINE, "--namespace", space.name).stdout.strip()
    kubeconfig = token_kubeconfig(plane, token, installation.site.folder / "pipeline.kubeconfig")
    space.apply(manifest("RegisteredModel", name))
    account = f"{space.name}:{PIPELINE}"
    log = AuditLog(installation.log.path, account)
    for description in ("First.", "Second."):
        register(name, "1", description=description, update=True, namespace=space.name, kubeconfig=kubeconfig)
    assert log.refused() == set()
    # An apply that creates is logged as a patch; without this right it is refused (tests/cli/register).
    creates = Right(space.name, GROUP, "modelversions", "create")
    assert log.used() | {creates} == granted(plane, account)
