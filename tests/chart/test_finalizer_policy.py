"""The chart's finalizer policy on a real API server: which resources are stored with the finalizer from the start."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from devcluster.controlplane import KubectlError
from registrar.api.meta import FINALIZER
from tests.chart.helm import MINIMAL, Helm, HelmError
from tests.chart.installed import RELEASE, Site, site
from tests.chart.pod import Pod
from tests.support.fixtures import Unique
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, manifest

ON = {"enabled": True}


@pytest.fixture(scope="module")
def shared_site(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A cluster in which each test changes the release."""
    with site(tools, tmp_path_factory.mktemp("site")) as found:
        found.need_mutating_policies()
        yield found


@pytest.fixture
def pod(shared_site: Site, request: pytest.FixtureRequest) -> Iterator[Pod]:
    """The operator for every namespace, with the policy."""
    shared_site.install(shared_site.values(finalizerPolicy=ON))
    running = shared_site.pod(request.node.name)
    running.start()
    yield running
    running.process.stop()
    print(running.process.log)  # noqa: T201 - pytest shows it where the test failed


def _create(space: Namespace, resource: Manifest, *arguments: str) -> Sequence[str]:
    """Create a resource; gives the finalizers with which it is stored first."""
    create = ("create", "--namespace", space.name, "-o", "json", *arguments, "-f", "-")
    stored = json.loads(space.cluster.run_kubectl(*create, stdin=json.dumps(resource)).stdout)
    finalizers: list[str] = stored["metadata"].get("finalizers", [])
    return finalizers


def _wait_until_added(space: Namespace, *, is_added: bool, **spec: Any) -> None:
    """Wait until the API server has noticed what Helm changed, by creations without effect."""
    deadline = time.monotonic() + WAIT_LIMIT
    expected = [FINALIZER] if is_added else []
    while _would_store(space, manifest("RegisteredModel", "probe", **spec)) != expected:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _would_store(space: Namespace, resource: Manifest) -> Sequence[str] | None:
    """As `_create`, without effect; None while the CRD is too new for the API server to mutate its resources."""
    try:
        return _create(space, resource, "--dry-run=server")
    except KubectlError as error:
        if "ServiceUnavailable" not in str(error):
            raise
        return None


def _family(name: str, **spec: Any) -> list[Manifest]:
    return [
        manifest("RegisteredModel", name, **spec),
        manifest("ModelVersion", name, registeredModelRef={"name": name}, **spec),
        manifest("ModelArtifact", name, modelVersionRef={"name": name}, uri="s3://a", **spec),
    ]


def test_resources_in_watched_namespaces_are_stored_with_the_finalizer_at_once(
    shared_site: Site, unique: Unique
) -> None:
    watched, other = shared_site.space(unique("watched")), shared_site.space(unique("other"))
    shared_site.install(shared_site.values(finalizerPolicy=ON, watchNamespaces=[watched.name]))
    _wait_until_added(watched, is_added=True)
    # No operator runs: nothing else writes.
    assert [_create(watched, one) for one in _family("kept")] == [[FINALIZER]] * 3
    assert [_create(other, one) for one in _family("kept")] == [[]] * 3
    assert [_create(watched, one) for one in _family("left", deletionPolicy="Orphan")] == [[]] * 3
    assert _create(watched, {**manifest("RegisteredModel", "bare"), "spec": {}}) == [FINALIZER]
    held = manifest("RegisteredModel", "held")
    held["metadata"]["finalizers"] = ["example.com/held"]
    assert set(_create(watched, held)) == {"example.com/held", FINALIZER}


def test_an_update_does_not_add_it(shared_site: Site, unique: Unique) -> None:
    space = shared_site.space(unique("team"))
    shared_site.install(shared_site.values(finalizerPolicy=ON))
    _wait_until_added(space, is_added=True)
    _create(space, manifest("RegisteredModel", "churn"))
    space.patch("RegisteredModel", "churn", {"metadata": {"finalizers": None}})
    space.patch("RegisteredModel", "churn", {"spec": {"owner": "risk-team"}})
    assert "finalizers" not in space.get("RegisteredModel", "churn")["metadata"]


def test_the_default_of_the_installation_decides_where_a_resource_states_no_policy(
    shared_site: Site, unique: Unique
) -> None:
    space = shared_site.space(unique("team"))
    shared_site.install(shared_site.values(finalizerPolicy=ON, policies={"deletion": "Orphan"}))
    _wait_until_added(space, is_added=True, deletionPolicy="Archive")
    _wait_until_added(space, is_added=False)
    assert [_create(space, one) for one in _family("left")] == [[]] * 3
    assert [_create(space, one) for one in _family("kept", deletionPolicy="Archive")] == [[FINALIZER]] * 3

    shared_site.install(shared_site.values(finalizerPolicy=ON, policies={"deletion": "Archive"}))
    _wait_until_added(space, is_added=True)


@pytest.mark.usefixtures("pod")
def test_the_operator_still_adds_one_that_is_missing_and_removes_it_where_it_is_not_needed(
    shared_site: Site, unique: Unique
) -> None:
    space, name, deleted = shared_site.space(unique("team")), unique("churn"), unique("deleted")
    _wait_until_added(space, is_added=True)
    _create(space, manifest("RegisteredModel", name))
    space.ready("RegisteredModel", name)
    space.patch("RegisteredModel", name, {"metadata": {"finalizers": None}})
    space.wait("RegisteredModel", name, lambda resource: resource["metadata"].get("finalizers") == [FINALIZER])
    space.patch("RegisteredModel", name, {"spec": {"deletionPolicy": "Orphan"}})
    space.wait("RegisteredModel", name, lambda resource: "finalizers" not in resource["metadata"])
    _create(space, manifest("RegisteredModel", deleted))
    space.delete("RegisteredModel", deleted)
    space.wait_gone("RegisteredModel", deleted)


def test_after_an_uninstall_new_resources_can_be_deleted(shared_site: Site, unique: Unique) -> None:
    space = shared_site.space(unique("team"))
    shared_site.install(shared_site.values(finalizerPolicy=ON))
    _wait_until_added(space, is_added=True)
    shared_site.helm.run("uninstall", RELEASE, "--namespace", RELEASE)
    _wait_until_added(space, is_added=False)
    for one in _family("new"):
        assert _create(space, one) == []
        space.delete(one["kind"], "new")
        space.wait_gone(one["kind"], "new")


def test_a_cluster_without_such_policies_is_refused_with_a_sentence(helm: Helm) -> None:
    with pytest.raises(
        HelmError, match=r"finalizerPolicy.enabled requires Kubernetes 1\.36 or newer: the cluster does"
    ):
        helm.template(MINIMAL, "--set", "finalizerPolicy.enabled=true")
