"""Entries as Python objects, without a registry."""

import enum
import pickle

import pytest
from pydantic import ValidationError

from model_registry.types import (
    Artifact,
    ArtifactState,
    DocArtifact,
    Metric,
    ModelArtifact,
    ModelVersion,
    ModelVersionState,
    Parameter,
    ParameterType,
    RegisteredModel,
    RegisteredModelState,
    RegistryEntry,
)


@pytest.mark.parametrize("cls", [RegisteredModel, ModelVersion, ModelArtifact, DocArtifact, Artifact])
def test_the_name_is_the_first_positional_argument(cls: type[RegistryEntry]) -> None:
    assert cls("n") == cls(name="n")
    assert cls("n").name == "n"


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="got the name twice: as 'a' and as name='b'"):
        RegisteredModel("a", name="b")


@pytest.mark.parametrize("cls", [RegisteredModel, ModelVersion])
def test_models_and_versions_need_a_name(cls: type[RegistryEntry]) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        cls()


def test_an_artifact_may_leave_its_name_to_the_registry() -> None:
    assert ModelArtifact(uri="u").name is None


def test_only_given_fields_are_set() -> None:
    assert RegisteredModel("n").model_dump(exclude_none=True) == {"name": "n"}
    assert ModelVersion("n").model_dump(exclude_none=True) == {"name": "n"}
    assert DocArtifact("n").model_dump(exclude_none=True) == {"name": "n", "artifact_type": "doc-artifact"}


def test_entries_are_equal_when_all_fields_are() -> None:
    assert RegisteredModel("n", owner="me") == RegisteredModel("n", owner="me")
    assert RegisteredModel("n", owner="me") != RegisteredModel("n", owner="you")
    assert RegisteredModel("n", custom_properties={"a": 1}) != RegisteredModel("n", custom_properties={"a": 2})
    document: Artifact = DocArtifact("n")
    assert document != ModelArtifact("n")


def test_entries_change_in_place_and_are_checked_when_they_do() -> None:
    model = RegisteredModel("n")
    model.owner = "me"
    model.state = "ARCHIVED"
    assert model.owner == "me"
    assert model.state is RegisteredModelState.ARCHIVED
    with pytest.raises(ValidationError, match="valid string"):
        model.owner = 5  # type: ignore[assignment]  # what a caller without a type checker may write


@pytest.mark.parametrize(
    ("entry", "state"),
    [
        (RegisteredModel("n", state="LIVE"), RegisteredModelState.LIVE),
        (ModelVersion("n", state="ARCHIVED"), ModelVersionState.ARCHIVED),
        (DocArtifact("n", state="MARKED_FOR_DELETION"), ArtifactState.MARKED_FOR_DELETION),
    ],
)
def test_known_states_become_enum_members(entry: RegisteredModel | ModelVersion | DocArtifact, state: str) -> None:
    assert entry.state is state


def test_an_unknown_state_stays_text() -> None:
    assert RegisteredModel("n", state="FROZEN").state == "FROZEN"
    assert ModelArtifact("n", state="FROZEN").state == "FROZEN"


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"owners\s+Extra inputs are not permitted"):
        RegisteredModel("n", owners="me")


def test_fields_may_be_given_by_the_registrys_own_names() -> None:
    model = RegisteredModel(name="n", licenseLink="l", customProperties={"a": 1})
    assert model == RegisteredModel("n", license_link="l", custom_properties={"a": 1})


def test_an_empty_external_id_is_refused() -> None:
    with pytest.raises(ValidationError, match="an external ID cannot be empty"):
        RegisteredModel("n", external_id="")
    version = ModelVersion("n", external_id="e")
    with pytest.raises(ValueError, match="the registry cannot clear one: pass None"):
        version.external_id = ""


def test_the_repr_starts_with_the_name_and_omits_unset_fields() -> None:
    assert repr(ModelVersion("n", author="me")) == "ModelVersion(name='n', author='me')"
    assert str(ModelVersion("n", author="me")) == "name='n' author='me'"


def test_entries_survive_pickling() -> None:
    entry = ModelArtifact("n", uri="u", custom_properties={"a": 1.0}, state="LIVE")
    assert pickle.loads(pickle.dumps(entry)) == entry  # noqa: S301 - our own bytes


class Level(enum.IntEnum):
    HIGH = 3


class Colour(enum.StrEnum):
    RED = "red"


class Scalar:
    """A class with the interface of numpy's scalars."""

    def __init__(self, value: float) -> None:
        self._value = value

    def item(self) -> float:
        return self._value


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("text", "text"),
        ("", ""),
        (True, True),
        (0, 0),
        (2**31 - 1, 2**31 - 1),
        (-(2**31), -(2**31)),
        (1.0, 1.0),
        (Level.HIGH, 3),
        (Colour.RED, "red"),
        (Scalar(0.5), 0.5),
        (Scalar(7), 7),
    ],
)
def test_custom_properties_are_stored_as_plain_values_of_their_type(given: object, kept: object) -> None:
    properties = RegisteredModel("n", custom_properties={"p": given}).custom_properties
    assert properties == {"p": kept}
    assert type(properties["p"]) is type(kept)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**31, "2147483648 needs more than 32 bits: pass it as a string"),
        (-(2**31) - 1, "needs more than 32 bits"),
        (float("nan"), "nan is not valid in JSON"),
        (float("inf"), "inf is not valid in JSON"),
        (Scalar(float("-inf")), "-inf is not valid in JSON"),
        (None, "not NoneType"),
        ([1], "not list: store anything else as JSON in a string"),
        ({"a": 1}, "not dict"),
    ],
)
def test_custom_properties_that_the_registry_cannot_store_are_refused_by_name(value: object, message: str) -> None:
    with pytest.raises(ValidationError, match=f"custom property 'size': .*{message}"):
        RegisteredModel("n", custom_properties={"size": value})


def test_custom_properties_that_are_not_a_map_are_refused() -> None:
    with pytest.raises(ValidationError, match="valid dictionary"):
        RegisteredModel("n", custom_properties=[("a", 1)])


@pytest.mark.parametrize(
    ("value", "text"),
    [("text", "text"), ("", ""), (True, "true"), (False, "false"), (3, "3"), (0.1, "0.1"), ({"a": [1]}, '{"a": [1]}')],
)
def test_a_parameters_value_is_text(value: object, text: str) -> None:
    assert Parameter("p", value=value).value == text


def test_an_unknown_parameter_type_stays_text() -> None:
    assert Parameter("p", value="v", parameter_type="number").parameter_type is ParameterType.NUMBER
    assert Parameter("p", value="v", parameter_type="tensor").parameter_type == "tensor"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_metric_that_json_cannot_represent_is_refused(value: float) -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Metric("m", value=value)


def test_a_metric_or_parameter_needs_no_value() -> None:
    assert Metric("m").value is None
    assert Parameter("p").value is None
    assert Parameter("p", value=None).model_dump(exclude_none=True) == {"name": "p", "artifact_type": "parameter"}


class Array:
    """Several numbers, as numpy's arrays have them."""

    def item(self) -> None:
        raise ValueError("can only convert an array of size 1 to a Python scalar")


def test_an_array_is_refused_with_the_name_of_the_property() -> None:
    with pytest.raises(ValidationError, match=r"custom property 'scores': a value must be .+, not Array: store"):
        RegisteredModel("n", custom_properties={"scores": Array()})
