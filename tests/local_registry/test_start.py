"""Starting and stopping the program, as a user does."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from local_registry.command import main
from tests.env.registry import EmbeddedServers

SOURCE_ROOT = Path(__file__).parents[2] / "operator"


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_registry", *arguments],
        env=os.environ | {"PYTHONPATH": str(SOURCE_ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_port_in_use_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _run("--port", str(port), "--database", ":memory:")
    assert (ended.returncode, ended.stdout) == (1, "")
    expected = (
        f"Error: cannot listen on 127.0.0.1:{port}: Address already in use. Choose another --port, or 0 for a free port"
    )
    assert ended.stderr.strip() == expected


def test_an_address_of_another_machine_is_reported() -> None:
    ended = _run("--host", "192.0.2.1", "--port", "0", "--database", ":memory:")
    assert ended.returncode == 1
    assert "Error: cannot listen on 192.0.2.1:0: " in ended.stderr


@pytest.mark.parametrize("path", ["absent/registry.db", "."])
def test_a_database_that_cannot_be_created_is_reported(tmp_path: Path, path: str) -> None:
    ended = _run("--port", "0", "--database", str(tmp_path / path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert (
        f"Error: cannot use the database {tmp_path / path}: unable to open database file. Choose a path" in ended.stderr
    )


def test_a_file_that_is_not_a_database_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, " * 1000)
    ended = _run("--port", "0", "--database", str(file))
    assert (ended.returncode, "file is not a database" in ended.stderr) == (1, True)
    assert file.read_text() == "not a database, " * 1000


def test_a_second_server_on_one_database_does_not_start(embedded_registry: EmbeddedServers) -> None:
    first = embedded_registry()
    ended = _run("--port", "0", "--database", str(first.database))
    assert (ended.returncode, "database is locked" in ended.stderr) == (1, True)
    assert httpx.get(f"{first.url}/readyz/health", trust_env=False).text == "OK"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_first_and_ends_with_status_0(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "local_registry", "--port", "0", "--database", ":memory:"]
    environment = os.environ | {"PYTHONPATH": str(SOURCE_ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        greeting = server.stdout.readline()
        assert greeting.startswith("local_registry listening on http://127.0.0.1:")
        url = greeting.split()[-1]
        with httpx.Client(base_url=url, trust_env=False) as client:  # an idle connection must not delay it
            assert client.get("/readyz/health").text == "OK"
            server.send_signal(number)
            output, errors = server.communicate(timeout=60)
    assert (server.returncode, output, errors) == (0, "", "")


def test_the_help_warns_against_production_use() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert (shown.exit_code, "not for production" in " ".join(shown.output.split())) == (0, True)
