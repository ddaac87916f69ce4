"""What the API server accepts, and what it keeps of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from registrar.api.conditions import Condition, ConditionStatus
from registrar.api.meta import API_VERSION
from registrar.api.properties import MAX_NAME_LENGTH, MAX_PROPERTIES, TypedProperty
from registrar.api.v1alpha1 import (
    ArtifactType,
    InlineArtifactStatus,
    ModelArtifactStatus,
    ModelVersionStatus,
    RegisteredModel,
    RegisteredModelStatus,
)
from registrar.kinds.table import RESOURCES
from tests.crds.cards import CARDS
from tests.crds.conftest import Kubectl
from tests.crds.manifests import Manifest, model_artifact, model_version, registered_model, without

EXAMPLES = Path(__file__).parents[2] / "examples"


def _is_of_ours(file: Path) -> bool:
    """Whether a file holds resources of ours alone; what others stand in, tests/examples applies."""
    return all(one.get("apiVersion") == API_VERSION for one in yaml.safe_load_all(file.read_text()))


OURS = [file for file in sorted(EXAMPLES.rglob("*.yaml")) if _is_of_ours(file)]
Create = Callable[[Manifest], dict[str, Any]]

REFERENCES = {
    "a model of this namespace": model_version(registeredModelRef={"name": "fraud.v2-x"}),
    "an external model by ID": model_version(registeredModelRef={"external": {"id": "2147483647"}}),
    "an external model by name": model_version(registeredModelRef={"external": {"name": "My Model: v2/ü %_"}}),
    "a version of this namespace": model_artifact(modelVersionRef={"name": "v1"}),
    "an external version by ID": model_artifact(modelVersionRef={"external": {"id": "1"}}),
    "an external version by names": model_artifact(
        modelVersionRef={"external": {"registeredModelName": "My Model", "name": "v1.0"}}
    ),
}


@pytest.mark.parametrize("manifest", REFERENCES.values(), ids=REFERENCES.keys())
def test_every_form_of_reference_is_kept(create: Create, manifest: Manifest) -> None:
    assert create(manifest)["spec"] == manifest["spec"]


def test_empty_spec_is_kept_without_defaults(create: Create) -> None:
    created = create(registered_model())

    assert created["spec"] == {}
    assert created["status"] == {"observedGeneration": -1}


def test_spec_of_a_model_may_be_absent(create: Create, kubectl: Kubectl) -> None:
    created = create(without(registered_model("this"), "spec"))
    assert "spec" not in created
    assert RegisteredModel.model_validate(created).entry_name == "this"

    patch = json.dumps({"status": {"id": "7"}})
    kubectl("patch", "rmodel", "this", "--subresource=status", "--type=merge", f"--patch={patch}")
    assert kubectl("patch", "rmodel", "this", "--type=merge", '--patch={"spec": {"owner": "ada"}}').returncode == 0


@pytest.mark.parametrize("manifest", CARDS.values(), ids=CARDS.keys())
def test_real_cards_fit(create: Create, manifest: Manifest) -> None:
    created = create(manifest)

    assert created["spec"] == manifest["spec"]
    kind = next(kind for kind in RESOURCES if manifest["kind"] == kind.KIND)
    assert kind.model_validate(created).entry_name == manifest["spec"].get("name", manifest["metadata"]["name"])


def test_external_names_may_have_spaces_around_them(create: Create) -> None:
    """The entry exists: whoever created it need not have used this operator."""
    manifest = model_version(registeredModelRef={"external": {"name": "fraud "}})
    assert create(manifest)["spec"] == manifest["spec"]


def test_object_that_etcd_cannot_hold_is_refused_with_that_reason(kubectl: Kubectl) -> None:
    manifest = registered_model(readme="r" * 1_000_000, description="d" * 1_000_000)
    answer = kubectl("create", "--filename=-", manifest=manifest, check=False)

    assert answer.returncode == 1
    assert "request is too large" in answer.stderr


def test_card_beyond_the_annotation_of_kubectl_apply_needs_server_side_apply(kubectl: Kubectl) -> None:
    manifest = registered_model(readme="r" * 300_000)
    answer = kubectl("apply", "--filename=-", manifest=manifest, check=False)

    assert (answer.returncode, "metadata.annotations: Too long" in answer.stderr) == (1, True)
    assert kubectl("apply", "--server-side", "--filename=-", manifest=manifest).returncode == 0


def test_most_properties_with_the_longest_names_and_their_status_fit(kubectl: Kubectl, create: Create) -> None:
    names = [f"{number:04}".ljust(MAX_NAME_LENGTH, "n") for number in range(2 * MAX_PROPERTIES)]
    create(registered_model("this", customProperties=dict.fromkeys(names[:MAX_PROPERTIES], 1)))
    patch = json.dumps({"status": {"ownedProperties": names}})

    kubectl("patch", "rmodel", "this", "--subresource=status", "--type=merge", "--patch-file=/dev/stdin", stdin=patch)


def test_every_scalar_property_reaches_the_operator(create: Create) -> None:
    declared = {
        "text": "1.0",
        "label": "",
        "whole": 3,
        "negative": -2147483648,
        "fraction": 0.97,
        "small": 1e-7,
        "yes": True,
        "no": False,
        "dotted.name/with ü": "x",
    }
    parsed = RegisteredModel.model_validate(create(registered_model(customProperties=declared)))

    assert parsed.spec.custom_properties == declared
    assert {name: type(value) for name, value in (parsed.spec.custom_properties or {}).items()} == {
        name: type(value) for name, value in declared.items()
    }


def test_typed_properties_reach_the_operator(create: Create) -> None:
    typed = {"a": {"double": 1.0}, "b": {"int": 2}, "c": {"string": "x"}, "d": {"bool": True}}
    parsed = RegisteredModel.model_validate(create(registered_model(customProperties=typed)))

    assert parsed.spec.custom_properties == {
        "a": TypedProperty(1.0),
        "b": TypedProperty(2),
        "c": TypedProperty("x"),
        "d": TypedProperty(True),
    }
    assert isinstance(parsed.spec.custom_properties["a"], TypedProperty)
    assert type(parsed.spec.custom_properties["a"].value) is float


def test_whole_double_in_yaml_arrives_as_an_integer(kubectl: Kubectl) -> None:
    """The reason for the typed form: nothing behind the API server can distinguish 1.0 from 1."""
    text = yaml.safe_dump(registered_model(customProperties={"threshold": 1.0}))
    assert "threshold: 1.0" in text
    answer = kubectl(
        "create", "--filename=-", "--output=json", manifest=registered_model(customProperties={"threshold": 1.0})
    )

    kept = json.loads(answer.stdout)["spec"]["customProperties"]["threshold"]
    assert type(kept) is int
    assert kept == 1


def test_null_property_is_dropped(create: Create) -> None:
    assert create(registered_model(customProperties={"gone": None, "kept": 1}))["spec"]["customProperties"] == {
        "kept": 1
    }


def test_lists_and_foreign_objects_pass_the_schema(create: Create) -> None:
    """CEL cannot look into such a map: the operator refuses these (tests/unit/api)."""
    properties = {"list": [1, 2], "object": {"any": {"thing": None}}, "large": 2**40}
    assert create(registered_model(customProperties=properties))["spec"]["customProperties"] == properties


def test_unknown_field_is_pruned_when_validation_is_off(kubectl: Kubectl) -> None:
    manifest = registered_model(owner="ada", ownr="a typo")
    answer = kubectl("create", "--validate=false", "--filename=-", "--output=json", manifest=manifest)

    assert json.loads(answer.stdout)["spec"] == {"owner": "ada"}


def test_status_cannot_be_created_by_users(create: Create) -> None:
    assert create({**registered_model(), "status": {"id": "5"}})["status"] == {"observedGeneration": -1}


FULL_STATUS: dict[str, Any] = {
    "id": "2147483647",
    "state": "LIVE",
    "registry_url": "https://registry.example:8443/prefix",
    "owned_fields": ("description", "owner"),
    "owned_properties": ("accuracy", "stage"),
    "observed_generation": 3,
    "last_sync_time": datetime(2026, 11, 23, 12, 0, 0, 999999, tzinfo=UTC),
    "last_handled_reconcile_at": "2026-11-23 noon",
    "conditions": (
        Condition(
            type="Ready",
            status=ConditionStatus.TRUE,
            reason="Synced",
            message="The entry is as the spec says.",
            last_transition_time=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
            observed_generation=3,
        ),
        Condition(
            type="Drifted",
            status=ConditionStatus.UNKNOWN,
            reason="Contested",
            message="",
            last_transition_time=datetime(2026, 11, 23, 12, 0, tzinfo=UTC),
        ),
    ),
}
STATUSES = {
    "RegisteredModel": (registered_model("this"), RegisteredModelStatus(**FULL_STATUS)),
    "ModelVersion": (
        model_version("this"),
        ModelVersionStatus(
            **FULL_STATUS,
            parent_id="1",
            storage_uri="model-registry://registry.example/model/version",
            artifacts=(
                InlineArtifactStatus(name="a", type=ArtifactType.MODEL, id="4", owned_fields=("uri",)),
                InlineArtifactStatus(name="b", type=ArtifactType.DOC, owned_properties=("pages",)),
            ),
        ),
    ),
    "ModelArtifact": (model_artifact("this"), ModelArtifactStatus(**FULL_STATUS, parent_id="1")),
}


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.KIND)
def test_status_survives_the_api_server(kubectl: Kubectl, create: Create, kind: type[Any]) -> None:
    manifest, status = STATUSES[kind.KIND]
    create(manifest)
    patch = json.dumps({"status": status.model_dump(by_alias=True, exclude_none=True)})
    answer = kubectl(
        "patch", kind.SHORT_NAME, "this", "--subresource=status", "--type=merge", f"--patch={patch}", "--output=json"
    )

    assert kind.model_validate(json.loads(answer.stdout)).status == status


def test_server_side_apply_twice_changes_nothing(kubectl: Kubectl) -> None:
    manifest = model_version(
        customProperties={"accuracy": 0.97, "stage": "dev", "size": {"double": 1}},
        artifacts=[{"name": "b", "uri": "s3://b"}, {"name": "a", "uri": "s3://a"}],
        docArtifacts=[{"name": "card", "uri": "https://card"}],
    )

    def apply() -> dict[str, Any]:
        answer = kubectl("apply", "--server-side", "--filename=-", "--output=json", manifest=manifest)
        applied = json.loads(answer.stdout)
        assert isinstance(applied, dict)
        return applied

    first, second, third = apply(), apply(), apply()
    assert second["metadata"]["generation"] == first["metadata"]["generation"] == 1
    assert second["spec"] == first["spec"] == manifest["spec"]
    # The default of status is stored with the first write after the creation: the only difference, seen by no user.
    assert third["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert kubectl("diff", "--server-side", "--filename=-", manifest=manifest).stdout == ""


def test_inline_artifacts_merge_by_name_between_two_appliers(kubectl: Kubectl) -> None:
    def apply(manager: str, manifest: Manifest) -> dict[str, Any]:
        arguments = ("apply", "--server-side", f"--field-manager={manager}", "--filename=-", "--output=json")
        applied = json.loads(kubectl(*arguments, manifest=manifest).stdout)
        assert isinstance(applied, dict)
        return applied

    apply("pipeline", model_version("this", artifacts=[{"name": "onnx", "uri": "s3://onnx"}]))
    merged = apply("git", model_version("this", artifacts=[{"name": "gguf", "uri": "s3://gguf"}]))

    assert {each["name"] for each in merged["spec"]["artifacts"]} == {"onnx", "gguf"}


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.relative_to(EXAMPLES).as_posix())
def test_example_is_accepted(kubectl: Kubectl, file: Path) -> None:
    answer = kubectl("create", "--dry-run=server", f"--filename={file}")

    assert "created (server dry run)" in answer.stdout
