"""`registrar verify` downloads a file and hashes it, with the logins of netrc."""

import gzip
import ssl
from pathlib import Path

import pytest

from registrar.cli.exits import ExitCode
from registrar.cli.verify.verdict import NOT_DETERMINED
from tests.cli.program import PROGRAMS, on_a_terminal
from tests.cli.verify.conftest import CONTENT, OTHER, RIGHT, Verify, artifact, credentials_seen, manifest
from tests.support.image_registry import basic
from tests.support.loopback import HANG_UP, LoopbackServer, Received, Reply, serving


def file_server(received: Received) -> Reply:
    """A server with one file, and one that needs a login."""
    match received.route:
        case "/model.onnx":
            return Reply(200, CONTENT)
        case "/private.onnx" if received.headers.get("authorization") == basic():
            return Reply(200, CONTENT)
        case "/private.onnx":
            return Reply(401)
    return Reply(404)


def netrc(home: Path, *hosts: str, file: str = ".netrc") -> Path:
    path = home / file
    path.write_text("".join(f"machine {host} login reader password secret\n" for host in hosts))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_right_wrong_and_missing(verify: Verify, https: ssl.SSLContext, scheme: str) -> None:
    with serving(file_server, https if scheme == "https" else None) as server:
        assert verify(artifact(f"{server.url}/model.onnx", RIGHT)).exit_code == ExitCode.DONE
        done = verify(artifact(f"{server.url}/model.onnx", OTHER))
        assert (done.exit_code, "wrong: " in done.stderr) == (ExitCode.ATTENTION, True)
        assert f"it has the digest {RIGHT}, and the manifest declares {OTHER}" in done.stderr
        done = verify(artifact(f"{server.url}/gone.onnx", RIGHT))
        assert (done.exit_code, "missing: " in done.stderr) == (ExitCode.ATTENTION, True)
    done = verify(artifact(f"{server.url}/model.onnx", RIGHT))
    assert (done.exit_code, "unknown: " in done.stderr) == (NOT_DETERMINED, True)


@pytest.mark.usefixtures("https")
def test_a_server_with_an_unknown_authority_is_no_verdict(
    verify: Verify, tls: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(file_server, tls[0]) as server:
        done = verify(artifact(f"{server.url}/model.onnx", RIGHT))
    assert (done.exit_code, "CERTIFICATE_VERIFY_FAILED" in done.stderr) == (NOT_DETERMINED, True)


@pytest.mark.parametrize("headers", [{"Content-Encoding": "gzip"}, {}])
def test_the_bytes_are_hashed_as_they_are_stored(verify: Verify, headers: dict[str, str]) -> None:
    """A file of .gz that its server declares as a compressed transfer is the same file."""
    with serving(lambda _: Reply(200, gzip.compress(CONTENT, mtime=0), headers)) as server:
        done = verify(artifact(f"{server.url}/model.gz", OTHER))
        (asked,) = server.received
    assert asked.headers["accept-encoding"] == "identity"
    assert RIGHT not in done.stderr


@pytest.mark.parametrize(
    "answer", [Reply(500), Reply(403), Reply(204), HANG_UP, Reply(200, CONTENT, {"Content-Length": "9999999"})]
)
def test_what_is_not_sent_whole_is_no_verdict(verify: Verify, answer: Reply) -> None:
    with serving(lambda _: answer) as server:
        assert verify(artifact(f"{server.url}/model.onnx", RIGHT)).exit_code == NOT_DETERMINED


@pytest.mark.parametrize("by_variable", [True, False])
def test_the_login_of_netrc_is_used(
    verify: Verify, https: ssl.SSLContext, home: Path, monkeypatch: pytest.MonkeyPatch, *, by_variable: bool
) -> None:
    if by_variable:
        monkeypatch.setenv("NETRC", str(netrc(home, "127.0.0.1", file="logins")))
    else:
        netrc(home, "127.0.0.1")
    with serving(file_server, https) as server:
        assert verify(artifact(f"{server.url}/private.onnx", RIGHT)).exit_code == ExitCode.DONE


@pytest.mark.parametrize("text", ["machine elsewhere login reader password secret", "default login reader password x"])
def test_a_login_that_is_not_for_the_server_stays_at_home(
    verify: Verify, https: ssl.SSLContext, home: Path, text: str
) -> None:
    netrc(home).write_text(f"{text}\n")
    with serving(file_server, https) as server:
        done = verify(artifact(f"{server.url}/private.onnx", RIGHT))
        assert (done.exit_code, credentials_seen(server)) == (NOT_DETERMINED, set())


def test_a_netrc_that_cannot_be_read_is_no_verdict(verify: Verify, https: ssl.SSLContext, home: Path) -> None:
    netrc(home).write_text("machine\n")
    with serving(file_server, https) as server:
        done = verify(artifact(f"{server.url}/model.onnx", RIGHT))
    assert (done.exit_code, "netrc cannot be used" in done.stderr) == (NOT_DETERMINED, True)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_login_never_follows_a_redirect_to_another_server(
    verify: Verify, https: ssl.SSLContext, home: Path, host: str
) -> None:
    """Not even to another port of the same host, nor if the caller has a login for the other host."""
    netrc(home, "127.0.0.1", "localhost")
    with serving(lambda _: Reply(200, CONTENT), https) as other:
        moved = f"https://{host}:{other.server_port}/model.onnx"
        with serving(lambda _: Reply(302, "", {"Location": moved}), https) as server:
            assert verify(artifact(f"{server.url}/private.onnx", RIGHT)).exit_code == ExitCode.DONE
        assert credentials_seen(server) == {basic()}
        assert len(other.received) == 1
        assert credentials_seen(other) == set()


def test_a_login_is_never_sent_without_tls(verify: Verify, home: Path, proxy: LoopbackServer) -> None:
    netrc(home, "files.invalid")
    assert verify(artifact("http://files.invalid/private.onnx", RIGHT)).exit_code == ExitCode.DONE
    (asked,) = proxy.received
    assert asked.path == "http://files.invalid/private.onnx"
    assert credentials_seen(proxy) == set()


def test_a_login_follows_a_redirect_on_its_own_server(verify: Verify, https: ssl.SSLContext, home: Path) -> None:
    netrc(home, "127.0.0.1")

    def script(received: Received) -> Reply:
        is_latest = received.route == "/latest.onnx"
        return Reply(302, "", {"Location": "/private.onnx"}) if is_latest else file_server(received)

    with serving(script, https) as server:
        assert verify(artifact(f"{server.url}/latest.onnx", RIGHT)).exit_code == ExitCode.DONE


def test_a_login_in_an_address_is_used_and_not_printed(verify: Verify, https: ssl.SSLContext) -> None:
    with serving(file_server, https) as server:
        uri = f"https://reader:secret@127.0.0.1:{server.server_port}"
        assert verify(artifact(f"{uri}/private.onnx", RIGHT)).exit_code == ExitCode.DONE
        for options in ((), ("-o", "json"), ("-o", "github")):
            done = verify(artifact(f"{uri}/private.onnx?signature=signed", OTHER), options=options)
            assert done.exit_code == ExitCode.ATTENTION
            assert not {"secret", "signed"} & set(done.output.replace("=", " ").replace(":", " ").split()), done.output
            assert "secret" not in done.output


def test_a_file_that_several_artifacts_have_is_downloaded_once(verify: Verify) -> None:
    with serving(file_server) as server:
        uri = f"{server.url}/model.onnx"
        done = verify(artifact(uri, RIGHT), artifact(uri, OTHER), artifact(uri))
        assert len(server.received) == 1
    assert done.stdout == "3 artifacts: 1 right, 1 wrong, 0 missing, 0 unknown, 1 without a digest.\n"


def test_a_terminal_shows_how_much_has_arrived(tmp_path: Path) -> None:
    content = b"0" * 5_000_000
    file = tmp_path / "version.yaml"
    with serving(lambda _: Reply(200, content)) as server:
        file.write_text(manifest(artifact(f"{server.url}/model.onnx", OTHER)))
        shown = on_a_terminal(tmp_path / "none", PROGRAMS / "registrar", "verify", file, NO_PROXY="127.0.0.1")
    assert " MB read" in shown
    assert "1 artifact: 0 right, 1 wrong" in shown
