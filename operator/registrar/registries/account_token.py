"""The token of a registry that the API server issues for a ServiceAccount: nobody stores it, and it ends by itself."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from registrar.api.v1alpha1.cluster_registry import RegistryReason, ServiceAccountToken
from registrar.registries.credentials import CredentialsProblem, not_available
from registrar.registries.token import account_name, account_of, is_for_api_server

RENEWED_AT = 0.8
"""The part of its life after which a token is replaced."""
MIN_AGE_SECONDS = 30.0
"""A token that the registry refuses is replaced once it is so old: a registry that refuses a new one refuses all."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that the API server has issued.

    Attributes:
        token: the token.
        seconds: how long it lives.
    """

    token: str = field(repr=False)
    seconds: float


Issue = Callable[[], Awaitable[Issued | CredentialsProblem | None]]
"""Has a token issued; returns it, or why it is not issued; None if the API server failed."""


class AccountToken:
    """The token of a ServiceAccount, as it was last issued.

    The operator's own account is refused: whoever gets its token could do all that the operator may do.

    Args:
        reference: the account, and what its tokens have to be.
        namespace: where the account is.
        issue: has a token issued.
        own: returns the token with which the operator logs in to the API server, if it uses one; raises OSError.
        monotonic: a clock in seconds that never goes back.

    Attributes:
        problem: why it cannot be used, or is not issued again; None where all is well.
    """

    def __init__(
        self,
        reference: ServiceAccountToken,
        namespace: str,
        issue: Issue,
        own: Callable[[], str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.problem: CredentialsProblem | None = None
        self._reference = reference
        self._account = account_name(namespace, reference.service_account_name)
        self._issue = issue
        self._own = own
        self._monotonic = monotonic
        self._token = ""
        self._issued_at = 0.0
        self._seconds = 0.0

    def __call__(self) -> str:
        """Return the token for a request, also after its life: the registry decides whether it accepts that.

        Raises:
            ConnectionFailed: there is none that may be sent.
        """
        if not self._token:
            raise not_available("its token is")
        return self._token

    @property
    def is_due(self) -> bool:
        """Whether most of its life is over."""
        return self._age >= self._seconds * RENEWED_AT

    @property
    def _age(self) -> float:
        return self._monotonic() - self._issued_at

    async def renew(self, *, is_refused: bool) -> bool:
        """Have another token issued if that is due, or if the registry refuses this one; returns whether it was."""
        if not self.is_due and not (is_refused and self._age >= MIN_AGE_SECONDS):
            return False
        refusal = self._refusal_of_account()
        if refusal is not None:
            self.problem, self._token = refusal, ""
            return False
        asked_at = self._monotonic()
        issued = await self._issue()
        if not isinstance(issued, Issued):
            # An API server that fails for a moment says nothing about the account.
            self.problem = self.problem if issued is None else issued
            return False
        self.problem = self._refusal_of_token(issued.token)
        if self.problem is not None:
            self._token = ""
            return False
        self._token, self._issued_at, self._seconds = issued.token, asked_at, issued.seconds
        return True

    def _refusal_of_account(self) -> CredentialsProblem | None:
        """Return why no token of this account is asked for: it is the operator's own, or may be."""
        try:
            own = self._own()
        except OSError as error:
            return _refused(f"The operator's own token cannot be read, to compare it: {error.strerror}.")
        if own is None or account_of(own) != self._account:
            return None
        return _refused(
            f"The ServiceAccount {self._reference.service_account_name!r} is the operator's own, so the registry "
            "could act as the operator with its token. Create another ServiceAccount, without rights."
        )

    def _refusal_of_token(self, token: str) -> CredentialsProblem | None:
        """Return why a token must not be sent: the API server accepts it too, and nobody has allowed that."""
        if self._reference.api_server_audience and account_of(token) == self._account:
            return None
        if not is_for_api_server(token, self._own):
            return None
        return _refused(
            f"The API server accepts the token of the ServiceAccount {self._reference.service_account_name!r} for the "
            "audience of spec.auth.serviceAccountToken too, so the registry could use the cluster with the rights of "
            "that account. It is not sent. Choose another audience, or set apiServerAudience: true instead, if a proxy "
            "in front of the registry asks the API server."
        )


def _refused(message: str) -> CredentialsProblem:
    return CredentialsProblem(RegistryReason.CREDENTIALS_REFUSED, message)
