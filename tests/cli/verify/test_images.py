"""`registrar verify` compares the digest of an image's manifest, with the logins of docker."""

import json
import os
import ssl
from pathlib import Path

import pytest

from registrar.cli.exits import ExitCode
from registrar.cli.verify.images import image_at
from registrar.cli.verify.verdict import NOT_DETERMINED, UnknownContentError
from tests.cli.verify.conftest import OTHER, Verify, address, artifact, credentials_seen
from tests.support.image_registry import PASSWORD, PRIVATE, REFRESH_TOKEN, USER, ImageRegistry, basic, serving_images
from tests.support.loopback import LoopbackServer, Received, Reply, serving


def log_in(home: Path, server: str, **login: str) -> None:
    """Write what `docker login` writes."""
    config = home / ".docker" / "config.json"
    config.parent.mkdir(exist_ok=True)
    config.write_text(json.dumps({"auths": {server: login}}))


def host_of(server: LoopbackServer) -> str:
    return f"127.0.0.1:{server.server_port}"


@pytest.mark.parametrize("how", ["with the header", "without the header", "without HEAD"])
def test_right_wrong_and_missing(verify: Verify, images: ImageRegistry, image_server: LoopbackServer, how: str) -> None:
    images.tells_digest, images.answers_head = how == "with the header", how != "without HEAD"
    right = images.push("team/churn", "1")
    for reference in (":1", f"@{right}", f":1@{right}", f":other@{right}"):
        done = verify(artifact(address(image_server, f"team/churn{reference}"), right))
        assert done.exit_code == ExitCode.DONE, done.output
    done = verify(artifact(address(image_server, f"team/churn@{right}")))
    assert (done.exit_code, done.stdout) == (
        ExitCode.DONE,
        "1 artifact: 1 right, 0 wrong, 0 missing, 0 unknown, 0 without a digest.\n",
    )
    done = verify(artifact(address(image_server, "team/churn:1"), OTHER))
    assert done.exit_code == ExitCode.ATTENTION
    assert f"wrong: 'model-0' of ModelVersion churn-1 at {address(image_server, 'team/churn:1')}: " in done.stderr
    assert f"it has the digest {right}, and the manifest declares {OTHER}" in done.stderr
    for gone in ("team/churn:2", f"team/churn@{OTHER}", "team/gone:1"):
        done = verify(artifact(address(image_server, gone), None if "@" in gone else right))
        assert done.exit_code == ExitCode.ATTENTION
        assert "missing: " in done.stderr


def test_a_registry_that_moves_a_tag_is_noticed(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer
) -> None:
    first = images.push("churn", "1")
    assert verify(artifact(address(image_server, "churn:1"), first)).exit_code == ExitCode.DONE
    images.push("churn", "1", {"annotations": {"pushed": "again"}})
    assert verify(artifact(address(image_server, "churn:1"), first)).exit_code == ExitCode.ATTENTION


def test_anyone_reads_what_is_public(verify: Verify, images: ImageRegistry, image_server: LoopbackServer) -> None:
    images.asks_for = "Bearer"
    right = images.push("churn", "1")
    assert verify(artifact(address(image_server, "churn:1"), right)).exit_code == ExitCode.DONE
    images.is_private = True
    done = verify(artifact(address(image_server, "churn:1"), right))
    assert done.exit_code == NOT_DETERMINED
    assert "does not allow it (401): log in to it" in done.stderr


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("key", ["{host}", "http://{host}", "https://{host}/v2/"])
def test_the_login_of_docker_is_used(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path, scheme: str, key: str
) -> None:
    images.asks_for, images.is_private = scheme, True
    right = images.push("team/churn", "1")
    log_in(home, key.format(host=host_of(image_server)), auth=basic().removeprefix("Basic "))
    done = verify(artifact(address(image_server, "team/churn:1"), right))
    assert done.exit_code == ExitCode.DONE, done.output
    # The token server gets the password, the registry the token alone.
    expected = {basic()} if scheme == "Basic" else {basic(), f"Bearer {PRIVATE}"}
    assert credentials_seen(image_server) == expected


def test_an_identity_token_is_exchanged(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path
) -> None:
    images.asks_for, images.is_private = "Bearer", True
    right = images.push("churn", "1")
    log_in(home, host_of(image_server), identitytoken=REFRESH_TOKEN)
    assert verify(artifact(address(image_server, "churn:1"), right)).exit_code == ExitCode.DONE


def test_a_credential_helper_is_asked(
    verify: Verify,
    images: ImageRegistry,
    image_server: LoopbackServer,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images.asks_for, images.is_private = "Bearer", True
    right, host = images.push("churn", "1"), host_of(image_server)
    answer = json.dumps({"ServerURL": host, "Username": USER, "Secret": PASSWORD})
    helper = home / "docker-credential-tests"
    helper.write_text(f"#!/bin/sh\nread server; [ \"$server\" = '{host}' ] && echo '{answer}'\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}{os.pathsep}{os.environ['PATH']}")
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"credHelpers": {host: "tests"}}))
    assert verify(artifact(address(image_server, "churn:1"), right)).exit_code == ExitCode.DONE


@pytest.mark.parametrize("login", [{"auth": basic("another", "x").removeprefix("Basic ")}, {"auth": "no base64"}])
def test_a_wrong_login_is_no_verdict(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path, login: dict[str, str]
) -> None:
    images.asks_for = "Bearer"
    right = images.push("churn", "1")
    log_in(home, host_of(image_server), **login)
    assert verify(artifact(address(image_server, "churn:1"), right)).exit_code == NOT_DETERMINED


def test_a_login_for_another_registry_stays_at_home(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path
) -> None:
    images.asks_for, images.is_private = "Bearer", True
    right = images.push("churn", "1")
    log_in(home, "registry.example.com", auth=basic().removeprefix("Basic "))
    assert verify(artifact(address(image_server, "churn:1"), right)).exit_code == NOT_DETERMINED
    assert credentials_seen(image_server) == {"Bearer the token of anyone"}


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_a_server_that_a_registry_redirects_to_gets_no_login(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path, scheme: str
) -> None:
    """Neither the password nor a token, although the caller has a login for that server too, and it asks for one."""
    second = ImageRegistry(asks_for=scheme, is_private=True)
    with serving_images(second) as other:
        images.moved = other.url
        right = second.push("churn", "1")
        config = home / ".docker" / "config.json"
        config.parent.mkdir()
        login = {"auth": basic().removeprefix("Basic ")}
        config.write_text(json.dumps({"auths": {host_of(image_server): login, host_of(other): login}}))
        done = verify(artifact(address(image_server, "churn:1"), right))
        assert done.exit_code == NOT_DETERMINED
        assert credentials_seen(other) == credentials_seen(image_server) == set()
        second.asks_for = ""
        done = verify(artifact(address(image_server, "churn:1"), right))
        assert done.exit_code == ExitCode.DONE


def test_a_token_does_not_follow_a_redirect(
    verify: Verify, images: ImageRegistry, image_server: LoopbackServer, home: Path
) -> None:
    """The registry asks for a token, and redirects whoever has one."""
    images.asks_for, images.is_private = "Bearer", True
    right = images.push("churn", "1")
    log_in(home, host_of(image_server), auth=basic().removeprefix("Basic "))
    with serving(ImageRegistry({**images.manifests})) as other:

        def redirecting(received: Received) -> Reply:
            answer = images(received)
            has_manifest = answer.status == 200 and received.route.startswith("/v2/")
            return Reply(307, "", {"Location": other.url + received.path}) if has_manifest else answer

        image_server.script = redirecting
        done = verify(artifact(address(image_server, "churn:1"), right))
        assert done.exit_code == ExitCode.DONE, done.output
        assert f"Bearer {PRIVATE}" in credentials_seen(image_server)
        assert other.received
        assert credentials_seen(other) == set()


@pytest.mark.parametrize("login", [{"auth": basic().removeprefix("Basic ")}, {"identitytoken": REFRESH_TOKEN}])
def test_a_token_server_without_tls_gets_no_login(
    verify: Verify,
    images: ImageRegistry,
    image_server: LoopbackServer,
    home: Path,
    proxy: LoopbackServer,
    login: dict[str, str],
) -> None:
    images.asks_for, images.is_private, images.realm = "Bearer", True, "http://tokens.invalid/token"
    log_in(home, host_of(image_server), **login)
    done = verify(artifact(address(image_server, "churn:1"), OTHER))
    assert done.exit_code == NOT_DETERMINED
    assert credentials_seen(proxy) == set()
    assert REFRESH_TOKEN.encode() not in b"".join(received.body for received in proxy.received)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Reply(500, ""), "answers with 500"),
        (Reply(401, "", {"WWW-Authenticate": 'Bearer realm="/token"'}), "cannot be asked"),
        (Reply(401, "", {"WWW-Authenticate": "Bearer realm"}), "malformed"),
        (Reply(401, "", {"WWW-Authenticate": 'Bearer realm="https://[/token"'}), "cannot be asked"),
        (Reply(401, "", {"WWW-Authenticate": "Negotiate"}), "does not allow it (401)"),
        (Reply(401, ""), "does not allow it (401)"),
        (Reply(307, "", {"Location": "/v2/again"}), "redirects more than 10 times"),
        (Reply(307, "", {"Location": "ftp://127.0.0.1/x"}), "cannot be asked"),
        (Reply(-1), "cannot be asked"),
    ],
)
def test_a_registry_that_does_not_answer_is_no_verdict(verify: Verify, answer: Reply, message: str) -> None:
    with serving(lambda _: answer) as server:
        done = verify(artifact(address(server, "churn:1"), OTHER))
    assert done.exit_code == NOT_DETERMINED
    assert message in done.stderr


@pytest.mark.parametrize(
    ("address", "host", "path"),
    [
        ("quay.io/a/b:1", "quay.io", "/v2/a/b/manifests/1"),
        ("quay.io/a", "quay.io", "/v2/a/manifests/latest"),
        ("registry:5000/a/b/c", "registry:5000", "/v2/a/b/c/manifests/latest"),
        ("localhost/a", "localhost", "/v2/a/manifests/latest"),
        ("[::1]:5000/a:1", "[::1]:5000", "/v2/a/manifests/1"),
        (f"r.io/a:1@{OTHER}", "r.io", f"/v2/a/manifests/{OTHER}"),
        ("a/b:1", "registry-1.docker.io", "/v2/a/b/manifests/1"),
        ("docker.io/b", "registry-1.docker.io", "/v2/library/b/manifests/latest"),
        ("b:1", "registry-1.docker.io", "/v2/library/b/manifests/1"),
    ],
)
def test_an_address_is_read_as_docker_reads_it(address: str, host: str, path: str) -> None:
    image = image_at(address)
    assert (image.host, image.path) == (host, path)


def test_a_registry_is_asked_over_tls(verify: Verify, images: ImageRegistry, https: ssl.SSLContext, home: Path) -> None:
    images.asks_for, images.is_private = "Bearer", True
    right = images.push("churn", "1")
    with serving_images(images, https) as server:
        log_in(home, host_of(server), auth=basic().removeprefix("Basic "))
        assert verify(artifact(address(server, "churn:1"), right)).exit_code == ExitCode.DONE
        assert verify(artifact(address(server, "churn:1"), OTHER)).exit_code == ExitCode.ATTENTION
        assert verify(artifact(address(server, "churn:2"), right)).exit_code == ExitCode.ATTENTION
    assert verify(artifact(address(server, "churn:1"), right)).exit_code == NOT_DETERMINED


@pytest.mark.parametrize(
    "address", ["", "quay.io/", "quay.io/A", "quay.io/a/../b", "quay.io/a:b c", "a@sha256:", "a?b"]
)
def test_what_is_no_image_is_no_verdict(address: str) -> None:
    with pytest.raises(UnknownContentError, match="not that of an image"):
        image_at(address)
