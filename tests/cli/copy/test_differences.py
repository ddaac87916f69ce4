"""`registrar copy` where the other registry has the entry already: what is reported, changed, refused and left."""

import json

import pytest

from registrar.cli.exits import ExitCode
from tests.cli.copy.conftest import Copy, contents
from tests.support.fault_proxy import proxy_to
from tests.support.rest import PROPERTIES, STRUCT, Rest

STAMP = "created:model-registrar/model-registrar/team/churn"


def text(value: str) -> dict[str, str]:
    return {"metadataType": "MetadataStringValue", "string_value": value}


@pytest.fixture
def churn(rest: Rest, other: Rest) -> str:
    """A model that the registries hold with other values; returns its path in the other one."""
    rest.model("churn", owner="analytics", description="new", customProperties={"auc": text("0.9"), "a": text("1")})
    known = {"auc": text("0.8"), "only there": STRUCT}
    model = other.model("churn", owner="ops", description="new", readme="# Card", customProperties=known)
    return f"registered_models/{model}"


DIFFERENT = (
    "Different: RegisteredModel 'churn' (id 1): owner 'ops' -> 'analytics', customProperties.a not set -> '1', "
    "customProperties.auc '0.8' -> '0.9'"
)


@pytest.mark.parametrize(
    ("options", "code"), [([], ExitCode.DONE), (["--on-difference=fail"], ExitCode.ATTENTION)], ids=["report", "fail"]
)
def test_a_difference_is_reported_with_its_fields_and_left_alone(
    options: list[str], code: ExitCode, churn: str, rest: Rest, other: Rest, copy: Copy
) -> None:
    rest.model("new")
    before = other.get(churn)
    result = copy(*options)
    assert result.exit_code == code
    assert result.stdout.splitlines() == [
        "New: RegisteredModel 'new'",
        DIFFERENT,
        "1 new, 0 changed, 1 different, 0 equal.",
    ]
    assert other.get(churn) == before


def test_an_update_changes_these_fields_clears_nothing_and_is_needed_once(churn: str, other: Rest, copy: Copy) -> None:
    result = copy("--on-difference=update")
    assert result.exit_code == ExitCode.DONE
    assert result.stdout.splitlines() == [
        DIFFERENT.replace("Different", "Changed"),
        "0 new, 1 changed, 0 different, 0 equal.",
    ]
    changed = other.get(churn)
    assert {name: changed[name] for name in ("owner", "description", "readme", "state")} == {
        "owner": "analytics",
        "description": "new",
        "readme": "# Card",
        "state": "LIVE",
    }
    assert changed["customProperties"].keys() == {"auc", "a", "only there"}
    assert json.loads(changed["customProperties"]["only there"]["struct_value"]) == {"a": 1}
    with proxy_to(other.url) as proxy:
        assert copy("--on-difference=update", to=proxy.url).exit_code == ExitCode.DONE
        assert proxy.writes() == []


def test_entries_that_git_manages_are_not_changed_and_named(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.artifact(rest.version(rest.model("churn", owner="analytics"), "1"), "model", uri="s3://b/new")
    owned = {"model-registrar.dev/owner": text(STAMP)}
    version = other.version(other.model("churn", owner="ops", customProperties=owned), "1", customProperties=owned)
    other.artifact(version, "model", uri="s3://b/old", customProperties=owned)
    before = contents(other)
    result = copy("--on-difference=update")
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.splitlines() == [
        (
            f"Not copied: RegisteredModel 'churn': Managed: its stamp is {STAMP}, and it differs: owner 'ops' -> "
            "'analytics'"
        ),
        (
            f"Not copied: ModelArtifact 'churn' / '1' / 'model': Managed: its stamp is {STAMP}, and it differs: uri "
            "'s3://b/old' -> 's3://b/new'"
        ),
        "0 new, 0 changed, 0 different, 1 equal, 2 not copied.",
    ]
    assert contents(other) == before
    assert f"(id 1, managed by {STAMP}): owner" in copy().stdout
    assert copy("--on-difference=update", "--allow=Managed").exit_code == ExitCode.DONE


@pytest.mark.parametrize("kind", ["model-artifact", "doc-artifact", "dataset-artifact"])
def test_an_artifact_with_another_digest_is_other_content_and_left_as_it_is(
    kind: str, rest: Rest, other: Rest, copy: Copy
) -> None:
    first, second = (f"sha256:{digit * 64}" for digit in "12")
    for registry, digest, description in ((rest, first, "new"), (other, second, "old")):
        version = registry.version(registry.model("churn"), "1")
        fields = {"artifactType": kind, "description": description}
        registry.artifact(version, "weights", **fields, customProperties={"digest": text(digest)})
        # An artifact gets the digest that it lacks, and what others mean by an empty one is no digest.
        known = {} if registry is rest else {"digest": text("")}
        registry.artifact(version, "without", **fields, customProperties={"digest": text(first), **known})
    result = copy("--on-difference=update", "-o", "json")
    assert result.exit_code == ExitCode.ATTENTION
    problems, changed = json.loads(result.stdout)["notCopied"], json.loads(result.stdout)["changed"]
    assert [problem["reason"] for problem in problems] == ["DigestChanged"]
    assert problems[0]["detail"] == f"customProperties.digest '{second}' -> '{first}'"
    assert [each["name"] for each in changed] == ["without"]
    there = contents(other)
    left, added = (there["churn", "1", kind, name] for name in ("weights", "without"))
    assert (left["description"], left["customProperties"]["digest"]["string_value"]) == ("old", second)
    assert (added["description"], added["customProperties"]["digest"]["string_value"]) == ("new", first)
    assert copy("--on-difference=update", "--allow=DigestChanged").exit_code == ExitCode.DONE


def test_an_artifact_keeps_no_digest_beside_the_address_of_other_content(rest: Rest, other: Rest, copy: Copy) -> None:
    digest = text(f"sha256:{'2' * 64}")
    for registry, uri, properties in ((rest, "s3://b/new", {}), (other, "s3://b/old", {"digest": digest})):
        version = registry.version(registry.model("churn"), "1")
        registry.artifact(version, "weights", artifactType="model-artifact", uri=uri, customProperties=properties)
    before = contents(other)
    result = copy("--on-difference=update")
    assert result.stdout.splitlines() == [
        (
            "Not copied: ModelArtifact 'churn' / '1' / 'weights': DigestChanged: uri 's3://b/old' -> 's3://b/new', and "
            f"its digest sha256:{'2' * 64} would stay"
        ),
        "0 new, 0 changed, 0 different, 2 equal, 1 not copied.",
    ]
    assert contents(other) == before


def test_a_data_set_keeps_the_digest_that_is_a_field_of_its_own(rest: Rest, other: Rest, copy: Copy) -> None:
    for registry, digest in ((rest, "d1"), (other, "d2")):
        version = registry.version(registry.model("churn", customProperties={"digest": text(digest)}), "1")
        registry.artifact(version, "data", artifactType="dataset-artifact", digest=digest)
    result = copy("--on-difference=update")
    assert result.stdout.splitlines() == [
        "Changed: RegisteredModel 'churn' (id 1): customProperties.digest 'd2' -> 'd1'",
        "Not copied: DataSet 'churn' / '1' / 'data': DigestChanged: digest 'd2' -> 'd1'",
        "0 new, 1 changed, 0 different, 1 equal, 1 not copied.",
    ]


def test_new_entries_below_what_git_manages_are_copied(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.version(rest.model("churn"), "1")
    other.model("churn", customProperties={"model-registrar.dev/owner": text(STAMP)})
    assert copy().exit_code == ExitCode.DONE
    assert contents(other).keys() == {("churn",), ("churn", "1")}


@pytest.mark.parametrize("kind", ["model-artifact", "doc-artifact"])
def test_no_artifact_is_added_to_a_version_that_git_manages(kind: str, rest: Rest, other: Rest, copy: Copy) -> None:
    """KServe would load the new one."""
    rest.artifact(rest.version(rest.model("churn"), "1"), "late", artifactType=kind, uri="s3://b/late")
    owned = {"model-registrar.dev/owner": text(STAMP)}
    other.version(other.model("churn", customProperties=owned), "1", customProperties=owned)
    result = copy()
    assert result.exit_code == ExitCode.ATTENTION
    assert f" 'churn' / '1' / 'late': Managed: the stamp of its version is {STAMP}" in result.stdout
    assert contents(other).keys() == {("churn",), ("churn", "1")}
    assert copy("--allow=Managed").exit_code == ExitCode.DONE


def test_what_is_archived_there_stays_archived_and_is_changed_otherwise(rest: Rest, other: Rest, copy: Copy) -> None:
    version = rest.version(rest.model("churn", owner="analytics"), "1")
    rest.artifact(version, "model", uri="s3://b", state="LIVE")
    there = other.version(other.model("churn", owner="ops", state="ARCHIVED"), "1", state="ARCHIVED")
    other.artifact(there, "model", uri="s3://b", state="MARKED_FOR_DELETION")
    result = copy("--on-difference=update")
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.splitlines() == [
        "Changed: RegisteredModel 'churn' (id 1): owner 'ops' -> 'analytics'",
        "Not copied: RegisteredModel 'churn': Archived: state 'ARCHIVED' -> 'LIVE'",
        "Not copied: ModelVersion 'churn' / '1': Archived: state 'ARCHIVED' -> 'LIVE'",
        "Not copied: ModelArtifact 'churn' / '1' / 'model': Archived: state 'MARKED_FOR_DELETION' -> 'LIVE'",
        "0 new, 1 changed, 0 different, 0 equal, 3 not copied.",
    ]
    states = [entry["state"] for entry in other.entries().values()]
    assert states == ["ARCHIVED", "ARCHIVED", "MARKED_FOR_DELETION"]


def test_an_archived_entry_is_archived_there_too_if_both_are_asked_for(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("churn", state="ARCHIVED")
    other.model("churn")
    assert "0 different" in copy("--on-difference=update").stdout
    assert copy("--archived").stdout.startswith("Different: RegisteredModel 'churn' (id 1): state 'LIVE' -> 'ARCHIVED'")
    assert copy("--archived", "--on-difference=update").exit_code == ExitCode.DONE
    assert other.get("registered_models/1")["state"] == "ARCHIVED"


def test_an_external_id_that_another_entry_has_is_reported_and_its_children_wait(
    rest: Rest, other: Rest, copy: Copy
) -> None:
    rest.artifact(rest.version(rest.model("churn", externalId="x"), "1"), "model", uri="s3://b")
    # Artifacts have external IDs of their own.
    rest.artifact(rest.version(rest.model("fraud"), "1"), "model", uri="s3://b", externalId="x")
    other.version(other.model("holder"), "7", externalId="x")
    result = copy()
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.splitlines()[3:] == [
        "Not copied: RegisteredModel 'churn': ExternalIdConflict: 'x' belongs to the ModelVersion '7' (id 2, LIVE)",
        "Not copied: ModelVersion 'churn' / '1': Parent",
        "Not copied: ModelArtifact 'churn' / '1' / 'model': Parent",
        "3 new, 0 changed, 0 different, 0 equal, 3 not copied.",
    ]
    assert contents(other)["fraud", "1", "model-artifact", "model"]["externalId"] == "x"
    assert ("churn",) not in contents(other)


def test_an_external_id_that_another_entry_gave_up_is_copied(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("a", externalId="2")
    rest.model("b", externalId="1")
    rest.model("c")
    other.model("a", externalId="1")
    other.model("b")
    other.model("c", externalId="kept")
    assert copy("--on-difference=update").exit_code == ExitCode.DONE
    held = {place: entry.get("externalId") for place, entry in contents(other).items()}
    assert held == {("a",): "2", ("b",): "1", ("c",): "kept"}


def test_json_has_the_fields_and_hides_secrets(churn: str, rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("secret", customProperties={"hf_token": text("hf_new"), "flag": PROPERTIES["bool"]})
    other.model("secret", customProperties={"hf_token": text("hf_old"), "flag": PROPERTIES["int"]})
    rest.version("1", "new")
    assert other.get(churn)
    result = copy("-o", "json")
    found = json.loads(result.stdout)
    assert (found["formatVersion"], found["complete"], found["dryRun"]) == ("1.1", True, False)
    assert (found["from"], found["to"]) == (rest.url, other.url)
    assert found["summary"] == {
        "new": 1,
        "changed": 0,
        "different": 2,
        "linked": 0,
        "equal": 0,
        "notCopied": 0,
        "missing": 0,
        "archived": 0,
    }
    assert found["new"] == [{"kind": "ModelVersion", "model": "churn", "name": "new", "id": "3"}]
    assert found["different"][1] == {
        "kind": "RegisteredModel",
        "name": "secret",
        "id": "2",
        "fields": [
            {"path": "customProperties.flag", "before": 7, "after": True},
            {"path": "customProperties.hf_token", "before": "(hidden)", "after": "(hidden)"},
        ],
    }
    for shown in (result.output, copy("--on-difference=update").output):
        assert "hf_old" not in shown
        assert "hf_new" not in shown
