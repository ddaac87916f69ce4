"""The registry or the operator fails after an artifact's ownership was recorded, and before its entry was written.

A version adopts an entry as its inline artifact. What the operator is about to set is in the status by then, because a
later run has to clear it if it leaves the spec; so it must survive the failure, and so must the other artifacts.
"""

from collections.abc import Callable
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry.types import ModelArtifact, ModelVersion, RegisteredModel
from tests.support.fault_proxy import Fault, FaultProxy, Treatment, on_matching
from tests.support.fixtures import StartOperator, Unique
from tests.support.loopback import Received, Reply
from tests.support.resources import Manifest, Namespace, has_reason, manifest

FIRST = {"name": "first", "uri": "s3://b/1", "customProperties": {"size": 1}}
ADOPTED = {"name": "adopted", "uri": "s3://b/2", "modelFormatName": "onnx", "customProperties": {"size": 2}}
LAST = {"name": "last", "uri": "s3://b/3", "description": "the last"}
NARROWED = {"name": "adopted", "uri": "s3://b/2"}
"""The adopted artifact without its format and property."""


def by_name(artifacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return artifacts of a status by name: until the next report they may be in another order than in the spec."""
    return {artifact["name"]: artifact for artifact in artifacts}


class Setting:
    """A version with two artifacts in sync, and an artifact of another writer beside them.

    Attributes:
        before: the version's status.
        entry_id: the ID of the other writer's artifact.
        created: when the registry created it.
    """

    def __init__(self, space: Namespace, unique: Unique) -> None:
        self._space = space
        self._version = unique("version")
        self._model = unique("model")
        self.before: dict[str, Any] = {}
        self.entry_id = ""
        self.created: str | None = None

    async def prepare(self, registry: ModelRegistryAPIClient) -> None:
        """Wait until the version is in sync, then create the other artifact."""
        self._space.apply(manifest("RegisteredModel", self._model))
        self.apply(FIRST, LAST)
        self.before = self.ready()
        by_hand = ModelArtifact("adopted", uri="s3://old", description="by hand")
        entry = await registry.upsert_model_version_artifact(by_hand, self.before["id"])
        self.entry_id, self.created = str(entry.id), entry.create_time_since_epoch

    def apply(self, *artifacts: dict[str, Any]) -> None:
        """Apply the version with these artifacts."""
        reference = {"name": self._model}
        version = manifest("ModelVersion", self._version, registeredModelRef=reference, artifacts=list(artifacts))
        self._space.apply(version)

    def wait(self, until: Callable[[Manifest], bool]) -> dict[str, Any]:
        """Wait until the version passes a check; returns its status."""
        status: dict[str, Any] = self._space.wait("ModelVersion", self._version, until)["status"]
        return status

    def ready(self) -> dict[str, Any]:
        """Wait until the version is Ready; returns its status."""
        status: dict[str, Any] = self._space.ready("ModelVersion", self._version)["status"]
        return status

    @property
    def status(self) -> dict[str, Any]:
        """The version's status now."""
        status: dict[str, Any] = self._space.get("ModelVersion", self._version)["status"]
        return status

    @property
    def recorded(self) -> dict[str, Any]:
        """The artifacts as the status has to record them before the entry is written, by name."""
        adopted = {
            "name": "adopted",
            "type": "model-artifact",
            "id": self.entry_id,
            "createTimeSinceEpoch": self.created,
            "origin": "Adopted",
            "ownedFields": ["modelFormatName", "uri"],
            "ownedProperties": ["size"],
        }
        return by_name([*self.before["artifacts"], adopted])

    def is_write(self, received: Received) -> bool:
        """Return whether a request writes the other artifact's entry."""
        return received.method == "PATCH" and received.route.endswith(f"/{self.entry_id}")


@pytest.fixture
async def setting(own_space: Namespace, unique: Unique) -> Setting:
    return Setting(own_space, unique)


async def _assert_completed(setting: Setting, spec: dict[str, Any], registry: ModelRegistryAPIClient) -> None:
    """Assert that the entry is adopted as the spec declares it, and that nothing else has changed."""
    after = setting.ready()
    assert [artifact["name"] for artifact in after["artifacts"]] == ["first", "adopted", "last"]
    assert [after["artifacts"][place] for place in (0, 2)] == setting.before["artifacts"]
    assert after["artifacts"][1].get("ownedProperties", []) == sorted(spec.get("customProperties", {}))
    entry = await registry.get_artifact_by_id(setting.entry_id)
    assert isinstance(entry, ModelArtifact)
    assert (entry.uri, entry.description) == (spec["uri"], "by hand")
    assert (entry.model_format_name or None) == spec.get("modelFormatName")
    properties = dict(entry.custom_properties or {})
    assert str(properties.pop("model-registrar.dev/owner")).startswith("adopted:")
    assert properties == spec.get("customProperties", {})


@pytest.mark.parametrize("narrowed", [False, True], ids=["same spec", "narrowed spec"])
@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER], ids=["never sent", "answer lost"])
async def test_recorded_ownership_survives_a_registry_that_fails(
    setting: Setting,
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    fault: Fault,
    narrowed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    start_operator(registry_proxy.url, own_space)
    await setting.prepare(registry)
    at_the_write: list[Any] = []

    def fail_from_the_write_on(received: Received) -> Treatment:
        if at_the_write:
            return Reply(503, "unavailable")
        if not setting.is_write(received):
            return None
        at_the_write.append(by_name(setting.status["artifacts"]))
        return fault

    registry_proxy.script = fail_from_the_write_on
    setting.apply(FIRST, ADOPTED, LAST)
    status = setting.wait(has_reason("RegistryUnavailable"))
    assert at_the_write == [setting.recorded]
    assert by_name(status["artifacts"]) == setting.recorded
    assert status["id"] == setting.before["id"]
    spec = NARROWED if narrowed else ADOPTED
    setting.apply(FIRST, spec, LAST)
    registry_proxy.heal()
    await _assert_completed(setting, spec, registry)


@pytest.mark.parametrize("fault", [Fault.STALL_BEFORE, Fault.STALL_AFTER], ids=["never sent", "answer lost"])
async def test_recorded_ownership_survives_a_killed_operator(
    setting: Setting,
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    fault: Fault,
) -> None:
    operator = start_operator(registry_proxy.url, own_space)
    await setting.prepare(registry)
    registry_proxy.script = on_matching(fault, setting.is_write)
    setting.apply(FIRST, ADOPTED, LAST)
    registry_proxy.wait_for_stalled(1)
    operator.kill()
    assert by_name(setting.status["artifacts"]) == setting.recorded
    setting.apply(FIRST, NARROWED, LAST)
    registry_proxy.heal()
    operator.start()
    await _assert_completed(setting, NARROWED, registry)


async def test_what_an_adopted_version_sets_on_its_artifact_is_recorded_with_the_version(
    own_space: Namespace,
    start_operator: StartOperator,
    registry_proxy: FaultProxy,
    registry: ModelRegistryAPIClient,
    unique: Unique,
) -> None:
    """An artifact counts only under the ID of its version, and this version declares nothing that is recorded first."""
    model = await registry.upsert_registered_model(RegisteredModel(unique("model")))
    version = await registry.upsert_model_version(ModelVersion("1.0"), model.id)
    by_hand = await registry.upsert_model_version_artifact(ModelArtifact("weights", uri="s3://b/w"), version.id)
    operator = start_operator(registry_proxy.url, own_space)
    registry_proxy.script = on_matching(
        Fault.STALL_AFTER, lambda received: received.method == "PATCH" and received.route.endswith(f"/{by_hand.id}")
    )

    def apply(**fields: str) -> None:
        artifacts = [{"name": "weights", "uri": "s3://b/w", **fields}]
        reference = {"external": {"id": model.id}}
        own_space.apply(
            manifest("ModelVersion", "version", name="1.0", registeredModelRef=reference, artifacts=artifacts)
        )

    apply(modelFormatName="onnx")
    registry_proxy.wait_for_stalled(1)
    operator.kill()
    status = own_space.get("ModelVersion", "version")["status"]
    assert (status["id"], status["origin"], status["parentId"]) == (version.id, "Adopted", model.id)
    assert status["artifacts"][0]["ownedFields"] == ["modelFormatName", "uri"]
    apply()
    registry_proxy.heal()
    operator.start()
    own_space.ready("ModelVersion", "version")
    entry = await registry.get_artifact_by_id(by_hand.id)
    assert isinstance(entry, ModelArtifact)
    assert not entry.model_format_name
