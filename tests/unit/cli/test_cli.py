"""The command line: what it refuses, and the CRDs that it prints."""

import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from registrar.api.v1alpha1 import AdoptionPolicy, DeletionPolicy, DriftPolicy
from registrar.cli import ALIASES, COMMANDS, main
from registrar.cli.exits import ExitCode
from registrar.kinds.table import DEFINED

REFUSED = {
    "no address": ([], "give one of --registry-url and --registry-url-file"),
    "two addresses": (
        ["--registry-url=http://r", "--registry-url-file=/nowhere"],
        "give one of --registry-url and --registry-url-file",
    ),
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
    "namespaces in one value": (
        ["--registry-url=http://r", "--namespace=a,b"],
        (
            "'a,b' is not a valid namespace; give full names, without patterns or commas. Repeat --namespace, "
            "or separate the names with spaces in REGISTRAR_NAMESPACES"
        ),
    ),
    "an owner id": (["--registry-url=http://r", "--owner-id=a_b"], "--owner-id: 'a_b' is not a valid owner ID"),
    "archiving under the default owner id": (
        ["--registry-url=http://r", "--orphaned-entries=Archive"],
        "--orphaned-entries=Archive needs --owner-id",
    ),
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
        "--registry-requests-per-second: must be greater than 0",
    ),
    "no request at once": (
        ["--registry-url=http://r", "--registry-requests-in-flight=0"],
        "--registry-requests-in-flight: must be at least 1",
    ),
    "no worker": (["--registry-url=http://r", "--workers=0"], "--workers: must be at least 1"),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=list(REFUSED))
def test_a_wrong_setting_is_refused_under_the_name_of_its_flag(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == ExitCode.USAGE
    assert message in result.output
    assert "secret" not in result.output


def test_two_tokens_are_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    flags = ["--registry-url=http://r", "--registry-token=t", f"--registry-token-file={tmp_path / 'token'}"]
    result = CliRunner().invoke(main, ["run", *flags])
    assert result.exit_code == ExitCode.USAGE
    assert "give the registry token or the registry token file, not both" in result.output


def test_settings_come_from_the_environment_too() -> None:
    result = CliRunner().invoke(main, ["run"], env={"REGISTRAR_REGISTRY_URL": "nonsense"})
    assert result.exit_code == ExitCode.USAGE
    assert "'nonsense' is not a URL" in result.output


def test_the_variable_separates_namespaces_with_spaces() -> None:
    result = CliRunner().invoke(main, ["run", "--registry-url=http://r"], env={"REGISTRAR_NAMESPACES": "team-a b_"})
    assert result.exit_code == ExitCode.USAGE
    assert "'b_' is not a valid namespace" in result.output


@pytest.mark.parametrize(
    "shown",
    [
        "--workers INTEGER Number of resources that are reconciled concurrently. [default: 16; range: 1 to 64]",
        "[default: 15; range: above 0 up to 3600]",
        "By default, they are not served. [range: 0 to 65535]",
        "Maximum number of requests to the registry per second. 0, the default, means no limit. [env var:",
    ],
)
def test_the_help_shows_defaults_and_ranges(shown: str) -> None:
    assert shown in " ".join(CliRunner().invoke(main, ["run", "--help"]).output.split())


def test_crds_prints_one_definition_for_each_kind() -> None:
    result = CliRunner().invoke(main, ["crds"])
    assert result.exit_code == 0
    documents = [document for document in yaml.safe_load_all(result.output) if document]
    assert [document["spec"]["names"]["kind"] for document in documents] == [kind.KIND for kind in DEFINED]


@pytest.mark.parametrize("policy", [*DeletionPolicy, *AdoptionPolicy, *DriftPolicy])
def test_policies_are_written_as_in_a_manifest(policy: StrEnum) -> None:
    flag = {DeletionPolicy: "deletion", AdoptionPolicy: "adoption", DriftPolicy: "drift"}[type(policy)]
    result = CliRunner().invoke(main, ["run", "--registry-url=nonsense", f"--{flag}-policy={policy.value}"])
    # The address is refused, and it alone.
    assert "--registry-url: 'nonsense' is not a URL" in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_lists_each_command_with_its_first_sentence(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    assert command.help is not None
    assert command.help.split("\n\n")[0].replace("\n", " ") == COMMANDS[name]


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_an_alias_calls_its_command_and_the_help_lists_it_behind_the_name(alias: str, name: str) -> None:
    context = click.Context(main)
    assert main.get_command(context, alias) is main.get_command(context, name)
    assert f"  {name}, {alias}  " in CliRunner().invoke(main, ["--help"]).output


HELP = "from click.testing import CliRunner\nprint(CliRunner().invoke(main, ['--help']).output)\n"
COMPLETION = "from registrar.cli.completion import main as complete\nsys.argv[1:] = ['st']\ncomplete()\n"


@pytest.mark.parametrize(
    ("ask", "answer"), [(HELP, "Commands:"), (COMPLETION, "status\tSay what is not ready")], ids=["help", "completion"]
)
def test_help_and_completion_import_no_library_but_click(ask: str, answer: str) -> None:
    program = (
        f"import sys\nfrom registrar.cli import main\n{ask}"
        "print({'pydantic', 'kopf', 'aiohttp', 'httpx', 'kubernetes', 'yaml'} & sys.modules.keys())"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer in ran.stdout
    assert ran.stdout.splitlines()[-1] == "set()"


def test_the_logins_of_docker_are_read_only_where_they_are_needed() -> None:
    program = "import sys\nimport registrar.cli.verify\nprint({'docker', 'requests', 'kopf'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    result = CliRunner().invoke(main, ["rnu"])
    assert result.exit_code == ExitCode.USAGE
    assert "No such command 'rnu'" in result.output


def test_ctrl_c_ends_a_command_with_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("registrar.cli.crds.crds", interrupted)
    assert CliRunner().invoke(main, ["crds"]).exit_code == ExitCode.INTERRUPTED


@pytest.mark.parametrize(("program", "name"), [("registrar", "registrar"), ("kubectl-registrar", "kubectl registrar")])
def test_the_usage_names_the_program_as_it_was_called(program: str, name: str) -> None:
    ran = subprocess.run(
        [Path(sys.executable).with_name(program), "--help"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith(f"Usage: {name} [OPTIONS]")


@pytest.mark.parametrize("command", ["schema", "crds"])
def test_an_output_that_cannot_be_written_is_a_sentence(command: str) -> None:
    program = [sys.executable, "-m", "registrar", command]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == ExitCode.NOT_KNOWN
    assert done.stderr.splitlines() == ["Error: the output cannot be written: No space left on device."]
