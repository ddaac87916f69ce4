"""The token in a Secret: which one is sent, and what is said where there is none."""

import base64
import json

import pytest

from model_registry.exceptions import ConnectionFailed
from registrar.api.v1alpha1.cluster_registry import RegistryReason, SecretKeyRef
from registrar.registries.credentials import CredentialsProblem, Values
from registrar.registries.secret_token import SecretToken

MISSING = CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, "There is none.")


def _values(token: bytes, key: str = "token") -> dict[str, str]:
    return {key: base64.b64encode(token).decode()}


def _jwt(**claims: object) -> bytes:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    return b"e30." + payload + b".c2lnbmF0dXJl"


OWN = _jwt(aud=["https://kubernetes"], sub="system:serviceaccount:registrar:operator").decode()


class Secrets:
    """A Secret that changes."""

    def __init__(self, *answers: Values) -> None:
        self.answers = list(answers)

    async def read(self, name: str) -> Values:
        assert name == "registry"
        return self.answers.pop(0)


def _token(*answers: Values, own: str | None = None) -> SecretToken:
    return SecretToken(SecretKeyRef(name="registry"), Secrets(*answers).read, lambda: own)


async def test_each_request_has_the_token_that_was_read_last() -> None:
    token = _token(_values(b"first\n"), _values(b"second"))
    await token.renew(is_refused=False)
    assert (token(), token.problem) == ("first", None)
    await token.renew(is_refused=False)
    assert (token(), token.problem) == ("second", None)


@pytest.mark.parametrize("answer", [None, MISSING, {}, _values(b"other", key="password")])
async def test_the_last_token_is_used_while_no_other_can_be_read(answer: Values) -> None:
    token = _token(_values(b"first"), answer, _values(b"second"))
    await token.renew(is_refused=False)
    await token.renew(is_refused=False)
    assert token() == "first"
    # An API server that fails for a moment says nothing about the Secret.
    assert (token.problem is None) == (answer is None)
    await token.renew(is_refused=False)
    assert (token(), token.problem) == ("second", None)


@pytest.mark.parametrize(
    "answer",
    [_values(b""), _values(b"two words"), _values(b"two\nlines"), _values(b"\xff\xfe"), {"token": "no base64"}],
)
async def test_what_is_no_token_is_not_sent(answer: Values) -> None:
    token = _token(answer)
    await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.reason is RegistryReason.CREDENTIALS_MISSING
    assert token.problem.message.startswith("The key 'token' of the Secret 'registry' contains no token")
    with pytest.raises(ConnectionFailed, match="its token is not available"):
        token()


@pytest.mark.parametrize("refused", [OWN.encode(), _jwt(aud="https://kubernetes", sub="system:serviceaccount:a:b")])
async def test_a_token_that_the_api_server_accepts_is_not_sent(refused: bytes) -> None:
    token = _token(_values(b"first"), _values(refused), own=OWN)
    await token.renew(is_refused=False)
    assert token() == "first"
    await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.reason is RegistryReason.CREDENTIALS_REFUSED
    with pytest.raises(ConnectionFailed):
        token()


async def test_a_token_is_not_sent_while_it_cannot_be_compared_with_the_operators_own() -> None:
    def unreadable() -> str:
        raise OSError(13, "Permission denied")

    token = SecretToken(SecretKeyRef(name="registry"), Secrets(_values(b"first")).read, unreadable)
    await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.reason is RegistryReason.CREDENTIALS_REFUSED


async def test_a_key_that_does_not_exist_is_named() -> None:
    token = _token({"other": ""})
    await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.message.startswith("The Secret 'registry' has no key 'token'.")
