"""The arguments of `ModelRegistry` and their environment variables: address, token, TLS, hints."""

import logging
from pathlib import Path
from typing import Any

import pytest

from model_registry import ModelRegistry, _arguments
from model_registry.exceptions import ConnectionFailed, StoreError
from tests.support.loopback import Reply, serving

from .certificates import CertificateAuthority

EMPTY_PAGE = Reply(200, {"items": [], "nextPageToken": "", "pageSize": 1, "size": 0})


@pytest.fixture(autouse=True)
def _no_pod(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the variable and the token of a pod. Tests create them if they need them."""
    monkeypatch.delenv(_arguments.DEFAULT_USER_TOKEN_ENVVAR, raising=False)
    monkeypatch.setattr(_arguments, "DEFAULT_K8S_SA_TOKEN_PATH", str(tmp_path / "serviceaccount-token"))


def tokens_sent(**arguments: Any) -> list[str | None]:
    with serving(lambda _: EMPTY_PAGE) as server, ModelRegistry(server.url, author="me", **arguments):
        return [received.headers.get("authorization") for received in server.received]


def test_a_given_token_is_sent() -> None:
    assert tokens_sent(user_token="given") == ["Bearer given"]
    assert tokens_sent(user_token=lambda: "computed") == ["Bearer computed"]


def test_without_a_token_there_is_a_warning_and_none_is_sent() -> None:
    with pytest.warns(UserWarning, match="User access token is missing"):
        assert tokens_sent() == [None]


def test_the_usual_variable_names_the_tokens_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("usual\n")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "usual"))
    assert tokens_sent() == ["Bearer usual"]
    assert tokens_sent(user_token="given") == ["Bearer given"]


def test_another_variable_names_the_tokens_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "usual"))
    (tmp_path / "other").write_text("other")
    monkeypatch.setenv("MY_TOKEN_FILE", str(tmp_path / "other"))
    assert tokens_sent(user_token_envvar="MY_TOKEN_FILE") == ["Bearer other"]


def test_in_a_pod_the_service_accounts_token_is_sent(tmp_path: Path) -> None:
    (tmp_path / "serviceaccount-token").write_text("pod")
    assert tokens_sent() == ["Bearer pod"]


def test_a_token_that_is_rotated_is_read_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
    with serving(lambda _: EMPTY_PAGE) as server, ModelRegistry(server.url, author="me") as registry:
        (tmp_path / "token").write_text("another")
        registry.get_registered_models().next_page()
    assert [received.headers["authorization"] for received in server.received] == ["Bearer first", "Bearer another"]


def test_a_variable_that_is_not_set_is_an_error() -> None:
    with pytest.raises(ValueError, match="user_token_envvar is 'MY_TOKEN_FILE' but no such env var is set"):
        tokens_sent(user_token_envvar="MY_TOKEN_FILE")


@pytest.mark.parametrize("argument", [{}, {"user_token_envvar": "KF_PIPELINES_SA_TOKEN_PATH"}])
def test_a_named_token_file_that_does_not_exist_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, argument: dict[str, str]
) -> None:
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "absent"))
    with pytest.raises(StoreError, match=r"Unable to read user token from .*absent"):
        tokens_sent(**argument)


@pytest.mark.parametrize(
    ("address", "port", "effective"),
    [
        ("http://r", None, 8080),
        ("https://r", None, 443),
        ("r", None, 443),
        ("http://r", 80, 80),
        ("https://r", "8443", "8443"),
        ("r", 8080, 8080),
        ("http://r:1", 2, 1),
        ("https://r:1/prefix", None, 1),
    ],
)
def test_the_port_of_the_address_precedes_the_argument_and_the_usual_port(
    address: str, port: int | str | None, effective: int | str
) -> None:
    assert _arguments.effective_port(address, port) == effective


@pytest.mark.parametrize(
    ("address", "arguments"), [("https://r", {}), ("r", {}), ("http://r", {"is_secure": True}), ("r:8080", {})]
)
def test_a_secure_connection_needs_a_token(address: str, arguments: dict[str, Any]) -> None:
    with (
        pytest.warns(UserWarning, match="User access token is missing"),
        pytest.raises(StoreError, match=r"^user token must be provided for secure connection$"),
    ):
        ModelRegistry(address, author="me", **arguments)


def test_a_secure_connection_does_not_send_a_token_unencrypted() -> None:
    with (
        serving(lambda _: EMPTY_PAGE) as server,
        pytest.raises(ValueError, match="The token would be sent unencrypted"),
    ):
        ModelRegistry(server.url, author="me", user_token="t", is_secure=True)
    assert server.received == []


@pytest.fixture
def authority() -> CertificateAuthority:
    return CertificateAuthority("tests")


def test_a_ca_is_taken_from_the_argument_or_the_named_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: CertificateAuthority
) -> None:
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("MY_CA", str(tmp_path / "ca.pem"))
    ways: list[dict[str, Any]] = [
        {"custom_ca": str(tmp_path / "ca.pem")},
        {"custom_ca": authority.pem},
        {"custom_ca_envvar": "MY_CA"},
        {"custom_ca": str(tmp_path / "ca.pem"), "custom_ca_envvar": "ABSENT"},
    ]
    with serving(lambda _: EMPTY_PAGE, authority.server_context(tmp_path)) as server:
        for way in ways:
            ModelRegistry(server.url, author="me", user_token="t", **way).close()
    assert [received.headers["authorization"] for received in server.received] == ["Bearer t"] * len(ways)


def test_untrusted_certificates_are_refused_by_default(tmp_path: Path, authority: CertificateAuthority) -> None:
    with serving(lambda _: EMPTY_PAGE, authority.server_context(tmp_path)) as server:
        with pytest.raises(ConnectionFailed, match="certificate verify failed"):
            ModelRegistry(server.url, author="me", user_token="t")
        with pytest.raises(ConnectionFailed, match="certificate verify failed"):
            ModelRegistry(server.url, author="me", user_token="t", custom_ca_envvar="ABSENT")
        assert server.received == []
        ModelRegistry(server.url, author="me", user_token="t", is_secure=False).close()
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("address", "port", "hint"),
    [
        ("http://r", 8080, None),
        ("http://r", 80, None),
        ("http://r", 443, "Server address protocol is http://, but port is not 80 or ending with 80."),
        ("https://r", 8443, None),
        ("https://r", 8080, "Server address protocol is https://, but port is not 443 or ending with 443."),
        ("r", 1, None),
    ],
)
def test_an_unusual_port_is_logged(caplog: pytest.LogCaptureFixture, address: str, port: int, hint: str | None) -> None:
    ModelRegistry.hint_server_address_port(address, port)
    logged = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert logged == ([] if hint is None else [f"{hint} You may want to verify the configuration is correct."])


def test_the_hint_considers_the_port_of_the_address(caplog: pytest.LogCaptureFixture) -> None:
    with serving(lambda _: EMPTY_PAGE) as server:
        ModelRegistry(server.url, 80, author="me", user_token="t").close()
    hinted = any("port is not 80" in record.getMessage() for record in caplog.records)
    assert hinted is not str(server.server_port).endswith("80")


def test_the_log_level_is_set_only_if_given(monkeypatch: pytest.MonkeyPatch) -> None:
    logger = logging.getLogger("model_registry")
    monkeypatch.setattr(logger, "level", logging.ERROR)
    tokens_sent(user_token="t")
    assert logger.level == logging.ERROR
    tokens_sent(user_token="t", log_level=logging.DEBUG)
    assert logger.level == logging.DEBUG


@pytest.mark.parametrize("address", ["http://registry:abc", "http://registry:99999", "http://[::1"])
def test_an_address_without_a_usable_port_or_host_says_what_to_change(address: str) -> None:
    with pytest.raises(ValueError, match=r"^The server address 'http://.*(has no usable port|brackets)"):
        ModelRegistry(address, author="me", user_token="t")
