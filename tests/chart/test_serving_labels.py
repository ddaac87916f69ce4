"""The chart's labels for KServe's servers on a real API server. No KServe runs here: its definitions are minimal."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from devcluster.controlplane import KubectlError
from tests.chart.helm import MINIMAL, Helm, HelmError
from tests.chart.installed import Site, site
from tests.chart.pod import Pod
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.support.fixtures import Unique
from tests.support.resources import WAIT_LIMIT, Manifest, Namespace, manifest
from tests.support.waiting import wait_until

KUBEFLOW = "modelregistry.kubeflow.org"
OPEN_DATA_HUB = "modelregistry.opendatahub.io"
IMAGE = "oci://registry.example.com/churn@sha256:"
ANNOTATION = "model-registrar.dev/version"


@pytest.fixture(scope="module")
def shared_site(tools: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A cluster with KServe's definitions and the release, in which the policies work."""
    with site(tools, tmp_path_factory.mktemp("site")) as found:
        found.need_mutating_policies()
        install_crds(found.plane, OTHERS_CRDS)
        found.install(found.values(serving={"labelInferenceServices": True}, handoverGrace=0))
        yield found


@pytest.fixture(scope="module", autouse=True)
def pod(shared_site: Site) -> Iterator[Pod]:
    """The operator for every namespace."""
    running = shared_site.pod("serving")
    running.start()
    yield running
    running.process.stop()
    print(running.process.log)  # noqa: T201 - pytest shows it where the test failed


@pytest.fixture(scope="module")
def space(shared_site: Site, pod: Pod) -> Namespace:
    """A namespace with two versions in the registry, each with a model in S3 and an older image."""
    assert pod.probe("readinessProbe") == 200
    found = shared_site.space("team")
    found.apply(manifest("RegisteredModel", "churn"), *(_with_artifacts(name) for name in ("2026-03", "2026-04")))
    for name in ("2026-03", "2026-04"):
        found.ready("ModelVersion", f"churn-{name}")
    _wait_for_the_policies(found)
    return found


@pytest.fixture
def name(unique: Unique) -> str:
    """The name of the test's server."""
    return unique("server")


def _version(name: str, **spec: Any) -> Manifest:
    return manifest("ModelVersion", f"churn-{name}", name=name, registeredModelRef={"name": "churn"}, **spec)


def _with_artifacts(name: str) -> Manifest:
    artifacts = [{"name": "image", "uri": IMAGE + name}, {"name": "model", "uri": f"s3://models/{name}/"}]
    return _version(name, artifacts=artifacts)


def _wait_for_the_policies(space: Namespace, group: str = KUBEFLOW, **more: str) -> None:
    """Wait until the API server has noticed what Helm changed, and the versions, by creations without effect."""
    expected = {version: _expected(space, version, group, **more) for version in ("2026-03", "2026-04")}
    wait_until(
        lambda: all(_would_label(space, version) == labels for version, labels in expected.items()),
        "the policies have no effect",
    )


def _would_label(space: Namespace, version: str) -> dict[str, str]:
    return _labels(_run(space, "create", _service("probe", _registered(space, version)), "--dry-run=server"))


def _registered(space: Namespace, version: str) -> str:
    """The address in the registry, with the query that people add."""
    address: str = space.get("ModelVersion", f"churn-{version}")["status"]["storageUri"]
    return f"{address}?namespace=kubeflow"


def _expected(space: Namespace, version: str, group: str = KUBEFLOW, **more: str) -> dict[str, str]:
    status = space.get("ModelVersion", f"churn-{version}")["status"]
    ids = {"registered-model-id": status["parentId"], "model-version-id": status["id"]}
    return {f"{group}/{name}": value for name, value in (ids | more).items()}


def _service(name: str, address: str, **metadata: Mapping[str, str]) -> Manifest:
    model = {"modelFormat": {"name": "xgboost"}, "storageUri": address}
    return _server("InferenceService", "v1beta1", {"predictor": {"model": model}}, name, **metadata)


def _llm(name: str, address: str, **metadata: Mapping[str, str]) -> Manifest:
    return _server("LLMInferenceService", "v1alpha2", {"model": {"uri": address}}, name, **metadata)


def _server(kind: str, version: str, spec: Manifest, name: str, **metadata: Mapping[str, str]) -> Manifest:
    about = {"name": name, **metadata}
    return {"apiVersion": f"serving.kserve.io/{version}", "kind": kind, "metadata": about, "spec": spec}


def _named(version: str) -> dict[str, str]:
    return {ANNOTATION: f"churn-{version}"}


def _run(space: Namespace, verb: str, server: Manifest, *arguments: str) -> Manifest:
    """Write a server; gives it as it is stored then."""
    words = (verb, "--namespace", space.name, "-o", "json", *arguments, "-f", "-")
    deadline = time.monotonic() + WAIT_LIMIT
    while True:
        try:
            stored: Manifest = json.loads(space.cluster.run_kubectl(*words, stdin=json.dumps(server)).stdout)
        except KubectlError as error:
            # The API server's policies learn of new kinds later than its other parts.
            if "There can be a delay" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return stored


def _read(space: Namespace, name: str) -> Manifest:
    words = ("get", "inferenceservice", name, "--namespace", space.name, "-o", "json")
    found: Manifest = json.loads(space.cluster.run_kubectl(*words).stdout)
    return found


def _labels(server: Manifest) -> dict[str, str]:
    found: dict[str, str] = server["metadata"].get("labels", {})
    return found


def _replace_when_kept(space: Namespace, server: Manifest, labels: dict[str, str]) -> dict[str, str]:
    """Replace a server once the API server has noticed the policy that keeps its labels; gives them."""
    wait_until(lambda: _labels(_run(space, "replace", server, "--dry-run=server")) == labels, "the labels are not kept")
    return _labels(_run(space, "replace", server))


def test_a_server_is_created_with_the_labels_of_its_version(space: Namespace, name: str) -> None:
    created = _run(space, "create", _service(name, _registered(space, "2026-03")))
    assert _labels(created) == _expected(space, "2026-03")
    # One write: nothing labels it afterwards.
    assert _read(space, name)["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]
    assert created["metadata"]["generation"] == 1


def test_another_address_changes_the_labels_in_the_same_write(space: Namespace, name: str) -> None:
    _run(space, "apply", _service(name, _registered(space, "2026-03")))
    moved = _run(space, "apply", _service(name, _registered(space, "2026-04")))
    assert _labels(moved) == _expected(space, "2026-04")
    assert moved["metadata"]["generation"] == 2
    assert _read(space, name)["metadata"]["resourceVersion"] == moved["metadata"]["resourceVersion"]


def test_nothing_differs_from_the_manifest_afterwards(space: Namespace, name: str) -> None:
    server = _service(name, _registered(space, "2026-03"))
    _run(space, "apply", server)
    again = _run(space, "apply", server)
    assert _labels(again) == _expected(space, "2026-03")
    # kubectl diff fails if there is a difference.
    space.cluster.run_kubectl("diff", "--namespace", space.name, "-f", "-", stdin=json.dumps(server))


def test_an_own_address_is_labelled_if_an_annotation_names_the_version(space: Namespace, name: str) -> None:
    own = {version: f"s3://models/{version}/" for version in ("2026-03", "2026-04")}
    for write in (_service, _llm):
        created = _run(space, "create", write(name, own["2026-03"], annotations=_named("2026-03")))
        assert _labels(created) == _expected(space, "2026-03")
        moved = _run(space, "replace", write(name, own["2026-04"], annotations=_named("2026-04")))
        assert _labels(moved) == _expected(space, "2026-04")


def test_the_older_api_version_of_an_llm_server_is_labelled_too(space: Namespace, name: str) -> None:
    server = _llm(name, "s3://models/2026-03/", annotations=_named("2026-03"))
    created = _run(space, "create", {**server, "apiVersion": "serving.kserve.io/v1alpha1"})
    assert _labels(created) == _expected(space, "2026-03")


def test_what_a_version_does_not_serve_is_not_labelled(
    space: Namespace, name: str, shared_site: Site, unique: Unique
) -> None:
    cases = {
        "without-annotation": _service(name, "s3://models/2026-03/"),
        "address-of-another": _service(name, "s3://models/2026-04/", annotations=_named("2026-03")),
        "older-artifact": _service(name, f"{IMAGE}2026-03", annotations=_named("2026-03")),
        "unknown": _service(name, "model-registry://churn/2026-05"),
        "prefix": _service(name, _registered(space, "2026-03").split("?", maxsplit=1)[0].removesuffix("3")),
        "no-address": _llm(name, ""),
    }
    found = {case: _labels(_run(space, "create", one, "--dry-run=server")) for case, one in cases.items()}
    assert {case: labels for case, labels in found.items() if labels} == {}
    other = shared_site.space(unique("other"))
    assert _labels(_run(other, "create", _service(name, _registered(space, "2026-03")))) == {}


def test_an_update_that_leaves_the_address_alone_keeps_the_labels(space: Namespace, name: str) -> None:
    space.apply(_with_artifacts("2026-02"))
    space.wait("ModelVersion", "churn-2026-02", lambda one: "storageUri" in one.get("status", {}))
    server = _service(name, _registered(space, "2026-02"))
    wait_until(lambda: bool(_would_label(space, "2026-02")), "the version has no effect")
    labels = _labels(_run(space, "create", server))
    bare = {**server, "metadata": {"name": name, "annotations": {"example.com/note": "edited"}}}
    assert _replace_when_kept(space, bare, labels) == labels
    # Whatever the version is doing.
    space.delete("ModelVersion", "churn-2026-02")
    space.wait_gone("ModelVersion", "churn-2026-02")
    assert _labels(_run(space, "replace", server)) == labels
    # Who sets another value means it.
    corrected = {**server, "metadata": {"name": name, "labels": {f"{KUBEFLOW}/model-version-id": "99"}}}
    assert _labels(_run(space, "replace", corrected)) == {**labels, f"{KUBEFLOW}/model-version-id": "99"}


def test_a_running_server_is_not_labelled_later(space: Namespace, name: str) -> None:
    server = _service(name, "model-registry://churn/2026-05")
    assert _labels(_run(space, "create", server)) == {}
    space.apply(_version("2026-05", artifacts=[{"name": "model", "uri": "s3://models/2026-05/"}]))
    ready = space.ready("ModelVersion", "churn-2026-05")
    assert ready["status"]["storageUri"] == "model-registry://churn/2026-05"
    wait_until(lambda: bool(_would_label(space, "2026-05")), "the version has no effect")
    edited = {**server, "metadata": {"name": name, "annotations": {"example.com/note": "edited"}}}
    assert _labels(_run(space, "replace", edited)) == {}


def test_the_operator_has_no_right_on_servers(shared_site: Site) -> None:
    roles = shared_site.plane.run_kubectl("get", "clusterroles,roles", "--all-namespaces", "-o", "json").stdout
    ours = [one for one in json.loads(roles)["items"] if one["metadata"].get("labels", {}).get("helm.sh/chart")]
    groups = {group for one in ours for rule in one["rules"] for group in rule.get("apiGroups", ())}
    assert groups
    assert "serving.kserve.io" not in groups
    assert "*" not in groups


def test_open_data_hub_has_labels_of_its_own(shared_site: Site, space: Namespace, name: str) -> None:
    """Last in this module, because it changes the release."""
    labels = {"labelInferenceServices": True, "labelGroup": OPEN_DATA_HUB, "registryName": "models"}
    shared_site.install(shared_site.values(serving=labels))
    _wait_for_the_policies(space, OPEN_DATA_HUB, name="models")
    created = _run(space, "create", _service(name, _registered(space, "2026-04")))
    assert _labels(created) == _expected(space, "2026-04", OPEN_DATA_HUB, name="models")
    bare = _service(name, _registered(space, "2026-04"))
    assert _replace_when_kept(space, bare, _labels(created)) == _labels(created)


def test_a_cluster_without_such_policies_is_refused_with_a_sentence(helm: Helm) -> None:
    with pytest.raises(
        HelmError, match=r"serving.labelInferenceServices requires Kubernetes 1\.36 or newer: the cluster does"
    ):
        helm.template(MINIMAL, "--set", "serving.labelInferenceServices=true")
