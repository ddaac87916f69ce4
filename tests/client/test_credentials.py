"""Tokens and certificates, with real sockets."""

import gc
import logging
import os
import ssl
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistryAPIClient
from model_registry._tls import TrustStore
from model_registry._token import Token
from model_registry.exceptions import ConnectionFailed, Unauthorized
from tests.client.certificates import CertificateAuthority
from tests.support.loopback import MODEL, LoopbackServer, Received, Reply, serving


class Gate:
    """Accepts only one token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, received: Received) -> Reply:
        if received.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, "Unauthorized")
        return Reply(201 if received.method == "POST" else 200, MODEL)


@pytest.fixture
def gate() -> Gate:
    return Gate("first")


@pytest.fixture
def gated(gate: Gate) -> Iterator[LoopbackServer]:
    with serving(gate) as server:
        yield server


def replace(path: Path, text: str) -> None:
    """Replace a file atomically, as Kubernetes does with projected files."""
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


async def test_without_a_token_none_is_sent(gated: LoopbackServer) -> None:
    async with ModelRegistryAPIClient.connect(gated.url) as client:
        with pytest.raises(Unauthorized, match="answered 401: Unauthorized"):
            await client.get_registered_model_by_id("1")
    assert "authorization" not in gated.received[0].headers
    assert len(gated.received) == 1


@pytest.mark.parametrize("token", ["first", "  first\n", lambda: "first"])
async def test_a_token_as_text_or_from_a_function(gated: LoopbackServer, token: Token) -> None:
    async with ModelRegistryAPIClient.connect(gated.url, token=token) as client:
        assert await client.get_registered_model_by_id("1") is not None


async def test_an_insecure_connection_may_send_a_token(gated: LoopbackServer) -> None:
    client = ModelRegistryAPIClient.insecure_connection("127.0.0.1", gated.server_port, user_token="first")
    async with client:
        assert await client.get_registered_model_by_id("1") is not None


async def test_a_rotated_token_file_is_used_from_the_next_request_on(
    gated: LoopbackServer, gate: Gate, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text("first\n")
    async with ModelRegistryAPIClient.connect(gated.url, token=path) as client:
        assert await client.get_registered_model_by_id("1") is not None
        gate.token = "second"
        replace(path, "second\n")
        assert await client.get_registered_model_by_id("1") is not None
    assert [received.headers["authorization"] for received in gated.received] == ["Bearer first", "Bearer second"]


async def test_a_refused_token_is_read_again_even_from_a_file_that_looks_unchanged(
    gated: LoopbackServer, gate: Gate, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text("first")
    seen = path.stat()
    async with ModelRegistryAPIClient.connect(gated.url, token=path) as client:
        assert await client.get_registered_model_by_id("1") is not None
        gate.token = "other"
        path.write_text("other")
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        assert await client.get_registered_model_by_id("1") is not None
    assert [received.headers["authorization"] for received in gated.received] == [
        "Bearer first",
        "Bearer first",
        "Bearer other",
    ]


async def test_a_refused_token_that_has_not_changed_is_not_sent_again(gated: LoopbackServer, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("wrong")
    async with ModelRegistryAPIClient.connect(gated.url, token=path) as client:
        with pytest.raises(Unauthorized):
            await client.get_registered_model_by_id("1")
    assert len(gated.received) == 1


async def test_a_function_is_called_again_after_a_refusal(gated: LoopbackServer) -> None:
    tokens = iter(["stale", "first"])
    async with ModelRegistryAPIClient.connect(gated.url, token=lambda: next(tokens)) as client:
        assert await client.get_registered_model_by_id("1") is not None


async def test_a_missing_token_file_is_named(gated: LoopbackServer, tmp_path: Path) -> None:
    path = tmp_path / "token"
    async with ModelRegistryAPIClient.connect(gated.url, token=path) as client:
        with pytest.raises(ConnectionFailed, match=r"The token file .*token cannot be read: No such file"):
            await client.get_registered_model_by_id("1")
        path.write_text("\n")
        with pytest.raises(ConnectionFailed, match="holds no token: one line of ASCII text"):
            await client.get_registered_model_by_id("1")
        replace(path, "first")
        assert await client.get_registered_model_by_id("1") is not None


@pytest.mark.parametrize(
    "given",
    [
        lambda _path, token: token,
        lambda _path, token: lambda: token,
        lambda path, token: (path.write_text(token, encoding="utf-8"), path)[1],
    ],
    ids=["text", "function", "file"],
)
@pytest.mark.parametrize("token", ["hunter2\nhunter2", "hunter2 hunter2", "hunter2é"])
async def test_a_token_that_cannot_be_sent_is_refused_and_never_shown(
    gated: LoopbackServer, tmp_path: Path, given: Callable[[Path, str], Token], token: str
) -> None:
    client = ModelRegistryAPIClient.connect(gated.url, token=given(tmp_path / "token", token))
    with pytest.raises((ValueError, ConnectionFailed)) as refused:
        await client.get_registered_model_by_id("1")
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
    assert gated.received == []


def test_a_token_is_not_in_any_repr() -> None:
    client = ModelRegistryAPIClient.connect("https://registry", token="hunter2")
    assert "hunter2" not in repr(client) + repr(vars(client)) + repr(vars(client._transport))


@pytest.fixture
def authority() -> CertificateAuthority:
    return CertificateAuthority("the company's")


@pytest.fixture
def secured(authority: CertificateAuthority, gate: Gate, tmp_path: Path) -> Iterator[LoopbackServer]:
    with serving(gate, authority.server_context(tmp_path)) as server:
        yield server


def connect(server: LoopbackServer, ca: str | os.PathLike[str] | None) -> ModelRegistryAPIClient:
    return ModelRegistryAPIClient.secure_connection(
        "127.0.0.1", str(server.server_port), user_token="first", custom_ca=ca
    )


async def test_a_custom_ca_as_text_or_file(
    secured: LoopbackServer, authority: CertificateAuthority, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(authority.pem)
    for ca in (authority.pem, path, str(path)):
        async with connect(secured, ca) as client:
            assert await client.get_registered_model_by_id("1") is not None


async def test_an_unknown_ca_is_not_trusted(secured: LoopbackServer) -> None:
    for ca in (None, CertificateAuthority("another").pem):
        async with connect(secured, ca) as client:
            with pytest.raises(ConnectionFailed, match="certificate verify failed"):
                await client.get_registered_model_by_id("1")
    assert secured.received == []


async def test_the_systems_authorities_are_trusted(
    secured: LoopbackServer, authority: CertificateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE replaces the system's store, to which companies add their own authorities."""
    path = tmp_path / "system.pem"
    path.write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    async with connect(secured, None) as client:
        assert await client.get_registered_model_by_id("1") is not None


async def test_a_replaced_ca_file_is_loaded_when_verification_fails(
    gate: Gate, authority: CertificateAuthority, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(CertificateAuthority("the old one").pem)
    with serving(gate, authority.server_context(tmp_path)) as server:
        async with connect(server, path) as client:
            with pytest.raises(ConnectionFailed, match="certificate verify failed"):
                await client.get_registered_model_by_id("1")
            replace(path, authority.pem)
            assert await client.get_registered_model_by_id("1") is not None


async def test_a_temporarily_broken_ca_file_is_reported_and_read_once_it_is_complete(
    gate: Gate, authority: CertificateAuthority, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(CertificateAuthority("the old one").pem)
    with serving(gate, authority.server_context(tmp_path)) as server:
        async with connect(server, path) as client:
            with pytest.raises(ConnectionFailed, match="certificate verify failed"):
                await client.get_registered_model_by_id("1")
            replace(path, "half a certifi")
            for _ in range(2):
                with pytest.raises(
                    ConnectionFailed, match=r"ca\.pem contains no readable certificate authority"
                ) as refused:
                    await client.get_registered_model_by_id("1")
                assert not refused.value.is_temporary
            replace(path, authority.pem)
            assert await client.get_registered_model_by_id("1") is not None


@pytest.mark.parametrize("ca", ["/nowhere/ca.pem", "-----BEGIN CERTIFICATE-----\nnonsense"])
async def test_an_invalid_ca_is_refused(secured: LoopbackServer, ca: str) -> None:
    with pytest.raises(ValueError, match="contains no readable certificate authority"):
        await connect(secured, ca).get_registered_model_by_id("1")


async def test_an_insecure_connection_to_https_verifies_nothing_and_says_so_once(
    secured: LoopbackServer, caplog: pytest.LogCaptureFixture
) -> None:
    client = ModelRegistryAPIClient.insecure_connection(secured.url, user_token="first")
    with caplog.at_level(logging.WARNING, logger="model_registry"):
        async with client:
            assert await client.get_registered_model_by_id("1") is not None
        async with client:
            assert await client.get_registered_model_by_id("1") is not None
    assert [record.getMessage() for record in caplog.records] == [
        "The registry's TLS certificate is not verified: others on the network can read the traffic"
    ]


async def test_a_certificate_for_another_host_is_not_trusted(
    gate: Gate, authority: CertificateAuthority, tmp_path: Path
) -> None:
    context = authority.server_context(tmp_path, host="192.0.2.1")
    with serving(gate, context) as server:
        async with connect(server, authority.pem) as client:
            with pytest.raises(ConnectionFailed, match="certificate verify failed"):
                await client.get_registered_model_by_id("1")


def test_old_protocols_are_disabled(authority: CertificateAuthority) -> None:
    """Python's own default depends on how OpenSSL is configured."""
    for trust in (TrustStore(), TrustStore(authority.pem), TrustStore(verify=False)):
        assert trust.context().minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.usefixtures("strict_python")
async def test_a_certificate_without_key_identifiers_is_accepted(
    gate: Gate, authority: CertificateAuthority, tmp_path: Path
) -> None:
    """Private authorities issue such ones: curl, Go and Python up to 3.12 accept them."""
    with serving(gate, authority.server_context(tmp_path)) as server:
        async with connect(server, authority.pem) as client:
            assert await client.get_registered_model_by_id("1") is not None


def test_clients_share_the_systems_authorities_while_one_of_them_exists() -> None:
    first, second = TrustStore(), TrustStore()
    assert first.context() is second.context()
    assert first.context().verify_mode is ssl.CERT_REQUIRED
    kept = weakref.ref(first.context())
    del first, second
    gc.collect()
    assert kept() is None


def test_custom_authorities_are_not_shared(authority: CertificateAuthority) -> None:
    own, insecure = TrustStore(authority.pem), TrustStore(verify=False)
    assert len({id(trust.context()) for trust in (TrustStore(), TrustStore(authority.pem), own, insecure)}) == 4
    assert insecure.context().verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize("token", [b"secret", 5, ["secret"]])
def test_a_token_of_another_type_is_refused_when_the_client_is_created(token: Any) -> None:
    with pytest.raises(TypeError, match=f"a function that returns text .*, not {type(token).__name__}") as refused:
        ModelRegistryAPIClient.connect("http://registry.example", token=token)
    assert "secret" not in str(refused.value)


async def test_a_function_that_returns_no_text_is_refused(gated: LoopbackServer) -> None:
    async def later() -> str:
        return "secret"

    for function, kind in ((later, "coroutine"), (lambda: b"secret", "bytes")):
        async with ModelRegistryAPIClient.connect(gated.url, token=function) as client:  # type: ignore[arg-type]  # what a caller without a type checker may pass
            with pytest.raises(TypeError, match=f"and this function returned {kind}"):
                await client.get_registered_models()
    assert gated.received == []


async def test_a_long_token_that_begins_as_a_path_is_sent(gated: LoopbackServer) -> None:
    token = "/" + "x" * 4000
    async with ModelRegistryAPIClient.connect(gated.url, token=token, retries=0) as client:
        with pytest.raises(Unauthorized):
            await client.get_registered_models()
    assert gated.received[0].headers["authorization"] == f"Bearer {token}"


async def test_a_path_given_as_text_is_not_sent_as_a_token(gated: LoopbackServer, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    async with ModelRegistryAPIClient.connect(gated.url, token=str(tmp_path / "token")) as client:
        with pytest.raises(ValueError, match=r"is the path of a file: pass pathlib\.Path\("):
            await client.get_registered_models()
    assert gated.received == []
