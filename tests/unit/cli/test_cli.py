"""The command line: what it refuses, and the CRDs that it prints."""

from enum import StrEnum
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.cli import main
from registrar.kinds.table import RESOURCES

REFUSED = {
    "no address": ([], "Missing option '--registry-url'"),
    "an address without a scheme": (
        ["--registry-url=registry:8080"],
        "--registry-url: 'registry:8080' is not a URL",
    ),
    "a password in the address": (["--registry-url=https://me:secret@registry"], "contains a user name or password"),
    "a query": (["--registry-url=https://registry?x=1"], "has a query or a fragment"),
    "a namespace pattern": (
        ["--registry-url=http://r", "--namespace=team-*"],
        "'team-*' is not a valid namespace",
    ),
    "an owner id": (["--registry-url=http://r", "--owner-id=a_b"], "--owner-id: 'a_b' is not a valid owner ID"),
    "a missing file": (
        ["--registry-url=http://r", "--registry-ca-file=/nowhere"],
        "--registry-ca-file: the file /nowhere does not exist",
    ),
    "a lease shorter than its deadline": (
        ["--registry-url=http://r", "--lease-duration=9"],
        "the lease duration (9 s) must be longer than the renew deadline (10 s)",
    ),
    "a deadline shorter than the retries": (
        ["--registry-url=http://r", "--renew-deadline=1"],
        "and that longer than the retry period (2 s)",
    ),
    "a lease's name": (
        ["--registry-url=http://r", "--lease-name=A_b"],
        "'A_b' is not a valid Lease name",
    ),
    "a negative number of requests": (
        ["--registry-url=http://r", "--registry-requests-per-second=-1"],
        "--registry-requests-per-second: Input should be greater than 0",
    ),
    "no request at once": (
        ["--registry-url=http://r", "--registry-requests-in-flight=0"],
        "--registry-requests-in-flight: Input should be greater than or equal to 1",
    ),
    "no worker": (["--registry-url=http://r", "--workers=0"], "--workers: Input should be greater than or equal to 1"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_wrong_setting_is_refused_under_the_name_of_its_flag(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 2
    assert message in result.output
    assert "secret" not in result.output


def test_two_tokens_are_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    flags = ["--registry-url=http://r", "--registry-token=t", f"--registry-token-file={tmp_path / 'token'}"]
    result = CliRunner().invoke(main, ["run", *flags])
    assert result.exit_code == 2
    assert "give the registry token or the registry token file, not both" in result.output


def test_settings_come_from_the_environment_too() -> None:
    result = CliRunner().invoke(main, ["run"], env={"REGISTRAR_REGISTRY_URL": "nonsense"})
    assert result.exit_code == 2
    assert "'nonsense' is not a URL" in result.output


def test_crds_prints_one_definition_for_each_kind() -> None:
    result = CliRunner().invoke(main, ["crds"])
    assert result.exit_code == 0
    documents = [document for document in yaml.safe_load_all(result.output) if document]
    assert [document["spec"]["names"]["kind"] for document in documents] == [kind.KIND for kind in RESOURCES]


@pytest.mark.parametrize("policy", [*DeletionPolicy, *AdoptionPolicy, *DriftPolicy])
def test_policies_are_written_as_in_a_manifest(policy: StrEnum) -> None:
    flag = {DeletionPolicy: "deletion", AdoptionPolicy: "adoption", DriftPolicy: "drift"}[type(policy)]
    result = CliRunner().invoke(main, ["run", "--registry-url=nonsense", f"--{flag}-policy={policy.value}"])
    # The address is refused, and it alone.
    assert "--registry-url: 'nonsense' is not a URL" in result.output
