"""Inline artifacts that left the spec before any status recorded them: the operator was killed in between."""

from collections.abc import Callable

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, RegistryEntry
from registrar.api.meta import OWNER_PROPERTY
from tests.support.fault_proxy import Fault, FaultProxy, on_matching
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received
from tests.support.operator_process import OperatorProcess
from tests.support.resources import Manifest, Namespace, annotated, has_reason, manifest
from tests.support.waiting import wait_for

DRAFT: dict[str, object] = {"name": "draft", "uri": "s3://b/d"}
RETIRED = "MARKED_FOR_DELETION"


def _version(*artifacts: dict[str, object], **spec: object) -> Manifest:
    inline = [{"name": "weights", "uri": "s3://b/w"}, *artifacts]
    return manifest("ModelVersion", "version", registeredModelRef={"name": "model"}, artifacts=inline, **spec)


def _writes(method: str, name: str) -> Callable[[Received], bool]:
    return lambda received: received.method == method and received.json.get("name") == name


def _kill_after(
    operator: OperatorProcess, registry: FaultProxy, matches: Callable[[Received], bool], act: Callable[[], None]
) -> None:
    """Kill the operator once the registry has carried out such a request, and before its answer arrives."""
    registry.script = on_matching(Fault.STALL_AFTER, matches)
    act()
    registry.wait_for_stalled(1)
    operator.kill()
    registry.heal()


class Crash:
    """A version whose artifact was created just before the operator was killed; no status records either."""

    def __init__(self, space: Namespace, operator: OperatorProcess, model: str) -> None:
        self.space = space
        self.operator = operator
        self.model = model

    async def artifacts(self, registry: ModelRegistryAPIClient, version: str = "version") -> dict[str, RegistryEntry]:
        """Return the artifacts of a version, by name."""
        entry = await registry.get_model_version_by_params(
            registered_model_id=self.space.ready("RegisteredModel", "model")["status"]["id"], name=version
        )
        assert entry is not None
        found = await registry.get_model_version_artifacts(str(entry.id))
        return {str(artifact.name): artifact for artifact in found}

    async def draft(self, registry: ModelRegistryAPIClient) -> RegistryEntry:
        return (await self.artifacts(registry))["draft"]

    async def until_retired(self, registry: ModelRegistryAPIClient) -> RegistryEntry:
        return await wait_for(lambda: self.draft(registry), lambda entry: getattr(entry, "state", None) == RETIRED)


@pytest.fixture
def crash(own_space: Namespace, start_operator: StartOperator, registry_proxy: FaultProxy, unique: Unique) -> Crash:
    operator = start_operator(registry_proxy.url, own_space, "--handover-grace=1")
    model = unique("model")
    own_space.apply(manifest("RegisteredModel", "model", name=model))
    own_space.ready("RegisteredModel", "model")
    _kill_after(operator, registry_proxy, _writes("POST", "draft"), lambda: own_space.apply(_version(DRAFT)))
    assert "id" not in own_space.get("ModelVersion", "version")["status"]
    return Crash(own_space, operator, model)


async def test_it_is_retired(crash: Crash, registry: ModelRegistryAPIClient) -> None:
    crash.space.apply(_version())
    crash.operator.start()
    await crash.until_retired(registry)
    status = crash.space.ready("ModelVersion", "version")["status"]
    assert [artifact["name"] for artifact in status["artifacts"]] == ["weights"]
    artifacts = await crash.artifacts(registry)
    assert getattr(artifacts["weights"], "state", None) == "LIVE"
    assert str((artifacts["draft"].custom_properties or {})[OWNER_PROPERTY]).startswith("released:")


async def test_it_is_retired_where_another_type_has_its_name_now(
    crash: Crash, registry: ModelRegistryAPIClient
) -> None:
    first = await crash.draft(registry)
    crash.space.apply(_version(docArtifacts=[DRAFT]))
    crash.operator.start()
    status = crash.space.ready("ModelVersion", "version")["status"]
    assert [(artifact["name"], artifact["type"]) for artifact in status["artifacts"]] == [
        ("draft", "doc-artifact"),
        ("weights", "model-artifact"),
    ]
    retired = await registry.get_artifact_by_id(str(first.id))
    assert retired is not None
    assert retired.state == RETIRED
    document = await registry.get_artifact_by_id(status["artifacts"][0]["id"])
    assert document is not None
    assert document.state == "LIVE"


async def test_it_is_retired_with_its_version(crash: Crash, registry: ModelRegistryAPIClient) -> None:
    crash.space.apply(_version())
    crash.space.delete("ModelVersion", "version")
    crash.operator.start()
    crash.space.wait_gone("ModelVersion", "version")
    states = {name: getattr(entry, "state", None) for name, entry in (await crash.artifacts(registry)).items()}
    assert states == {"draft": RETIRED, "weights": RETIRED}


async def test_it_goes_to_a_resource_that_declares_it_now(crash: Crash, registry: ModelRegistryAPIClient) -> None:
    first = await crash.draft(registry)
    crash.space.apply(
        _version(),
        manifest("ModelArtifact", "own", name="draft", modelVersionRef={"name": "version"}, uri="s3://b/d"),
    )
    crash.operator.start()
    crash.space.ready("ModelVersion", "version")
    assert crash.space.ready("ModelArtifact", "own")["status"]["id"] == first.id
    handed = await crash.draft(registry)
    assert getattr(handed, "state", None) == "LIVE"
    assert str((handed.custom_properties or {})[OWNER_PROPERTY]).endswith("/own")
    # A later run of the version finds nothing of its own there.
    crash.space.apply(_version(description="changed"))
    crash.space.ready("ModelVersion", "version")
    assert await crash.draft(registry) == handed


async def test_it_waits_while_its_version_is_paused(
    crash: Crash, registry: ModelRegistryAPIClient, unique: Unique
) -> None:
    marker = unique("marker")
    crash.space.apply(annotated(_version(), paused="true"), manifest("RegisteredModel", marker))
    crash.operator.start()
    crash.space.ready("RegisteredModel", marker)
    crash.space.wait("ModelVersion", "version", has_reason("Paused"))
    assert getattr(await crash.draft(registry), "state", None) == "LIVE"
    crash.space.annotate("ModelVersion", "version", paused=None)
    await crash.until_retired(registry)


async def test_it_stays_where_deletions_leave_entries(crash: Crash, registry: ModelRegistryAPIClient) -> None:
    crash.space.apply(_version(deletionPolicy="Orphan"))
    crash.operator.start()
    left = await wait_for(
        lambda: crash.draft(registry), lambda entry: OWNER_PROPERTY not in (entry.custom_properties or {})
    )
    assert getattr(left, "state", None) == "LIVE"


async def test_one_that_was_adopted_is_released(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """It awaits an upload, so the operator sets nothing on it but the stamp, and records nothing before that."""
    operator = start_operator(registry_proxy.url, own_space, "--handover-grace=1")
    own_space.apply(manifest("RegisteredModel", "model", name=unique("model")), _version())
    version_id = own_space.ready("ModelVersion", "version")["status"]["id"]
    by_hand = await registry.upsert_model_version_artifact(ModelArtifact("draft", state="PENDING"), version_id)
    upload: dict[str, object] = {"name": "draft", "state": "PENDING"}
    is_stamped: Callable[[Received], bool] = lambda received: (  # noqa: E731 - one expression
        received.method == "PATCH" and received.route.endswith(f"/{by_hand.id}")
    )
    _kill_after(operator, registry_proxy, is_stamped, lambda: own_space.apply(_version(upload)))
    own_space.apply(_version())
    operator.start()
    released = await wait_for(
        lambda: registry.get_artifact_by_id(str(by_hand.id)),
        lambda entry: entry is not None and OWNER_PROPERTY not in (entry.custom_properties or {}),
    )
    assert getattr(released, "state", None) == "PENDING"


async def test_one_that_comes_back_behind_a_settled_spec_is_drift(
    own_space: Namespace,
    start_operator: StartOperator,
    registry: ModelRegistryAPIClient,
    registry_url: str,
    unique: Unique,
) -> None:
    """A registry that was restored from an older copy has such artifacts: only Correct retires them."""
    start_operator(registry_url, own_space, "--handover-grace=0", "--feed-interval=0.5")
    reference = {"name": "model"}
    own_space.apply(
        manifest("RegisteredModel", "model", name=unique("model")),
        manifest("ModelVersion", "reports", registeredModelRef=reference, driftPolicy="Report"),
        manifest("ModelVersion", "corrects", registeredModelRef=reference),
    )
    found: dict[str, str] = {}
    for version in ("reports", "corrects"):
        version_id = own_space.ready("ModelVersion", version)["status"]["id"]
        stamp = f"created:tests/{own_space.name}/{own_space.name}/{version}#draft"
        entry = await registry.upsert_model_version_artifact(
            ModelArtifact("draft", uri="s3://b/d", state="LIVE", custom_properties={OWNER_PROPERTY: stamp}), version_id
        )
        found[version] = str(entry.id)
    await wait_for(
        lambda: registry.get_artifact_by_id(found["corrects"]),
        lambda entry: entry is not None and entry.state == RETIRED,
    )
    own_space.ready("ModelVersion", "corrects")
    own_space.ready("ModelVersion", "reports")
    left = await registry.get_artifact_by_id(found["reports"])
    assert left is not None
    assert left.state == "LIVE"


async def test_one_that_a_predecessor_left_in_another_version_stays(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """The spec declares an artifact of that name, which does not exist yet; its deletion finds that of the other."""
    operator = start_operator(registry_proxy.url, own_space, "--handover-grace=1")
    reference = {"name": "model"}
    own_space.apply(
        manifest("RegisteredModel", "model", name=unique("model")),
        manifest("ModelVersion", "before", registeredModelRef=reference),
    )
    before_id = own_space.ready("ModelVersion", "before")["status"]["id"]
    stamp = f"created:tests/{own_space.name}/{own_space.name}/version#weights"
    left = await registry.upsert_model_version_artifact(
        ModelArtifact("weights", uri="s3://b/w", state="LIVE", custom_properties={OWNER_PROPERTY: stamp}), before_id
    )
    _kill_after(operator, registry_proxy, _writes("POST", "version"), lambda: own_space.apply(_version()))
    own_space.delete("ModelVersion", "version")
    operator.start()
    own_space.wait_gone("ModelVersion", "version")
    assert await registry.get_artifact_by_id(str(left.id)) == left
