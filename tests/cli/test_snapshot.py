"""`registrar snapshot`: everything that a registry holds, as one file, and never half of it."""

import asyncio
import gzip
import io
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from model_registry.types import DocArtifact, ModelArtifact, ModelVersion, RegisteredModel
from registrar.cli import main
from registrar.cli.exits import ExitCode
from registrar.cli.records import SnapshotError, read_records, read_snapshot, write_records
from registrar.registries.connection import ReadOnly, reading
from registrar.registries.inventory import Inventory
from registrar.settings import RegistrySettings
from tests.support.fault_proxy import always, on_matching, proxy_to
from tests.support.loopback import Reply
from tests.support.rest import PROPERTIES, STRUCT, Rest


@pytest.fixture
def seeded(rest: Rest) -> Rest:
    """A registry with a bit of everything."""
    model = rest.model("churn", customProperties={**PROPERTIES, "struct": STRUCT}, language=["en", "no"])
    first, second = rest.version(model, "1", author="grace"), rest.version(model, "2", state="ARCHIVED")
    artifact = rest.artifact(first, "model", uri="s3://b/m", state="LIVE")
    rest.artifact(first, "card", artifactType="doc-artifact", uri="s3://b/card")
    # The same artifact in a second version, and one in none.
    rest.create(f"model_versions/{second}/artifacts", artifactType="model-artifact", id=artifact, name="model")
    rest.create("artifacts", artifactType="doc-artifact", name="loose", uri="s3://b/loose")
    return rest


def snapshot(url: str, file: Path | str) -> Result:
    return CliRunner().invoke(main, ["snapshot", f"--registry-url={url}", "-o", str(file)])


def inventory_of(url: str) -> Inventory:
    async def read() -> Inventory:
        async with reading(RegistrySettings(registry_url=url)) as reader:
            return await reader.read(lambda _: None)

    return asyncio.run(read())


@pytest.mark.parametrize("name", ["registry.ndjson", "registry.ndjson.gz"])
def test_a_snapshot_holds_what_the_registry_holds(name: str, seeded: Rest, tmp_path: Path) -> None:
    file = tmp_path / name
    result = snapshot(seeded.url, file)
    assert (result.exit_code, result.stdout) == (ExitCode.DONE, "")
    found = read_snapshot(file)
    assert found == inventory_of(seeded.url)
    assert len(found) == len(seeded.entries()) == 6
    assert [artifact.name for artifact in found.artifacts["2"]] == ["model", "card"]
    assert [artifact.name for artifact in found.artifacts["3"]] == ["model"]
    assert [artifact.name for artifact in found.loose_artifacts] == ["loose"]
    properties = found.models[0].custom_properties or {}
    assert {key: (type(value), value) for key, value in properties.items() if key != "struct"} == {
        "text": (str, "y"),
        "number as text": (str, "1e3"),
        "date": (str, "2026-11-23"),
        "empty": (str, ""),
        "emoji": (str, "😀\r\n\t "),
        "int": (int, 7),
        "whole double": (float, 2.0),
        "large double": (float, 1e22),
        "double": (float, 0.1),
        "bool": (bool, True),
    }
    text = gzip.decompress(file.read_bytes()).decode() if name.endswith("gz") else file.read_text()
    header, *_, last = map(json.loads, text.splitlines())
    assert header["formatVersion"] == "1.0"
    assert header["registry"] == {"url": seeded.url}
    assert last["counts"] == {"RegisteredModel": 1, "ModelVersion": 2, "ModelArtifact": 1, "DocArtifact": 2}


def test_it_can_be_printed_and_keeps_the_rights_of_the_file(seeded: Rest, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "snapshot.ndjson"
    assert snapshot(seeded.url, file).exit_code == ExitCode.DONE
    file.chmod(0o600)
    assert snapshot(seeded.url, file).exit_code == ExitCode.DONE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    printed = snapshot(seeded.url, "-").stdout.splitlines()
    assert printed[1:] == file.read_text().splitlines()[1:]
    assert list(file.parent.iterdir()) == [file]


def test_many_pages_and_lists_are_read(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registrar.registries.kubeflow.inventory.PAGE_SIZE", 3)
    model = rest.model("m")
    versions = [rest.version(model, f"v{i}") for i in range(8)]
    artifacts = {version: [rest.artifact(version, f"a{i}", uri="s3://b") for i in range(4)] for version in versions}
    found = inventory_of(rest.url)
    assert [version.id for version in found.versions] == versions
    assert {key: [each.id for each in held] for key, held in found.artifacts.items()} == artifacts


def test_what_changes_during_the_reading_is_in(seeded: Rest) -> None:
    """Everything is changed as late as possible: when the last list of a version has been read."""
    counts: list[int] = []

    def change(number: int) -> None:
        counts.append(number)
        # A model, two versions and three artifacts in pages, then a list for each version.
        if counts == [1, 2, 3, 4, 5, 6, 6, 6]:
            model = seeded.model("new", owner="late")
            version = seeded.version(model, "late")
            seeded.artifact(version, "late", uri="s3://late")
            seeded.artifact("2", "late in an old version", uri="s3://late")
            seeded.change("model_versions/3", description="late")
            seeded.change("artifacts/1", state="PENDING", artifactType="model-artifact")

    async def read() -> Inventory:
        async with reading(RegistrySettings(registry_url=seeded.url)) as reader:
            return await reader.read(change)

    found = asyncio.run(read())
    assert found == inventory_of(seeded.url)
    assert [model.name for model in found.models] == ["churn", "new"]
    assert found.versions[1].description == "late"
    assert found.artifacts["2"][-1].name == "late in an old version"
    assert [artifact.state for artifact in found.artifacts["3"]] == ["PENDING"]


def test_it_only_reads(seeded: Rest, tmp_path: Path) -> None:
    with proxy_to(seeded.url) as proxy:
        assert snapshot(proxy.url, tmp_path / "s").exit_code == ExitCode.DONE
        assert {received.method for received in proxy.received} == {"GET"}
    with pytest.raises(RuntimeError, match="about to send a PATCH"):
        ReadOnly().request_starts("PATCH")


@pytest.mark.parametrize("part", ["registered_models", "model_versions?", "model_versions/3/artifacts", "/artifacts?"])
def test_a_list_that_fails_leaves_no_file(part: str, seeded: Rest, tmp_path: Path) -> None:
    with proxy_to(seeded.url, on_matching(Reply(403, {"message": "no"}), lambda got: part in got.path)) as proxy:
        result = snapshot(proxy.url, tmp_path / "s")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "answered 403" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_registry_that_is_none_is_an_answer_that_is_not_known(tmp_path: Path) -> None:
    with proxy_to("http://127.0.0.1:1", always(Reply(200, "<html>"))) as proxy:
        assert snapshot(proxy.url, tmp_path / "s").exit_code == ExitCode.NOT_KNOWN
    assert snapshot("http://127.0.0.1:1", tmp_path / "s").exit_code == ExitCode.NOT_KNOWN


def test_an_entry_that_cannot_be_read_is_counted(seeded: Rest, tmp_path: Path) -> None:
    page = {"items": [{"id": "1", "name": "a"}, {"id": "2", "name": {}}], "nextPageToken": "", "pageSize": 2, "size": 2}
    models = on_matching(Reply(200, page), lambda got: "registered_models" in got.path)
    with proxy_to(seeded.url, models) as proxy:
        result = snapshot(proxy.url, tmp_path / "s")
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "1 entry missing" in result.stderr
    assert read_snapshot(tmp_path / "s").unreadable == 1


def test_a_snapshot_that_was_cut_off_is_noticed_wherever_the_cut_is(seeded: Rest, tmp_path: Path) -> None:
    file = tmp_path / "s.ndjson"
    snapshot(seeded.url, file)
    text = file.read_text()
    lines = text.splitlines(keepends=True)
    assert len(read_records(iter(lines))) == 6
    for end in range(len(text) - 1):
        with pytest.raises(SnapshotError):
            read_records(iter(io.StringIO(text[:end])))
    for number in range(len(lines)):
        with pytest.raises(SnapshotError):
            read_records(iter(lines[:number] + lines[number + 1 :]))
    packed = gzip.compress(text.encode())
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(SnapshotError):
        read_snapshot(tmp_path / "cut.gz")


WRONG = {
    "another format": ('{"format":"x"}\n', "it is no snapshot"),
    "a later format": ('{"format":"model-registrar-snapshot","formatVersion":"2.0"}\n', "its format version is 2.0"),
    "an unknown kind": ('{"kind":"X","entry":{}}\n', "line 2 has an entry of the unknown kind 'X'"),
    "an invented field": (
        '{"kind":"RegisteredModel","entry":{"id":"1","name":"a","x":1}}\n',
        "line 2 has no valid entry",
    ),
    "a value of another type": (
        '{"kind":"RegisteredModel","entry":{"id":"1","name":"a","customProperties":{"a":{"int":"1"}}}}\n',
        "a custom property of the type 'int' with the value '1'",
    ),
    "no entry": ('{"kind":"RegisteredModel"}\n', "line 2 has no valid entry"),
    "no ID": ('{"kind":"RegisteredModel","entry":{"name":"a"}}\n', "without an ID"),
    "a list": ("[]\n", "line 2 is not a JSON object"),
    "no JSON": ("x\n", "line 2 is not JSON"),
}


@pytest.mark.parametrize(("line", "message"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_snapshot_is_refused_with_the_line(line: str, message: str) -> None:
    header = '{"format":"model-registrar-snapshot","formatVersion":"1.1"}\n'
    lines = [line] if "format" in line else [header, line, '{"counts":{}}\n']
    with pytest.raises(SnapshotError, match=message):
        read_records(iter(lines))


VALUES = st.one_of(
    st.text(), st.booleans(), st.integers(-(2**31), 2**31 - 1), st.floats(allow_nan=False, allow_infinity=False)
)


@given(st.dictionaries(st.text(), VALUES), st.text(min_size=1))
def test_every_property_survives(properties: dict[str, bool | int | float | str], name: str) -> None:
    inventory = Inventory(
        models=[RegisteredModel(name, id="1", custom_properties=properties)],
        versions=[ModelVersion(name, id="2", registered_model_id="1", author=name, custom_properties={})],
        artifacts={
            "2": [
                ModelArtifact(name, id="3", uri=name, custom_properties={}),
                DocArtifact(id="10", custom_properties={}),
            ]
        },
        loose_artifacts=[DocArtifact(name, id="4", custom_properties={})],
    )
    lines = "".join(write_records(inventory, "http://r", "2026-11-23T00:00:00Z"))
    found = read_records(iter(io.StringIO(lines)))
    assert found == inventory
    read = found.models[0].custom_properties or {}
    assert {key: type(value) for key, value in read.items()} == {key: type(value) for key, value in properties.items()}
