"""examples/policies on a real API server: what each refuses, what it lets through, and that the operator can finish."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from devcluster.controlplane import ControlPlane, KubectlError
from tests.env.control_plane import OTHERS_CRDS, install_crds
from tests.support.fixtures import Unique
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, manifest
from tests.support.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
POLICIES = REPOSITORY / "examples" / "policies"
APPROVER = ("--as=ada", "--as-group=system:masters", "--as-group=model-approvers")
PINNED = "oci://registry.example.com/churn@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
HELD = "example.com/held"
TAKE_OVER = "model-registrar.dev/take-over"
NOT_ALLOWED = r"Taking over entries of others is not allowed in this cluster\."
PAUSED = "model-registrar.dev/paused"

Enforce = Callable[[str, Callable[[], object]], None]


@pytest.fixture(scope="module", autouse=True)
def operator(operator: OperatorProcess, cluster: ControlPlane) -> OperatorProcess:
    """The module's operator, in a cluster with KServe's definitions."""
    install_crds(cluster, OTHERS_CRDS)
    return operator


@pytest.fixture
def enforce(space: Namespace) -> Iterator[Enforce]:
    """Apply a policy to the module's namespace alone, and wait until the API server refuses a request."""
    applied: list[tuple[str, Callable[[], object]]] = []

    def apply(name: str, refused: Callable[[], object]) -> None:
        manifests = list(yaml.safe_load_all((POLICIES / f"{name}.yaml").read_text()))
        for one in manifests:
            if one["kind"] == "ValidatingAdmissionPolicyBinding":
                labels = one["spec"].setdefault("matchResources", {}).setdefault("namespaceSelector", {})
                labels.setdefault("matchLabels", {})["kubernetes.io/metadata.name"] = space.name
        text = yaml.safe_dump_all(manifests)
        applied.append((text, refused))
        space.cluster.run_kubectl("apply", "--validate=strict", "-f", "-", stdin=text)
        wait_until(lambda: _is_refused(refused), f"{name} has no effect")

    yield apply
    for text, refused in applied:
        space.cluster.run_kubectl("delete", "-f", "-", stdin=text)
        wait_until(partial(_is_allowed, refused), "the policy still has an effect")


def _is_refused(request: Callable[[], object]) -> bool:
    try:
        request()
    except KubectlError as error:
        return "denied request" in str(error)
    return False


def _is_allowed(request: Callable[[], object]) -> bool:
    return not _is_refused(request)


def _apply(space: Namespace, resource: Manifest, *arguments: str) -> Manifest:
    words = ("apply", "--namespace", space.name, "-o", "json", *arguments, "-f", "-")
    stored: Manifest = json.loads(space.cluster.run_kubectl(*words, stdin=json.dumps(resource)).stdout)
    return stored


def _edits_that_leave_the_spec(space: Namespace, resource: Manifest) -> None:
    """What people and the operator may always do: label, annotate, and write the same again."""
    place = (resource["kind"], resource["metadata"]["name"], "--namespace", space.name)
    space.cluster.run_kubectl("label", *place, "team=growth", "--overwrite")
    space.cluster.run_kubectl("annotate", *place, "model-registrar.dev/reconcile-requested-at=now", "--overwrite")
    _apply(space, resource)


def _delete(space: Namespace, kind: str, name: str, *arguments: str) -> None:
    space.cluster.run_kubectl("delete", kind, name, "--namespace", space.name, "--wait=false", *arguments)


def _delete_and_wait(space: Namespace, kind: str, name: str) -> None:
    """Delete a resource; the operator removes its finalizer."""
    assert space.get(kind, name)["metadata"]["finalizers"]
    _delete(space, kind, name)
    space.wait_gone(kind, name)


@contextmanager
def _held(space: Namespace, resource: Manifest) -> Iterator[str]:
    """Delete a resource that another finalizer holds; gives its name, and lets it go afterwards."""
    name = f"{resource['metadata']['name']}-held"
    place = (resource["kind"], name)
    space.create({**resource, "metadata": {**resource["metadata"], "name": name, "finalizers": [HELD]}})
    space.delete(*place)
    yield name
    space.patch(*place, {"metadata": {"finalizers": None}})
    space.wait_gone(*place)


def test_each_policy_is_tested() -> None:
    tested = {"protected-aliases", "pinned-artifacts", "served-versions", "served-versions-llm", "no-take-over"}
    assert {path.stem for path in POLICIES.glob("*.yaml")} == tested


def test_only_approvers_move_a_protected_alias(space: Namespace, enforce: Enforce, unique: Unique) -> None:
    name = unique("churn")

    def model(**spec: Any) -> Manifest:
        return manifest("RegisteredModel", name, **spec)

    before = model(aliases={"champion": "2026-03", "challenger": "2026-04"})
    _apply(space, before)
    space.wait("RegisteredModel", name, lambda one: "id" in one.get("status", {}))
    moved = model(aliases={"champion": "2026-04", "challenger": "2026-04"})
    enforce("protected-aliases", lambda: _apply(space, moved, "--dry-run=server"))

    with pytest.raises(KubectlError, match="only members of model-approvers may change the alias champion"):
        _apply(space, moved)
    for refused in (model(), model(aliases={"challenger": "2026-04"})):
        with pytest.raises(KubectlError, match="may change the alias champion"):
            _apply(space, refused)
    other = unique("other")
    for spec in ({"aliases": {"champion": "2026-03"}}, {"customProperties": {"alias.champion": "2026-03"}}):
        with pytest.raises(KubectlError, match="may change the alias champion"):
            _apply(space, manifest("RegisteredModel", other, **spec))
    # Everybody may do the rest.
    _apply(space, manifest("RegisteredModel", other, aliases={"challenger": "2026-03"}))
    _apply(space, model(owner="analytics", aliases={"champion": "2026-03", "challenger": "2026-05"}))
    _edits_that_leave_the_spec(space, before)

    with _held(space, manifest("RegisteredModel", unique("gone"))) as held:
        space.patch("RegisteredModel", held, {"spec": {"aliases": {"champion": "2026-03"}}})

    assert _apply(space, moved, *APPROVER)["spec"]["aliases"]["champion"] == "2026-04"
    _delete_and_wait(space, "RegisteredModel", name)


def test_artifacts_are_pinned_in_production(space: Namespace, enforce: Enforce, unique: Unique) -> None:
    name = unique("churn")

    def version(*uris: str) -> Manifest:
        artifacts = [{"name": f"model-{number}", "uri": uri} for number, uri in enumerate(uris)]
        return manifest("ModelVersion", name, registeredModelRef={"name": name}, artifacts=artifacts)

    def artifact(uri: str, **spec: Any) -> Manifest:
        return manifest("ModelArtifact", name, modelVersionRef={"name": name}, uri=uri, **spec)

    old = [version("s3://models/1/"), artifact("s3://models/2/")]
    space.apply(manifest("RegisteredModel", name), *old)
    for one in old:
        space.ready(one["kind"], name)
    space.cluster.run_kubectl("label", "namespace", space.name, "environment=prod")
    enforce("pinned-artifacts", lambda: _apply(space, version("s3://models/3/"), "--dry-run=server"))

    with pytest.raises(KubectlError, match=r"put a digest on each artifact, or @sha256: into its uri: model-1"):
        _apply(space, version(PINNED, "s3://models/3/"))
    with pytest.raises(KubectlError, match=f"into its uri: {name}"):
        _apply(space, artifact("oci://registry.example.com/churn:latest"))
    for one in old:
        _edits_that_leave_the_spec(space, one)
    _apply(space, version(PINNED))
    _apply(space, artifact(PINNED))
    pinned = {"uri": "s3://models/3/", "digest": f"sha256:{'0' * 64}"}
    _apply(space, {**version(), "spec": {**version()["spec"], "artifacts": [{"name": "model", **pinned}]}})
    _apply(space, manifest("ModelArtifact", name, modelVersionRef={"name": name}, **pinned))
    _apply(space, manifest("ModelVersion", f"{name}-empty", registeredModelRef={"name": name}))
    with _held(space, manifest("ModelArtifact", name, modelVersionRef={"name": name}, uri=PINNED)) as held:
        space.patch("ModelArtifact", held, {"spec": {"uri": "s3://models/4/"}})
    for one in reversed(old):
        _delete_and_wait(space, one["kind"], name)


def test_an_unpinned_resource_can_still_be_deleted(space: Namespace, enforce: Enforce, unique: Unique) -> None:
    """Its spec cannot be edited any more, and the operator removes its finalizer."""
    name = unique("churn")
    version = manifest(
        "ModelVersion", name, registeredModelRef={"name": name}, artifacts=[{"name": "model", "uri": "s3://models/1/"}]
    )
    space.apply(manifest("RegisteredModel", name), version)
    space.ready("ModelVersion", name)
    space.cluster.run_kubectl("label", "namespace", space.name, "environment=prod", "--overwrite")
    edited = {**version, "spec": {**version["spec"], "author": "grace"}}
    enforce("pinned-artifacts", lambda: _apply(space, edited, "--dry-run=server"))
    _delete_and_wait(space, "ModelVersion", name)


def _server(kind: str, name: str, address: str) -> Manifest:
    version, spec = {
        "InferenceService": (
            "v1beta1",
            {"predictor": {"model": {"modelFormat": {"name": "xgboost"}, "storageUri": address}}},
        ),
        "LLMInferenceService": ("v1alpha2", {"model": {"uri": address}}),
    }[kind]
    return {
        "apiVersion": f"serving.kserve.io/{version}",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


@pytest.mark.parametrize(
    ("policy", "kind", "address"),
    [
        ("served-versions", "InferenceService", "model-registry://{name}/{name}?namespace=kubeflow"),
        ("served-versions", "InferenceService", "s3://models/{name}/"),
        ("served-versions-llm", "LLMInferenceService", "s3://models/{name}/"),
    ],
    ids=["address-in-the-registry", "own-address", "llm"],
)
def test_a_served_version_is_not_deleted(
    space: Namespace, enforce: Enforce, unique: Unique, policy: str, kind: str, address: str
) -> None:
    name = unique("churn")
    artifacts = [{"name": "model", "uri": f"s3://models/{name}/"}]
    space.apply(
        manifest("RegisteredModel", name),
        manifest("ModelVersion", name, registeredModelRef={"name": name}, artifacts=artifacts),
        manifest("ModelVersion", f"{name}-free", registeredModelRef={"name": name}),
    )
    space.ready("ModelVersion", f"{name}-free")
    status = space.wait("ModelVersion", name, lambda one: "storageUri" in one.get("status", {}))["status"]
    server = address.format(name=name)
    assert server.partition("?")[0] in {status["uri"], status["storageUri"]}
    _apply(space, _server(kind, name, server))
    enforce(policy, lambda: _delete(space, "modelversion", name, "--dry-run=server"))

    with pytest.raises(KubectlError, match=f"the {kind} {name} serves this version"):
        _delete(space, "modelversion", name)
    assert "deletionTimestamp" not in space.get("ModelVersion", name)["metadata"]
    # A server loads an archived version as well.
    archived = {"registeredModelRef": {"name": name}, "artifacts": artifacts, "state": "ARCHIVED"}
    space.apply(manifest("ModelVersion", name, **archived))
    space.wait("ModelVersion", name, lambda one: "uri" not in one["status"])
    with pytest.raises(KubectlError, match=f"the {kind} {name} serves this version"):
        _delete(space, "modelversion", name)
    _delete_and_wait(space, "ModelVersion", f"{name}-free")
    # Once the server moved on, it goes.
    _apply(space, _server(kind, name, "s3://models/another/"))
    wait_until(
        lambda: _is_allowed(lambda: _delete(space, "modelversion", name, "--dry-run=server")),
        "the version is held back",
    )
    _delete_and_wait(space, "ModelVersion", name)
    _delete(space, kind, name)


def _annotate(space: Namespace, name: str, annotation: str) -> None:
    """Set (``name=value``) or remove (``name-``) an annotation of a model."""
    space.cluster.run_kubectl("annotate", "rmodel", name, "--overwrite", "--namespace", space.name, annotation)


def test_nobody_takes_over(space: Namespace, enforce: Enforce, unique: Unique) -> None:
    name, new, other, old = (unique(each) for each in ("churn", "new", "other", "old"))

    def model(name: str, **annotations: str) -> Manifest:
        one = manifest("RegisteredModel", name)
        return {**one, "metadata": {"name": name, "annotations": annotations}}

    for one in (name, other):
        _apply(space, model(one, **{TAKE_OVER: "true"}))
    held_back = model(old, **{TAKE_OVER: "no"})
    _apply(space, {**held_back, "metadata": {**held_back["metadata"], "finalizers": [HELD]}})
    space.ready("RegisteredModel", name)
    enforce("no-take-over", lambda: _apply(space, model(new, **{TAKE_OVER: "true"}), "--dry-run=server"))

    with pytest.raises(KubectlError, match=NOT_ALLOWED):
        _apply(space, model(new, **{TAKE_OVER: "true"}))
    _apply(space, model(new))
    with pytest.raises(KubectlError, match=NOT_ALLOWED):
        _apply(space, model(new, **{TAKE_OVER: "true"}))
    for one, value in ((new, "true"), (new, ""), (old, "true")):
        with pytest.raises(KubectlError, match=NOT_ALLOWED):
            _annotate(space, one, f"{TAKE_OVER}={value}")
    _apply(space, model(unique("paused"), **{PAUSED: "true"}))
    for one in (new, old):
        _annotate(space, one, f"{PAUSED}=true")
    _annotate(space, other, f"{TAKE_OVER}-")
    _edits_that_leave_the_spec(space, model(name, **{TAKE_OVER: "true"}))
    space.patch("RegisteredModel", name, {"spec": {"owner": "analytics"}})
    _apply(space, model(name))
    with pytest.raises(KubectlError, match=NOT_ALLOWED):
        _apply(space, model(name, **{TAKE_OVER: "true"}))
    with _held(space, manifest("RegisteredModel", unique("gone"))) as held:
        space.annotate("RegisteredModel", held, take_over="true")
    # The deletion ends by an update that removes the last finalizer.
    space.delete("RegisteredModel", old)
    space.patch("RegisteredModel", old, {"metadata": {"finalizers": None}})
    space.wait_gone("RegisteredModel", old)
    _delete_and_wait(space, "RegisteredModel", name)
