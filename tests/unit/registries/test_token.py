"""Which tokens the registry may get, by the audiences that they carry."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from model_registry.exceptions import ConnectionFailed
from registrar.registries.token import TokenOfAPIServerError, token_of, why_refused
from registrar.settings import Settings

URL = "http://registry"


def _jwt(claims: Any) -> str:
    parts = (json.dumps({"alg": "RS256"}).encode(), json.dumps(claims).encode(), b"signature")
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


OPERATOR = "system:serviceaccount:registrar:registrar"
ISSUER = "https://kubernetes.default.svc"
OWN = _jwt({"iss": ISSUER, "aud": [ISSUER], "sub": OPERATOR})
LEGACY = _jwt({"iss": "kubernetes/serviceaccount", "sub": OPERATOR})
LEGACY_OF_ANOTHER = _jwt({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:others:admin"})
ACCOUNT = {"iss": ISSUER, "kubernetes.io": {"namespace": "others"}, "sub": "system:serviceaccount:others:admin"}
NESTED = "[" * 100_000 + "]" * 100_000


def _nested(claims: str) -> str:
    payload = base64.urlsafe_b64encode(f'{{"deep": {NESTED}{claims}}}'.encode()).decode().rstrip("=")
    return f"e30.{payload}.c2lnbmF0dXJl"


SHARED = {
    "the same audience": _jwt({"aud": ["https://kubernetes.default.svc"], "sub": "someone"}),
    "the same audience as text": _jwt({"aud": "https://kubernetes.default.svc"}),
    "the same audience among others": _jwt({"aud": ["model-registry", "https://kubernetes.default.svc"]}),
    "the same audience after deep nesting": _nested(f', "aud": "{ISSUER}"'),
    "the same token": OWN,
}
OTHERS = {
    "another audience": _jwt({"aud": ["model-registry"]}),
    "no audience": _jwt({"sub": "someone"}),
    "no audience, from another issuer": _jwt({"iss": "https://issuer", "sub": OPERATOR}),
    "an account of this cluster, for the registry": _jwt({**ACCOUNT, "aud": ["model-registry"]}),
    "an account of another cluster": _jwt({**ACCOUNT, "iss": "https://another", "aud": ["https://another"]}),
    "deep nesting": _nested(""),
    "nesting without an end": "e30." + base64.urlsafe_b64encode(NESTED[:100_000].encode()).decode() + ".c2ln",
    "an audience that is no text": _jwt({"aud": 7}),
    "claims that are no object": _jwt(["aud"]),
    "an opaque token": "sha256~1Pm",
    "dots without JSON": "a.b.c",
    "a payload that is not base64": "a.é.c",
}


@pytest.mark.parametrize("token", SHARED.values(), ids=SHARED)
def test_a_token_for_the_api_server_is_refused_with_what_to_do(token: str) -> None:
    reason = why_refused(token, OWN)
    assert reason is not None
    assert "for the audience https://kubernetes.default.svc, so the registry could" in reason
    assert "give --registry-token-api-audience" in reason
    assert token not in reason


@pytest.mark.parametrize("token", OTHERS.values(), ids=OTHERS)
def test_a_token_for_the_registry_passes(token: str) -> None:
    assert why_refused(token, OWN) is None


@pytest.mark.parametrize("own", [None, "opaque", _jwt({"aud": "another"})])
def test_an_audience_is_only_compared_with_that_of_the_operators_token(own: str | None) -> None:
    assert why_refused(SHARED["the same audience"], own) is None


@pytest.mark.parametrize("own", [None, "opaque", LEGACY, OWN], ids=["certificate", "opaque", "legacy", "projected"])
@pytest.mark.parametrize(
    "token",
    [LEGACY, LEGACY_OF_ANOTHER, _jwt(ACCOUNT), _jwt({**ACCOUNT, "aud": ["model-registry", ISSUER]})],
    ids=["legacy", "legacy of another account", "no audience", "its issuer"],
)
def test_a_token_of_any_account_of_the_cluster_is_refused_whatever_the_login(token: str, own: str | None) -> None:
    reason = why_refused(token, own)
    assert reason is not None
    assert reason.startswith("The registry token is valid at the API server too")


@pytest.mark.parametrize("own", [None, "opaque", LEGACY, OWN], ids=["certificate", "opaque", "legacy", "projected"])
def test_a_token_of_an_account_for_the_registry_alone_passes_whatever_the_login(own: str | None) -> None:
    assert why_refused(OTHERS["an account of this cluster, for the registry"], own) is None
    assert why_refused("sha256~1Pm", own) is None


def test_the_operators_own_token_is_refused_without_an_audience_too() -> None:
    reason = why_refused("opaque", "opaque")
    assert reason is not None
    assert reason.startswith("The registry token is valid at the API server too, so")


def test_no_token_is_sent_that_cannot_be_compared(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("opaque")

    def own() -> str:
        return (tmp_path / "absent").read_text()

    unreadable = r"own token cannot be read, .*: No such file or directory"
    with pytest.raises(ConnectionFailed, match=unreadable):
        token_of(Settings(registry_url=URL, registry_token=SecretStr("opaque")), own)
    token = token_of(Settings(registry_url=URL, registry_token_file=file), own)
    assert callable(token)
    with pytest.raises(ConnectionFailed, match=unreadable):
        token()


def test_a_token_from_the_settings_is_judged_too() -> None:
    settings = Settings(registry_url=URL, registry_token=SecretStr(OWN))
    with pytest.raises(TokenOfAPIServerError):
        token_of(settings, lambda: OWN)
    assert token_of(settings.model_copy(update={"registry_token_api_audience": True}), lambda: OWN) == OWN
    assert token_of(settings, lambda: None) == OWN


def test_a_file_is_judged_again_when_it_is_rotated(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{OTHERS['another audience']}\n")
    token = token_of(Settings(registry_url=URL, registry_token_file=file), lambda: OWN)
    assert callable(token)
    assert token() == OTHERS["another audience"]
    file.write_text(OWN)
    with pytest.raises(TokenOfAPIServerError):
        token()
    file.write_text("opaque")
    assert token() == "opaque"


@pytest.mark.parametrize("content", ["", "two words", "é", "a\nb", None])
def test_a_file_without_a_token_is_reported_by_the_request_and_not_at_the_start(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "token"
    file.write_text(content or "")
    settings = Settings(registry_url=URL, registry_token_file=file)
    if content is None:
        file.unlink()
    token = token_of(settings, lambda: OWN)
    assert callable(token)
    with pytest.raises(ConnectionFailed, match=r"The token file .* (holds no token|cannot be read)"):
        token()
    file.write_text("opaque")
    assert token() == "opaque"


def test_without_a_token_none_is_sent() -> None:
    assert token_of(Settings(registry_url=URL), lambda: OWN) is None
