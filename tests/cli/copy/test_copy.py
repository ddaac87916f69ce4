"""`registrar copy` from one registry to another: what arrives there, in which order, and what is left out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from registrar.cli import main
from registrar.cli.exits import ExitCode
from tests.cli.copy.conftest import Copy, contents, names_by_id
from tests.support.fault_proxy import on_matching, proxy_to
from tests.support.loopback import Reply
from tests.support.rest import Rest


def test_everything_arrives_in_the_same_order_and_the_second_run_only_reads(
    seeded: Rest, other: Rest, copy: Copy
) -> None:
    result = copy()
    assert (result.exit_code, result.stderr) == (ExitCode.DONE, "")
    assert result.stdout.splitlines()[-1] == "9 new, 0 changed, 0 different, 0 equal."
    assert contents(other) == contents(seeded)
    assert names_by_id(other) == names_by_id(seeded)
    properties = [name for entry in other.entries().values() for name in entry.get("customProperties", {})]
    assert "model-registrar.dev/owner" not in properties
    with proxy_to(other.url) as proxy:
        again = copy(to=proxy.url)
        assert {received.method for received in proxy.received} == {"GET"}
    assert (again.exit_code, again.stdout) == (ExitCode.DONE, "0 new, 0 changed, 0 different, 9 equal.\n")


def test_a_snapshot_is_restored_into_an_empty_registry(seeded: Rest, other: Rest, copy: Copy, tmp_path: Path) -> None:
    file = tmp_path / "registry.ndjson.gz"
    assert CliRunner().invoke(main, ["snapshot", f"--registry-url={seeded.url}", "-o", str(file)]).exit_code == 0
    assert copy(start=str(file)).exit_code == ExitCode.DONE
    assert contents(other) == contents(seeded)
    assert names_by_id(other) == names_by_id(seeded)
    assert copy(start=str(file)).stdout == "0 new, 0 changed, 0 different, 9 equal.\n"


def test_an_export_gives_the_copies_the_same_names(rest: Rest, other: Rest, copy: Copy) -> None:
    names = ["model", "Model", "mo del", "a", "a-b", "..", "日本語", "x" * 250]
    models = [rest.model(name) for name in reversed(names)]
    for model in models:
        # Slugs of versions collide over models too: "a" with "b-c" and "a-b" with "c".
        for name in ("b-c", "c"):
            version = rest.version(model, name)
        rest.artifact(version, "m/1", uri="s3://b")
    assert copy().exit_code == ExitCode.DONE
    of_first, of_second = (
        CliRunner().invoke(main, ["export", "-", f"--registry-url={registry.url}"]) for registry in (rest, other)
    )
    assert of_first.exit_code == ExitCode.DONE
    assert of_first.stdout.count("kind: ModelVersion") == 16
    assert of_second.stdout == of_first.stdout


def test_what_was_added_since_is_copied_below_what_is_there(seeded: Rest, other: Rest, copy: Copy) -> None:
    # So that the same entry has other IDs in the two registries.
    other.version(other.model("unrelated"), "9")
    copy()
    version = seeded.version("1", "3")
    seeded.artifact(version, "model", uri="s3://b/3")
    seeded.artifact("2", "third", uri="s3://b/third")
    result = copy()
    assert result.stdout.splitlines() == [
        "New: ModelVersion 'org/Churn Ψ' / '3'",
        "New: ModelArtifact 'org/Churn Ψ' / '3' / 'model'",
        "New: ModelArtifact 'org/Churn Ψ' / '2' / 'third'",
        "3 new, 0 changed, 0 different, 9 equal.",
    ]
    assert contents(other).keys() - contents(seeded).keys() == {("unrelated",), ("unrelated", "9")}
    assert contents(seeded).items() <= contents(other).items()


@pytest.mark.usefixtures("seeded")
def test_a_dry_run_only_reads_and_prints_what_the_run_prints(other: Rest, copy: Copy) -> None:
    other.model("org/Churn Ψ", owner="someone else")
    other.model("holder", externalId="v-2")
    with proxy_to(other.url) as proxy:
        dry = copy("--dry-run", "--on-difference=update", to=proxy.url)
        assert {received.method for received in proxy.received} == {"GET"}
    assert len(contents(other)) == 2
    assert dry.stderr == "This was a dry run: nothing was written.\n"
    done = copy("--on-difference=update")
    assert (dry.stdout, dry.exit_code) == (done.stdout, done.exit_code)
    assert done.stdout.splitlines()[-1] == "4 new, 1 changed, 0 different, 0 equal, 4 not copied."
    as_json = json.loads(copy("--dry-run", "-o", "json").stdout)
    assert (as_json["dryRun"], as_json["complete"]) == (True, True)


def test_archived_entries_are_left_out_and_counted(rest: Rest, other: Rest, copy: Copy) -> None:
    old = rest.version(rest.model("old", state="ARCHIVED"), "1")
    rest.artifact(old, "below", uri="s3://b")
    model = rest.model("model")
    version = rest.version(model, "1")
    rest.artifact(rest.version(model, "0", state="ARCHIVED"), "below", uri="s3://b")
    rest.artifact(version, "marked", uri="s3://b", state="MARKED_FOR_DELETION")
    result = copy()
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines()[-1] == (
        "2 new, 0 changed, 0 different, 0 equal. 6 archived entries left out; see --archived."
    )
    assert contents(other).keys() == {("model",), ("model", "1")}
    assert copy("--archived").stdout.splitlines()[-1] == "6 new, 0 changed, 0 different, 2 equal."
    assert contents(other) == contents(rest)


SELECTED = {
    "a model": (["--model=c*"], {("churn",), ("churn", "1"), ("churn", "1", "model-artifact", "m"), ("churn", "2")}),
    "a version": (["--version=2"], {("churn",), ("churn", "2")}),
    "an owner": (["--owner=risk"], {("fraud",), ("fraud", "1")}),
    "a property": (["--property=stage=prod"], {("churn",), ("churn", "1"), ("churn", "1", "model-artifact", "m")}),
}


@pytest.mark.parametrize(("options", "expected"), SELECTED.values(), ids=list(SELECTED))
def test_a_selection_is_copied_with_its_parents(
    options: list[str], expected: set[tuple[str, ...]], rest: Rest, other: Rest, copy: Copy
) -> None:
    churn, fraud = rest.model("churn"), rest.model("fraud", owner="risk")
    stage = {"stage": {"metadataType": "MetadataStringValue", "string_value": "prod"}}
    first = rest.version(churn, "1", customProperties=stage)
    rest.version(churn, "2")
    rest.version(fraud, "1")
    rest.artifact(first, "m", uri="s3://b")
    rest.create("artifacts", artifactType="doc-artifact", name="loose", uri="s3://b/loose")
    assert copy(*options).exit_code == ExitCode.DONE
    assert contents(other).keys() == expected


def test_what_cannot_be_copied_is_named_and_the_rest_is_copied(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.version(rest.model("m"), "1")
    rest.create("artifacts", artifactType="doc-artifact", name="loose", uri="s3://b/loose")
    rest.create("model_versions", name="orphan", registeredModelId="99")
    result = copy()
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.splitlines()[-3:] == [
        "Not copied: ModelVersion 'orphan': NoModel: id 3",
        "Not copied: DocArtifact 'loose': NoVersion: id 1",
        "2 new, 0 changed, 0 different, 0 equal, 2 not copied.",
    ]
    assert contents(other).keys() == {("m",), ("m", "1")}
    allowed = [f"--allow={reason}" for reason in ("NoModel", "NoVersion")]
    assert copy(*allowed[1:]).exit_code == ExitCode.ATTENTION
    assert copy(*allowed).exit_code == ExitCode.DONE


LINES = """\
{"format":"model-registrar-snapshot","formatVersion":"1.0"}
{"kind":"RegisteredModel","entry":{"id":"1","name":"m","state":"LIVE","customProperties":{"size":{"int":3},\
"proto":{"opaque":{"metadataType":"MetadataProtoValue","type":"t","proto_value":"eA=="}},\
"big":{"opaque":{"metadataType":"MetadataIntValue","int_value":"99999999999"}}}}}
{"kind":"ModelVersion","entry":{"id":"2","name":"1","registeredModelId":"1"}}
{"kind":"Artifact","versions":["2"],"entry":{"id":"3","name":"strange","artifactType":"strange-artifact"}}
{"kind":"DocArtifact","versions":["2"],"entry":{"id":"4","uri":"s3://b"}}
{"counts":{"RegisteredModel":1,"ModelVersion":1,"Artifact":1,"DocArtifact":1},"unreadable":0}
"""


def test_values_and_types_that_no_registry_takes_are_named_and_left_out(
    other: Rest, copy: Copy, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot"
    file.write_text(LINES)
    result = copy(start=str(file))
    assert result.stdout.splitlines()[2:] == [
        "Not copied: DocArtifact 'm' / '1' / 'None': NoName: id 4",
        "Not copied: Artifact 'm' / '1' / 'strange': UnsupportedType: the type is strange-artifact",
        (
            "Not copied: RegisteredModel 'm', customProperties.big: UnsupportedType: a MetadataIntValue, which no "
            "registry takes back"
        ),
        (
            "Not copied: RegisteredModel 'm', customProperties.proto: UnsupportedType: a MetadataProtoValue, which no "
            "registry takes back"
        ),
        "2 new, 0 changed, 0 different, 0 equal, 2 not copied, 2 properties not copied.",
    ]
    assert result.exit_code == ExitCode.ATTENTION
    size = {"size": {"metadataType": "MetadataIntValue", "int_value": "3"}}
    assert contents(other)["m",]["customProperties"] == size
    # Properties alone are no failure: nobody could help it.
    assert copy("--allow=NoName", "--allow=UnsupportedType", start=str(file)).exit_code == ExitCode.DONE


SAME_NAMES = """\
{"format":"model-registrar-snapshot","formatVersion":"1.0"}
{"kind":"RegisteredModel","entry":{"id":"1","name":"twice"}}
{"kind":"RegisteredModel","entry":{"id":"2","name":"twice"}}
{"kind":"RegisteredModel","entry":{"id":"3","name":"m"}}
{"kind":"ModelVersion","entry":{"id":"4","name":"1","registeredModelId":"1"}}
{"kind":"ModelVersion","entry":{"id":"5","name":"1","registeredModelId":"3"}}
{"kind":"ModelArtifact","versions":["5"],"entry":{"id":"1","name":"model","uri":"s3://b"}}
{"counts":{"RegisteredModel":3,"ModelVersion":2,"ModelArtifact":1},"unreadable":0}
"""


def test_entries_that_only_their_ids_distinguish_are_named_and_not_copied(
    other: Rest, copy: Copy, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot"
    file.write_text(SAME_NAMES)
    model = other.model("m")
    pages = {"items": [other.get(f"registered_models/{model}"), {"id": "77", "name": "m"}], "nextPageToken": ""}
    assert copy("--dry-run", start=str(file)).stdout.splitlines()[2:] == [
        "Not copied: RegisteredModel 'twice': Ambiguous: the ids are 1, 2 in the first registry",
        "Not copied: ModelVersion 'twice' / '1': Parent",
        "2 new, 0 changed, 0 different, 1 equal, 2 not copied.",
    ]
    with proxy_to(other.url, on_matching(Reply(200, pages), lambda got: "registered_models" in got.path)) as proxy:
        result = copy("--dry-run", start=str(file), to=proxy.url)
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.splitlines()[1:] == [
        "Not copied: RegisteredModel 'm': Ambiguous: the ids are 1, 77 in the other registry",
        "Not copied: ModelVersion 'twice' / '1': Parent",
        "Not copied: ModelVersion 'm' / '1': Parent",
        "Not copied: ModelArtifact 'm' / '1' / 'model': Parent",
        "0 new, 0 changed, 0 different, 0 equal, 5 not copied.",
    ]


def test_a_property_that_cannot_be_written_is_not_reported_where_it_is_already(
    other: Rest, copy: Copy, tmp_path: Path
) -> None:
    file = tmp_path / "snapshot"
    file.write_text(LINES)
    proto = {"metadataType": "MetadataProtoValue", "type": "t", "proto_value": "eA=="}
    model = {"id": "9", "name": "m", "state": "LIVE", "customProperties": {"proto": proto, "size": {}}}
    page = {"items": [model], "nextPageToken": ""}
    with proxy_to(other.url, on_matching(Reply(200, page), lambda got: "registered_models" in got.path)) as proxy:
        shown = copy("--dry-run", start=str(file), to=proxy.url).stdout
    assert "customProperties.proto" not in shown
    assert "customProperties.big: UnsupportedType" in shown
    assert "Different: RegisteredModel 'm' (id 9): customProperties.size" in shown


def test_an_entry_that_cannot_be_read_makes_the_answer_incomplete(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("good")
    broken = {"items": [{"id": "1", "name": "good"}, {"id": "2", "name": {}}], "nextPageToken": ""}
    with proxy_to(rest.url) as proxy:
        proxy.script = lambda got: Reply(200, broken) if "registered_models" in got.path else None
        result = copy("-o", "json", start=proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert json.loads(result.stdout)["complete"] is False
    assert contents(other).keys() == {("good",)}


def test_addresses_and_files_that_are_wrong_are_usage_errors(rest: Rest, copy: Copy, tmp_path: Path) -> None:
    wrong = {
        "--from and --to name the same registry.": copy(to=f"{rest.url}/"),
        "--from: 'nowhere.ndjson' is neither a URL nor an existing file": copy(start="nowhere.ndjson"),
        "--to: 'registry' is not a URL": copy(to="registry"),
        "--from-ca-file: the file /nowhere does not exist": copy("--from-ca-file=/nowhere"),
        "--to-requests-in-flight: must be at least 1": copy("--to-requests-in-flight=0"),
    }
    for message, result in wrong.items():
        assert result.exit_code == ExitCode.USAGE
        assert message in result.stderr
    (tmp_path / "half").write_text('{"format":"model-registrar-snapshot","formatVersion":"1.0"}\n')
    result = copy(start=str(tmp_path / "half"))
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "was cut off" in result.stderr


def test_each_registry_gets_its_own_token_and_the_variables_count_too(
    rest: Rest, other: Rest, copy: Copy, tmp_path: Path
) -> None:
    rest.model("m")
    token = tmp_path / "token"
    token.write_text("first-token\n")
    with proxy_to(rest.url) as first, proxy_to(other.url) as second:
        variables = {"REGISTRAR_TO_TOKEN": "second-token", "REGISTRAR_REGISTRY_TOKEN": "operators-token"}
        result = copy(f"--from-token-file={token}", start=first.url, to=second.url, **variables)
        assert result.exit_code == ExitCode.DONE
        assert {got.headers["authorization"] for got in first.received} == {"Bearer first-token"}
        assert {got.headers["authorization"] for got in second.received} == {"Bearer second-token"}
        assert {got.method for got in second.received} == {"GET", "POST"}


def test_a_pattern_that_no_model_matches_is_most_likely_misspelt(seeded: Rest, other: Rest, copy: Copy) -> None:
    assert seeded.entries()
    result = copy("--model=zz*")
    assert result.exit_code == ExitCode.ATTENTION
    assert "The registry has no model 'zz*'." in result.stderr
    assert other.entries() == {}
