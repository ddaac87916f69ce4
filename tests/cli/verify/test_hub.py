"""`registrar verify` compares the SHA-256 that Hugging Face's Hub publishes of a file in a commit."""

import ssl
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from registrar.cli.exits import ExitCode
from registrar.cli.verify.verdict import NOT_DETERMINED
from tests.cli.verify.conftest import OTHER, RIGHT, Verify, artifact, credentials_seen
from tests.support.loopback import LoopbackServer, Received, Reply, serving

COMMIT = "12040accade4e8a0f71eabdb258fecc2e7e948be"
TOKEN = "hf_token_of_the_caller"
LARGE = {"type": "file", "path": "a/model.safetensors", "oid": "5b", "lfs": {"oid": RIGHT.removeprefix("sha256:")}}
SMALL = {"type": "file", "path": "config.json", "oid": "5b"}


def hub(received: Received) -> Reply:
    """Answer like the Hub."""
    if received.method != "POST" or received.route != f"/api/models/org/model/paths-info/{COMMIT}":
        return Reply(404, {"error": "Repository not found"})
    wanted = parse_qs(received.body.decode())["paths"]
    return Reply(200, [entry for entry in (LARGE, SMALL) if entry["path"] in wanted])


@pytest.fixture(autouse=True)
def server(https: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    with serving(hub, https) as found:
        monkeypatch.setenv("HF_ENDPOINT", f"{found.url}/")
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield found


@pytest.mark.parametrize("separator", [":", "@"])
def test_right_wrong_and_missing(verify: Verify, server: LoopbackServer, separator: str) -> None:
    model = f"hf://org/model{separator}{COMMIT}"
    assert verify(artifact(f"{model}/a/model.safetensors", RIGHT)).exit_code == ExitCode.DONE
    assert credentials_seen(server) == {f"Bearer {TOKEN}"}
    done = verify(artifact(f"{model}/a/model.safetensors", OTHER))
    assert (done.exit_code, RIGHT in done.stderr) == (ExitCode.ATTENTION, True)
    done = verify(artifact(f"{model}/a/other.safetensors", RIGHT))
    assert (done.exit_code, "missing: " in done.stderr) == (ExitCode.ATTENTION, True)
    done = verify(artifact(f"hf://org/gone:{COMMIT}/model.safetensors", RIGHT))
    assert (done.exit_code, "missing: " in done.stderr) == (ExitCode.ATTENTION, True)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (f"org/model:{COMMIT}/config.json", "of large files only"),
        (f"org/model:{COMMIT}", "names a folder"),
        (f"org/model:{COMMIT}/a/", "names a folder"),
        ("org/model:main/a/model.safetensors", "names no commit"),
        ("org/model@12040ac/a/model.safetensors", "names no commit"),
        ("org/model/a/model.safetensors", "names no commit"),
        (f"datasets/org/set@{COMMIT}/data.parquet", "not that of a model"),
        ("model", "not that of a model"),
    ],
)
def test_what_the_hub_cannot_say_is_no_verdict(verify: Verify, address: str, message: str) -> None:
    done = verify(artifact(f"hf://{address}", RIGHT))
    assert (done.exit_code, message in done.stderr) == (NOT_DETERMINED, True), done.stderr


@pytest.mark.parametrize(
    "answer",
    [Reply(500), Reply(401), Reply(200, "no JSON"), Reply(200, {"error": "?"}), Reply(200, [{"lfs": {}}]), Reply(-1)],
)
def test_an_answer_of_another_form_is_no_verdict(verify: Verify, server: LoopbackServer, answer: Reply) -> None:
    server.script = lambda _: answer
    assert verify(artifact(f"hf://org/model:{COMMIT}/a", RIGHT)).exit_code == NOT_DETERMINED


def test_the_token_follows_a_renamed_model_and_no_redirect_to_another_server(
    verify: Verify, server: LoopbackServer, https: ssl.SSLContext
) -> None:
    uri = f"hf://org/renamed:{COMMIT}/a/model.safetensors"
    target = f"/api/models/org/model/paths-info/{COMMIT}"

    def renamed(received: Received) -> Reply:
        return hub(received) if "org/model" in received.path else Reply(307, "", {"Location": target})

    server.script = renamed
    assert verify(artifact(uri, RIGHT)).exit_code == ExitCode.DONE
    with serving(hub, https) as other:
        server.script = lambda _: Reply(307, "", {"Location": f"https://localhost:{other.server_port}{target}"})
        assert verify(artifact(uri, RIGHT)).exit_code == NOT_DETERMINED
        assert other.received == []


def test_a_mirror_without_tls_gets_no_token(
    verify: Verify, proxy: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    done = verify(artifact(f"hf://org/model:{COMMIT}/a", RIGHT))
    assert (done.exit_code, TOKEN in done.output) == (NOT_DETERMINED, False)
    assert len(proxy.received) == 1
    assert credentials_seen(proxy) == set()
