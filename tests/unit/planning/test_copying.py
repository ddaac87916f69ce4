"""Entries and their copies in another registry: what is copied, what differs, and what an update sends."""

from typing import Any

import pytest

from model_registry.types import Metric, ModelArtifact, ModelVersion, RegisteredModel, RegistryEntry
from model_registry.types.properties import PropertyValue, opaque_property
from registrar.api.meta import OWNER_PROPERTY
from registrar.planning.actions import Change
from registrar.planning.copying import copy_of, differences, is_same_property, restores, stamp_on, update_of

STRUCT = opaque_property({"metadataType": "MetadataStructValue", "struct_value": '{"a":1}'})
PROTO = opaque_property({"metadataType": "MetadataProtoValue", "proto_value": "eA=="})


def test_a_copy_has_the_content_and_nothing_that_belongs_to_the_registry_or_the_operator() -> None:
    version = ModelVersion(
        "1",
        id="7",
        registered_model_id="3",
        author="grace",
        description="",
        external_id="x",
        state="ARCHIVED",
        custom_properties={"a": True, "s": STRUCT, "p": PROTO, OWNER_PROPERTY: "created:x/y/n/m"},
        create_time_since_epoch="1",
        last_update_time_since_epoch="2",
    )
    copy = copy_of(version)
    expected = {"a": True, "s": STRUCT}
    assert copy.entry == ModelVersion(
        "1", author="grace", external_id="x", state="ARCHIVED", custom_properties=expected
    )
    assert copy.unwritable == {"p": PROTO}


def test_an_experiment_of_one_registry_means_nothing_in_another() -> None:
    of_the_run = {"experiment_id": 7, "experiment_run_id": 8}
    observed = ModelArtifact("model", id="5", uri="s3://b", custom_properties={"a": 1, **of_the_run})
    wanted = copy_of(observed).entry
    assert wanted.custom_properties == {"a": 1}
    # An artifact of that name may be of another run there, and stays so.
    changes = differences(ModelArtifact("model", custom_properties={"a": 2}), observed)
    assert update_of(observed, changes).custom_properties == {"a": 2, **of_the_run}


def test_zero_is_a_value() -> None:
    metric = Metric("loss", id="1", value=0.0, step=0, custom_properties={})
    assert copy_of(metric).entry == Metric("loss", value=0.0, step=0, custom_properties={})
    assert differences(metric, Metric("loss", value=1.0)) == (Change("step", None, 0), Change("value", 1.0, 0.0))


def test_an_update_sends_the_changes_and_keeps_the_other_properties() -> None:
    observed = ModelArtifact(
        "model", id="5", uri="s3://old", state="LIVE", custom_properties={"a": 1, OWNER_PROPERTY: "released:x/y/n/m"}
    )
    wanted = ModelArtifact("model", uri="s3://new", model_format_name="onnx", custom_properties={"b": 2.0})
    changes = differences(wanted, observed)
    assert [change.path for change in changes] == ["modelFormatName", "uri", "customProperties.b"]
    assert update_of(observed, changes) == ModelArtifact(
        "model",
        id="5",
        uri="s3://new",
        model_format_name="onnx",
        custom_properties={"a": 1, "b": 2.0, OWNER_PROPERTY: "released:x/y/n/m"},
    )
    assert update_of(observed, changes[:1]) == ModelArtifact("model", id="5", model_format_name="onnx")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("ARCHIVED", "LIVE", True),
        ("MARKED_FOR_DELETION", "PENDING", True),
        ("LIVE", "ARCHIVED", False),
        ("MARKED_FOR_DELETION", "DELETED", False),
        ("PENDING", "LIVE", False),
    ],
)
def test_what_brings_an_entry_back_is_a_restore(before: str, after: str, *, expected: bool) -> None:
    assert restores(Change("state", before, after)) is expected
    assert not restores(Change("description", before, after))


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (None, ""),
        ("", ""),
        ("released:x/y/n/m", ""),
        ("created:x/y/n/m", "created:x/y/n/m"),
        ("kept:x/y/n/m", "kept:x/y/n/m"),
        ("of a later version", "of a later version"),
        ("created:/n/m", "created:/n/m"),
    ],
)
def test_every_stamp_counts_but_a_released_one(stamp: str | None, expected: str) -> None:
    properties = {} if stamp is None else {OWNER_PROPERTY: stamp}
    assert stamp_on(RegisteredModel("m", custom_properties=properties)) == expected


SAME: list[tuple[Any, Any, bool]] = [
    (True, True, True),
    (True, 1, False),
    (1, 1.0, False),
    ("1", 1, False),
    ("", None, False),
    (
        opaque_property({"metadataType": "MetadataStructValue", "struct_value": '{"b": [1, true], "a": "x"}'}),
        opaque_property({"metadataType": "MetadataStructValue", "struct_value": '{"a":"x","b":[1,true]}'}),
        True,
    ),
    (
        opaque_property({"metadataType": "MetadataStructValue", "struct_value": '{"a":1}'}),
        opaque_property({"metadataType": "MetadataStructValue", "struct_value": '{"a":true}'}),
        False,
    ),
]


@pytest.mark.parametrize(("left", "right", "expected"), SAME)
def test_properties_are_equal_in_value_and_type(left: PropertyValue, right: PropertyValue, *, expected: bool) -> None:
    assert is_same_property(left, right) is expected
    assert is_same_property(right, left) is expected


@pytest.mark.parametrize(
    "wanted", [RegisteredModel("m"), RegisteredModel("m", description=""), RegisteredModel("m", tasks=[])]
)
def test_what_an_entry_does_not_have_is_no_difference(wanted: RegistryEntry) -> None:
    assert differences(wanted, RegisteredModel("m", tasks=["t"], description="d", custom_properties={"a": 1})) == ()
