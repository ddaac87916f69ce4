"""`registrar copy` under faults: an outage, a lost answer, Ctrl-C. The next run continues."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from registrar.cli.copy.carrying_out import MAX_FAULTS
from registrar.cli.exits import ExitCode
from tests.cli.copy.conftest import Copy, contents, names_by_id
from tests.cli.program import LIMIT, PROGRAMS, on_a_terminal
from tests.support.fault_proxy import Fault, FaultProxy, Script, Treatment, on_first, on_matching, proxy_to
from tests.support.loopback import Received, Reply
from tests.support.rest import STRUCT, Rest

DONE = "0 new, 0 changed, 0 different, 9 equal.\n"


def after_writes(number: int, treatment: Treatment, method: str = "") -> Script:
    """Let so many creates pass, and treat everything behind them so, or all of a method."""
    passed = 0

    def script(received: Received) -> Treatment:
        nonlocal passed
        if passed >= number:
            return treatment if method in {"", received.method} else None
        passed += received.method == "POST"
        return None

    return script


def start(source: Rest, proxy: FaultProxy) -> subprocess.Popen[str]:
    """Run the command as a program of its own."""
    words = [str(PROGRAMS / "registrar"), "copy", f"--from={source.url}", f"--to={proxy.url}"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


LOST = [Fault.RESET_AFTER, Fault.DROP_AFTER, Fault.CUT_AFTER, Fault.GARBLE_AFTER]


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: str(fault.name))
def test_a_lost_answer_makes_no_duplicate_and_no_failure(fault: Fault, seeded: Rest, other: Rest, copy: Copy) -> None:
    with proxy_to(other.url, on_first("POST", fault)) as proxy:
        result = copy(to=proxy.url)
    # The entry has a struct, which the registry returns in another form than that in which it was sent.
    assert result.exit_code == ExitCode.DONE, result.output
    assert contents(other) == contents(seeded)
    assert names_by_id(other) == names_by_id(seeded)


def test_an_entry_that_someone_creates_meanwhile_is_no_duplicate(rest: Rest, other: Rest, copy: Copy) -> None:
    model = rest.model("churn", owner="analytics")
    version = rest.version(model, "1", author="grace")
    rest.artifact(version, "same", uri="s3://b", customProperties={"struct": STRUCT})
    rest.artifact(version, "other", uri="s3://b")

    def create_first(received: Received) -> Treatment:
        if received.method == "POST":
            body = json.loads(received.body)
            changes = {"author": "ada"} if received.path.endswith("model_versions") else {}
            changes |= {"uri": "s3://else"} if body["name"] == "other" else {}
            other.create(received.path.partition("/v1alpha3/")[2], **{**body, **changes})
        return None

    with proxy_to(other.url, create_first) as proxy:
        result = copy("--on-difference=update", to=proxy.url)
    assert result.exit_code == ExitCode.DONE, result.output
    assert result.stdout.splitlines() == [
        "Changed: ModelVersion 'churn' / '1' (id 2): author 'ada' -> 'grace'",
        "Changed: ModelArtifact 'churn' / '1' / 'other' (id 2): uri 's3://else' -> 's3://b'",
        "0 new, 2 changed, 0 different, 2 equal.",
    ]
    assert contents(other) == contents(rest)


OUTAGES = {
    "the gateway has no server": Reply(503, {"message": "no healthy upstream"}),
    "the database is away": Reply(500, {"message": "database is closed"}),
    "the token is no longer valid": Reply(401, {"message": "no"}),
    "too many requests": Reply(429, {"message": "slow down"}, {"Retry-After": "99"}),
    "something else answers": Reply(200, "<html>"),
}


@pytest.mark.parametrize("reply", OUTAGES.values(), ids=list(OUTAGES))
def test_an_outage_stops_it_and_the_next_run_continues(reply: Reply, seeded: Rest, other: Rest, copy: Copy) -> None:
    with proxy_to(other.url, after_writes(4, reply)) as proxy:
        result = copy(to=proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert len(contents(other)) == 4
    assert result.stdout.splitlines()[4:] == [
        "Missing: ModelVersion '日本語' / '2026-11-23/b'",
        "Missing: ModelArtifact 'org/Churn Ψ' / '2' / 'old'",
        "Missing: DocArtifact 'org/Churn Ψ' / '2' / 'card: ü'",
        "Missing: DataSet 'org/Churn Ψ' / '1' / 'data'",
        "Missing: ModelArtifact 'org/Churn Ψ' / '2' / 'a newer one'",
        "4 new, 0 changed, 0 different, 0 equal, 5 missing.",
    ]
    assert f"Error: The registry {proxy.url} cannot be written to: " in result.stderr
    assert result.stderr.endswith("Error: 5 entries are missing. Run the command again to continue.\n")
    assert copy().stdout.endswith("5 new, 0 changed, 0 different, 4 equal.\n")
    assert contents(other) == contents(seeded)


def test_an_outage_that_only_writes_meet_stops_it_too(seeded: Rest, other: Rest, copy: Copy) -> None:
    slow = Reply(429, {"message": "slow down"}, {"Retry-After": "99"})
    with proxy_to(other.url, after_writes(4, slow, "POST")) as proxy:
        result = copy(to=proxy.url)
        assert len(proxy.requests("POST")) == 5
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert contents(seeded).items() > contents(other).items()


FAULT = Reply(500, {"message": "what was that"})


def test_a_registry_that_fails_at_every_write_and_answers_reads_is_an_outage(
    seeded: Rest, other: Rest, copy: Copy
) -> None:
    with proxy_to(other.url, on_matching(FAULT, lambda got: got.method == "POST")) as proxy:
        result = copy(to=proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert result.stdout.splitlines()[-1] == "0 new, 0 changed, 0 different, 0 equal, 9 missing."
    assert "cannot be written to: it answers reads, and fails at every write: " in result.stderr
    assert copy().exit_code == ExitCode.DONE
    assert contents(other) == contents(seeded)


def test_writes_that_fail_in_a_row_are_an_outage_before_all_are_tried(rest: Rest, other: Rest, copy: Copy) -> None:
    for number in range(20):
        rest.model(f"m{number:02}")
    with proxy_to(other.url, after_writes(3, FAULT, "POST")) as proxy:
        result = copy(to=proxy.url)
        tried = {json.loads(received.body)["name"] for received in proxy.requests("POST")}
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert len(tried) == 3 + MAX_FAULTS
    assert result.stdout.splitlines()[3:5] == ["Missing: RegisteredModel 'm03'", "Missing: RegisteredModel 'm04'"]
    assert result.stdout.splitlines()[-1] == "3 new, 0 changed, 0 different, 0 equal, 17 missing."


def test_faults_with_a_success_behind_them_are_about_the_entries(rest: Rest, other: Rest, copy: Copy) -> None:
    for number in range(4):
        rest.model(f"m{number:02}")
    is_odd = on_matching(FAULT, lambda got: got.method == "POST" and int(json.loads(got.body)["name"][1:]) % 2 > 0)
    with proxy_to(other.url, is_odd) as proxy:
        result = copy(to=proxy.url)
    assert result.exit_code == ExitCode.ATTENTION
    assert result.stdout.count(": Refused: ") == 2
    assert len(contents(other)) == 2


def test_an_only_entry_whose_value_the_database_refuses_is_no_outage(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("m")
    too_long = Reply(500, {"message": "value too long (SQLSTATE 22001)"})
    with proxy_to(other.url, on_matching(too_long, lambda got: got.method == "POST")) as proxy:
        result = copy(to=proxy.url)
    assert result.exit_code == ExitCode.ATTENTION
    assert "Not copied: RegisteredModel 'm': Refused: " in result.stdout


def test_an_outage_during_an_update_stops_it(rest: Rest, other: Rest, copy: Copy) -> None:
    for name in ("a", "b"):
        rest.model(name, owner="new")
        other.model(name, owner="old")

    def away_from_the_first_update_on(received: Received) -> Treatment:
        began = received.method == "PATCH" or proxy.requests("PATCH")
        return Reply(500, {"message": "database is closed"}) if began else None

    with proxy_to(other.url, away_from_the_first_update_on) as proxy:
        result = copy("--on-difference=update", to=proxy.url)
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert result.stdout.splitlines()[-1] == "0 new, 0 changed, 0 different, 0 equal, 2 missing."


def test_a_registry_that_was_replaced_meanwhile_is_not_written_to_any_more(rest: Rest, other: Rest, copy: Copy) -> None:
    for name in ("a", "b"):
        rest.model(name, owner="new")
        other.model(name, owner="old")
    replaced = Reply(200, {"id": "1", "name": "of another database", "customProperties": {}})
    with proxy_to(other.url, on_matching(replaced, lambda got: got.method == "PATCH")) as proxy:
        result = copy("--on-difference=update", to=proxy.url)
        assert len(proxy.requests("PATCH")) == 1
    assert result.exit_code == ExitCode.NOT_KNOWN
    assert "the registry's database was replaced" in result.stderr


REFUSALS = {
    "a value that the database does not take": Reply(500, {"message": "value too long (SQLSTATE 22001)"}),
    "a value that the server does not take": Reply(400, {"message": "bad"}),
    "any other error of the server": Reply(500, {"message": "what was that"}),
}


@pytest.mark.parametrize("reply", REFUSALS.values(), ids=list(REFUSALS))
def test_an_entry_that_is_refused_stops_nothing_but_its_children(
    reply: Reply, seeded: Rest, other: Rest, copy: Copy
) -> None:
    assert seeded.entries()
    with proxy_to(other.url, on_matching(reply, lambda got: b'"name":"2"' in got.body.replace(b" ", b""))) as proxy:
        result = copy("-o", "json", to=proxy.url)
    assert result.exit_code == ExitCode.ATTENTION
    found = json.loads(result.stdout)
    assert found["complete"] is True
    assert [(one["reason"], one["name"]) for one in found["notCopied"]] == [
        ("Refused", "2"),
        ("Parent", "old"),
        ("Parent", "card: ü"),
        ("Parent", "a newer one"),
    ]
    assert "answered" in found["notCopied"][0]["detail"]
    assert len(contents(other)) == 5


def test_a_name_that_the_database_takes_for_another_is_reported(rest: Rest, other: Rest, copy: Copy) -> None:
    rest.model("Churn")
    other.model("churn")
    taken = Reply(409, {"message": "a model of that name exists"})
    with proxy_to(other.url, on_matching(taken, lambda got: got.method == "POST")) as proxy:
        result = copy(to=proxy.url)
    assert result.exit_code == ExitCode.ATTENTION
    assert "Not copied: RegisteredModel 'Churn': NameConflict: " in result.stdout


def test_an_external_id_that_was_taken_meanwhile_is_reported_with_its_holder(
    rest: Rest, other: Rest, copy: Copy
) -> None:
    rest.model("churn", externalId="x")

    def take_first(received: Received) -> Treatment:
        if received.method == "POST":
            other.model("faster", externalId="x")
        return None

    with proxy_to(other.url, take_first) as proxy:
        result = copy(to=proxy.url)
    assert "ExternalIdConflict: 'x' belongs to the RegisteredModel 'faster' (id 1, LIVE)" in result.stdout
    assert result.exit_code == ExitCode.ATTENTION


def test_ctrl_c_says_what_is_missing_and_the_next_run_continues(seeded: Rest, other: Rest, copy: Copy) -> None:
    with proxy_to(other.url, after_writes(6, Fault.STALL_AFTER)) as proxy, start(seeded, proxy) as program:
        proxy.wait_for_stalled(1)
        program.send_signal(signal.SIGINT)
        output, errors = program.communicate(timeout=LIMIT)
    assert program.returncode == ExitCode.INTERRUPTED
    assert errors == "Interrupted.\nError: 3 entries are missing. Run the command again to continue.\n"
    assert output.splitlines()[-1] == "6 new, 0 changed, 0 different, 0 equal, 3 missing."
    assert "Missing: DataSet 'org/Churn Ψ' / '1' / 'data'" in output
    assert copy().exit_code == ExitCode.DONE
    assert names_by_id(other) == names_by_id(seeded)


def test_a_terminal_shows_how_far_it_is(seeded: Rest, other: Rest, tmp_path: Path) -> None:
    printed = on_a_terminal(
        tmp_path / "none", PROGRAMS / "registrar", "copy", f"--from={seeded.url}", f"--to={other.url}"
    )
    assert "1 of 9 entries written" in printed
    assert printed.rstrip().endswith("9 new, 0 changed, 0 different, 0 equal.")
