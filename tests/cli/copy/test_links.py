"""`registrar copy` and artifacts that several versions hold: one artifact in the other registry too."""

import json

import pytest

from registrar.cli.exits import ExitCode
from tests.cli.copy.conftest import Copy, contents, names_by_id
from tests.support.fault_proxy import Fault, on_matching, proxy_to
from tests.support.rest import PROPERTIES, STRUCT, Rest, text


@pytest.fixture
def shared(rest: Rest) -> Rest:
    """A registry in which three versions of two models hold one artifact."""
    first = rest.version(rest.model("m"), "1")
    second, third = rest.version("1", "2"), rest.version(rest.model("n"), "1")
    properties = {**PROPERTIES, "struct": STRUCT}
    artifact = rest.artifact(first, "shared", uri="s3://b", state="LIVE", customProperties=properties)
    # The server refuses a struct as it returns it, and a change without it.
    for version in (second, third):
        body = {"artifactType": "model-artifact", "customProperties": properties}
        rest.create(f"model_versions/{version}/artifacts", id=artifact, **body)
    rest.artifact(second, "own", uri="s3://b/own")
    return rest


def holders(registry: Rest) -> dict[str, list[str]]:
    """The versions that hold each artifact, by its name; there is one artifact of each name."""
    found: dict[str, list[str]] = {}
    models = {each["id"]: each["name"] for each in registry.get("registered_models")["items"]}
    for version in registry.get("model_versions")["items"]:
        place = f"{models[version['registeredModelId']]}/{version['name']}"
        for artifact in registry.get(f"model_versions/{version['id']}/artifacts")["items"]:
            found.setdefault(artifact["name"], []).append(place)
    assert len(found) == len(registry.get("artifacts")["items"])
    return {name: sorted(places) for name, places in found.items()}


def test_an_artifact_of_several_versions_is_linked_to_each_and_not_changed(
    shared: Rest, other: Rest, copy: Copy
) -> None:
    dry = copy("--dry-run")
    result = copy()
    assert (result.exit_code, dry.exit_code) == (ExitCode.DONE, ExitCode.DONE)
    assert dry.stdout == result.stdout
    assert result.stdout.splitlines()[-3:] == [
        "Linked: ModelArtifact 'm' / '2' / 'shared'",
        "Linked: ModelArtifact 'n' / '1' / 'shared'",
        "7 new, 0 changed, 0 different, 0 equal, 2 linked.",
    ]
    assert contents(other) == contents(shared)
    assert names_by_id(other) == names_by_id(shared)
    assert holders(other) == holders(shared)
    with proxy_to(other.url) as proxy:
        again = copy("-o", "json", to=proxy.url)
        assert {received.method for received in proxy.received} == {"GET"}
    summary = json.loads(again.stdout)["summary"]
    assert (summary["new"], summary["linked"], summary["notCopied"]) == (0, 0, 0)


def test_a_link_that_is_missing_is_made_by_the_next_run(shared: Rest, other: Rest, copy: Copy) -> None:
    is_link = on_matching(Fault.RESET_BEFORE, lambda got: got.method == "POST" and b'"id"' in got.body)
    with proxy_to(other.url, is_link) as proxy:
        assert copy(to=proxy.url).exit_code == ExitCode.NOT_KNOWN
    assert holders(other)["shared"] == ["m/1"]
    result = copy("-o", "json")
    assert result.exit_code == ExitCode.DONE
    assert [(one["model"], one["version"], one["id"]) for one in json.loads(result.stdout)["linked"]] == [
        ("m", "2", "1"),
        ("n", "1", "1"),
    ]
    assert holders(other) == holders(shared)


@pytest.mark.usefixtures("shared")
def test_an_artifact_that_git_manages_is_not_linked_and_named(other: Rest, copy: Copy) -> None:
    stamp = {"model-registrar.dev/owner": text("created:x/team/m-1#shared")}
    version = other.version(other.model("m"), "1")
    other.artifact(version, "shared", uri="s3://b", state="LIVE", customProperties=stamp)
    result = copy()
    assert result.exit_code == ExitCode.ATTENTION
    assert "ModelArtifact 'm' / '2' / 'shared': Linked: its stamp is created:x/team/m-1#shared" in result.stdout
    assert holders(other)["shared"] == ["m/1"]
    assert copy("--allow=Linked").exit_code == ExitCode.DONE


@pytest.mark.usefixtures("shared")
def test_an_artifact_is_not_linked_to_a_version_that_git_manages(other: Rest, copy: Copy) -> None:
    stamp = "created:x/team/m-2"
    other.version(other.model("m"), "2", customProperties={"model-registrar.dev/owner": text(stamp)})
    result = copy()
    assert result.exit_code == ExitCode.ATTENTION
    assert f"ModelArtifact 'm' / '2' / 'shared': Managed: the stamp of its version is {stamp}" in result.stdout
    assert holders(other)["shared"] == ["m/1", "n/1"]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("on_difference", ["report", "update"])
def test_an_artifact_with_other_content_is_not_linked_and_named(other: Rest, copy: Copy, on_difference: str) -> None:
    """The version would hold content that it does not have in the first registry."""
    version = other.version(other.model("m"), "1")
    artifact = other.artifact(version, "shared", uri="s3://elsewhere", state="LIVE")
    result = copy(f"--on-difference={on_difference}")
    left = "ModelArtifact 'm' / '2' / 'shared': Linked: it is left as it is there: uri 's3://elsewhere' -> 's3://b'"
    if on_difference == "report":
        assert result.exit_code == ExitCode.ATTENTION
        assert left in result.stdout
        assert holders(other)["shared"] == ["m/1"]
        assert other.get(f"artifacts/{artifact}")["uri"] == "s3://elsewhere"
        assert copy("--on-difference=update").exit_code == ExitCode.DONE
    assert holders(other)["shared"] == ["m/1", "m/2", "n/1"]
    assert other.get(f"artifacts/{artifact}")["uri"] == "s3://b"


def test_an_artifact_with_another_digest_is_not_linked(shared: Rest, other: Rest, copy: Copy) -> None:
    digests = [f"sha256:{digit * 64}" for digit in "12"]
    shared.change("artifacts/1", artifactType="model-artifact", customProperties={"digest": text(digests[0])})
    version = other.version(other.model("m"), "1")
    fields = {"uri": "s3://b", "state": "LIVE", "customProperties": {"digest": text(digests[1])}}
    other.artifact(version, "shared", **fields)
    result = copy("--on-difference=update")
    assert result.exit_code == ExitCode.ATTENTION
    change = f"customProperties.digest '{digests[1]}' -> '{digests[0]}'"
    assert f"ModelArtifact 'm' / '2' / 'shared': Linked: it is left as it is there: {change}" in result.stdout
    assert holders(other)["shared"] == ["m/1"]


def test_a_link_is_not_made_without_the_version_that_the_artifact_goes_with(
    shared: Rest, other: Rest, copy: Copy
) -> None:
    result = copy("--model=n")
    assert result.exit_code == ExitCode.ATTENTION
    assert "ModelArtifact 'n' / '1' / 'shared': Linked: it goes with the version '1'" in result.stdout
    assert holders(other) == {}
    # The other model is there in the meantime.
    assert copy("--model=m").exit_code == ExitCode.DONE
    assert copy("--model=n").exit_code == ExitCode.DONE
    assert holders(other) == holders(shared)
