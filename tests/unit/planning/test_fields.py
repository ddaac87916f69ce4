"""Field names as users write them, and as attributes of the client's entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import (
    DocArtifact,
    ModelArtifact,
    ModelVersion,
    RegisteredModel,
    RegistryEntry,
)
from registrar.planning.actions import FieldSet
from registrar.planning.fields import describe_entry, field_attributes, owned_from_status, owned_to_status, shown_state
from tests.unit.build import artifact, model

TYPES = [RegisteredModel, ModelVersion, ModelArtifact, DocArtifact]


@pytest.mark.parametrize("entry_type", TYPES)
@given(data=st.data())
def test_owned_names_survive_the_status(entry_type: type[RegistryEntry], data: st.DataObject) -> None:
    fields = data.draw(st.frozensets(st.sampled_from(sorted(entry_type.model_fields))))
    owned = FieldSet(fields, data.draw(st.frozensets(st.text(min_size=1, max_size=5))))
    written = owned_to_status(entry_type, owned)
    assert owned_from_status(entry_type, *written) == owned
    assert [list(names) for names in written] == [sorted(names) for names in written]


def test_names_are_written_as_in_the_spec() -> None:
    assert owned_to_status(RegisteredModel, FieldSet(frozenset({"license_link", "external_id", "state"}))) == (
        ("externalId", "licenseLink", "state"),
        (),
    )
    assert field_attributes(ModelArtifact)["modelSourceClass"] == "model_source_class"


def test_an_unknown_field_name_is_dropped() -> None:
    assert owned_from_status(ModelVersion, ("author", "licence"), None) == FieldSet(frozenset({"author"}))
    assert owned_from_status(ModelVersion, None, ("team",)) == FieldSet(properties=frozenset({"team"}))


def test_an_entry_is_described_with_its_id_and_state() -> None:
    assert describe_entry(RegisteredModel("fraud", id="7", state="LIVE")) == "the RegisteredModel 'fraud' (id 7, LIVE)"
    assert describe_entry(ModelArtifact("weights", id="8")) == "the ModelArtifact 'weights' (id 8)"


def test_a_state_that_is_unknown_here_is_not_repeated() -> None:
    assert shown_state(model(state="LIVE")) == "LIVE"
    assert shown_state(model(state="swordfish")) == "UNKNOWN"
    assert shown_state(artifact(state=None)) is None
    assert "swordfish" not in describe_entry(model(state="swordfish"))
