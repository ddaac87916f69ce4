"""The sentence of a write, for the log and the Event: what was changed from what to what, short and without secrets."""

from typing import Any

import pytest

from model_registry.types import ModelArtifact, RegisteredModel
from model_registry.types.properties import OpaqueProperty, StructProperty
from registrar.kinds.artifacts import MODEL_ARTIFACT
from registrar.kinds.registered_model import REGISTERED_MODEL
from registrar.planning.actions import Change
from registrar.reporting.outcome import EventNote, OperationResult
from registrar.reporting.values import MAX_VALUE_LENGTH, as_written, describe_changes
from registrar.reporting.writes import EntryWrite, write_note

MODEL = REGISTERED_MODEL.entry
FRAUD = RegisteredModel("fraud", id="7")


@pytest.mark.parametrize("operation", OperationResult)
def test_every_operation_has_a_sentence_and_its_own_reason(operation: OperationResult) -> None:
    note = write_note(EntryWrite(operation, "team/fraud", MODEL, FRAUD))
    assert note.reason == operation
    assert note.message.endswith("RegisteredModel 'fraud' (id 7)")
    assert note.is_write
    assert not EventNote("IdentityChanged", "m").is_write


def test_a_write_names_what_it_changed() -> None:
    changes = (Change("description", "a", "b"), Change("owner", "me", None), Change("customProperties.new", None, True))
    note = write_note(EntryWrite(OperationResult.UPDATED, "team/fraud", MODEL, FRAUD, changes=changes))
    assert note.message == (
        "Updated RegisteredModel 'fraud' (id 7): description 'a' -> 'b', owner 'me' -> not set, "
        "customProperties.new not set -> true"
    )


def test_a_take_over_names_the_previous_owner() -> None:
    artifact, owner = ModelArtifact("w", id="9"), "created:other/team/w"
    note = write_note(
        EntryWrite(OperationResult.TAKEN_OVER, "team/w", MODEL_ARTIFACT, artifact, parent_id="8", taken_from=owner)
    )
    assert note.message == "Took over model-artifact 'w' (id 9) from created:other/team/w"


def test_a_write_of_the_stamp_alone_names_the_stamps() -> None:
    stamp = Change("customProperties.model-registrar.dev/owner", None, "created:us/team/fraud")
    note = write_note(EntryWrite(OperationResult.CORRECTED, "team/fraud", MODEL, FRAUD, stamp=stamp))
    assert note.message == (
        "Corrected RegisteredModel 'fraud' (id 7): "
        "customProperties.model-registrar.dev/owner not set -> 'created:us/team/fraud'"
    )


def test_many_changes_are_counted() -> None:
    changes = [Change(f"customProperties.p{n}", n, n + 1) for n in range(12)]
    assert describe_changes(changes).endswith("customProperties.p9 9 -> 10 and 2 more")


def struct(text: str) -> StructProperty:
    return StructProperty({"metadataType": "MetadataStructValue", "struct_value": text})


STRUCT = struct('{"f1":0.9}')
SHOWN = {
    "a number that is named like a secret": ("customProperties.max_tokens", 4096, "4096"),
    "a token of a tokenizer": ("customProperties.eos_token", "</s>", "'</s>'"),
    "an author": ("author", "ada", "'ada'"),
    "an address": ("uri", "s3://bucket/model", "'s3://bucket/model'"),
    "an address that cannot be split": ("uri", "http://[", "'http://['"),
    "a long text": ("readme", "x" * 500, f"'{'x' * (MAX_VALUE_LENGTH - 1)}…"),
}
HIDDEN = {
    "a token": "customProperties.hf_token",
    "a password in camel case": "customProperties.dbPassword",
    "a key with a hyphen": "customProperties.api-key",
    "a key with dots": "customProperties.service.secret.v1",
}
MASKED = {
    "https://user:pw@host/path": "'https://(hidden)@host/path'",
    "https://host/model?X-Amz-Signature=abc&x=1": "'https://host/model?(hidden)'",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE": "(hidden)",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln": "(hidden)",
    "hf_abcdefghijklmnopqrstuvwx": "(hidden)",
}


@pytest.mark.parametrize(("path", "value", "shown"), SHOWN.values(), ids=list(SHOWN))
def test_what_is_no_secret_is_shown(path: str, value: Any, shown: str) -> None:
    assert as_written(path, value) == shown


@pytest.mark.parametrize("path", HIDDEN.values(), ids=list(HIDDEN))
def test_a_property_that_is_named_like_a_secret_is_hidden(path: str) -> None:
    assert describe_changes([Change(path, "hunter2", "hunter3")]) == f"{path} (hidden) -> (hidden)"
    assert as_written(path, None) == "not set"


@pytest.mark.parametrize("value", [12345678, 1.5, True, STRUCT], ids=repr)
def test_a_secret_need_not_be_a_text(value: Any) -> None:
    assert as_written("customProperties.db_password", value) == "(hidden)"
    # As the drift of an inline artifact names it.
    assert as_written("model-artifact w: customProperties.db_password", value) == "(hidden)"


@pytest.mark.parametrize(
    "held", ['{"a": [{"db_password": 5}]}', '{"a": ["hf_abcdefghijklmnopqrstuvwx"]}', "hf_abcdefghijklmnopqrstuvwx"]
)
def test_what_no_manifest_writes_is_hidden_if_it_contains_a_secret(held: str) -> None:
    assert as_written("customProperties.config", struct(held)) == "(hidden)"
    later = OpaqueProperty({"metadataType": "Later", "token": held})
    assert as_written("customProperties.config", later) == "(hidden)"


def test_what_no_manifest_writes_shows_its_type_and_length_alone() -> None:
    assert as_written("customProperties.config", STRUCT) == "a struct of 10 characters"
    later = as_written("customProperties.config", OpaqueProperty({"metadataType": "Later", "value": "x"}))
    assert later == "a Later of 39 characters"


def test_a_list_with_a_secret_is_hidden() -> None:
    assert as_written("tasks", ["a", "hf_abcdefghijklmnopqrstuvwx"]) == "(hidden)"
    assert as_written("tasks", ["a", "b"]) == "['a', 'b']"


@pytest.mark.parametrize(("value", "shown"), MASKED.items())
def test_a_value_that_has_the_form_of_a_secret_is_hidden_under_any_name(value: str, shown: str) -> None:
    assert as_written("description", value) == shown
