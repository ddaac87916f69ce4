"""The token of a ServiceAccount: when another one is asked for, and which one is never asked for or never sent."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from model_registry.exceptions import ConnectionFailed
from registrar.api.v1alpha1.cluster_registry import RegistryReason, ServiceAccountToken
from registrar.registries.account_token import AccountToken, Issued
from registrar.registries.credentials import CredentialsProblem

ISSUER = "https://kubernetes.default.svc"
ACCOUNT = "system:serviceaccount:registrar:for-registry"
FORBIDDEN = CredentialsProblem(RegistryReason.CREDENTIALS_FORBIDDEN, "It may not.")
HOUR = 3600.0


def _jwt(**claims: Any) -> str:
    payload = json.dumps({"iss": ISSUER, "kubernetes.io": {}, **claims}).encode()
    return f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2lnbmF0dXJl"


OWN = _jwt(aud=[ISSUER], sub="system:serviceaccount:registrar:operator")
FIRST, SECOND = (_jwt(aud=["model-registrar.dev/prod"], sub=ACCOUNT, jti=number) for number in ("1", "2"))
FOR_API_SERVER = _jwt(aud=[ISSUER], sub=ACCOUNT)


class Issuer:
    """An API server, and a clock."""

    def __init__(self, *answers: str | CredentialsProblem | None) -> None:
        self.answers = list(answers)
        self.now = 1000.0

    async def issue(self) -> Issued | CredentialsProblem | None:
        answer = self.answers.pop(0)
        return Issued(answer, HOUR) if isinstance(answer, str) else answer

    def token(self, own: str | None = OWN, **reference: Any) -> AccountToken:
        wanted = ServiceAccountToken.model_validate({"serviceAccountName": "for-registry", **reference})
        return AccountToken(wanted, "registrar", self.issue, lambda: own, lambda: self.now)


async def test_a_token_is_replaced_after_most_of_its_life_and_not_before() -> None:
    issuer = Issuer(FIRST, SECOND)
    token = issuer.token()
    assert await token.renew(is_refused=False)
    issuer.now += 0.79 * HOUR
    assert (token.is_due, await token.renew(is_refused=False), token()) == (False, False, FIRST)
    issuer.now += 0.02 * HOUR
    assert (token.is_due, await token.renew(is_refused=False), token()) == (True, True, SECOND)
    assert not token.is_due


async def test_a_refused_token_is_replaced_but_not_again_and_again() -> None:
    issuer = Issuer(FIRST, SECOND)
    token = issuer.token()
    await token.renew(is_refused=False)
    issuer.now += 60
    assert await token.renew(is_refused=True)
    assert token() == SECOND
    issuer.now += 1
    assert not await token.renew(is_refused=True)


@pytest.mark.parametrize("answer", [None, FORBIDDEN])
async def test_the_last_token_is_used_while_no_other_is_issued(answer: CredentialsProblem | None) -> None:
    issuer = Issuer(FIRST, answer, SECOND)
    token = issuer.token()
    await token.renew(is_refused=False)
    issuer.now += 2 * HOUR
    assert not await token.renew(is_refused=False)
    assert token() == FIRST
    assert token.problem is answer
    assert token.is_due
    await token.renew(is_refused=False)
    assert (token(), token.problem) == (SECOND, None)


async def test_a_problem_stays_until_the_api_server_answers() -> None:
    """Ready would change and change back with each attempt."""
    issuer = Issuer(FORBIDDEN, None, FIRST)
    token = issuer.token()
    seen: list[CredentialsProblem | None] = []
    issue = issuer.issue

    async def noting() -> Issued | CredentialsProblem | None:
        seen.append(token.problem)
        return await issue()

    token._issue = noting
    for _ in range(3):
        await token.renew(is_refused=False)
        seen.append(token.problem)
    assert seen == [None, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, None]


@pytest.mark.parametrize("answer", [None, FORBIDDEN])
async def test_nothing_is_sent_without_a_token(answer: CredentialsProblem | None) -> None:
    token = Issuer(answer).token()
    await token.renew(is_refused=False)
    with pytest.raises(ConnectionFailed, match="its token is not available"):
        token()


@pytest.mark.parametrize("reference", [{}, {"apiServerAudience": True}, {"audience": "ml"}], ids=str)
@pytest.mark.parametrize("own", [_jwt(sub=ACCOUNT, aud=[ISSUER]), _jwt(iss="kubernetes/serviceaccount", sub=ACCOUNT)])
async def test_no_token_of_the_operators_own_account_is_asked_for(own: str, reference: dict[str, Any]) -> None:
    token = Issuer().token(own, **reference)
    assert not await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.reason is RegistryReason.CREDENTIALS_REFUSED
    assert token.problem.message.startswith("The ServiceAccount 'for-registry' is the operator's own, so")
    with pytest.raises(ConnectionFailed):
        token()


async def test_no_token_is_asked_for_while_the_operators_own_account_is_not_known() -> None:
    def unreadable() -> str:
        raise OSError(13, "Permission denied")

    wanted = ServiceAccountToken(service_account_name="for-registry")
    token = AccountToken(wanted, "registrar", Issuer().issue, unreadable)
    await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.message == "The operator's own token cannot be read, to compare it: Permission denied."


@pytest.mark.parametrize("own", [OWN, None, "opaque"])
async def test_a_token_that_the_api_server_accepts_is_not_sent_unless_that_is_allowed(own: str | None) -> None:
    issuer = Issuer(FOR_API_SERVER, FIRST)
    token = issuer.token(own, audience=ISSUER)
    assert not await token.renew(is_refused=False)
    assert token.problem is not None
    assert token.problem.reason is RegistryReason.CREDENTIALS_REFUSED
    assert "set apiServerAudience: true instead" in token.problem.message
    assert FOR_API_SERVER not in token.problem.message
    with pytest.raises(ConnectionFailed):
        token()
    allowed = Issuer(FOR_API_SERVER).token(own, apiServerAudience=True)
    assert await allowed.renew(is_refused=False)
    assert (allowed(), allowed.problem) == (FOR_API_SERVER, None)


async def test_what_is_allowed_is_a_token_of_that_account_only() -> None:
    """Whatever the API server answers: with the operator's own token, the registry could act as the operator."""
    token = Issuer(OWN).token(apiServerAudience=True)
    assert not await token.renew(is_refused=False)
    assert token.problem is not None
    with pytest.raises(ConnectionFailed):
        token()


def test_a_token_is_not_shown_by_accident() -> None:
    assert FIRST not in repr(Issued(FIRST, HOUR))
