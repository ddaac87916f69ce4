"""The token of a registry that is in a Secret: it is read by the Secret's name, again and again, and never watched."""

from __future__ import annotations

import base64
from collections.abc import Callable

from registrar.api.v1alpha1.cluster_registry import RegistryReason, SecretKeyRef
from registrar.registries.credentials import CredentialsProblem, ReadValues, no_such_key, not_available
from registrar.registries.token import is_for_api_server


class SecretToken:
    """The bearer token in a Secret, as it was last read.

    Args:
        reference: where it is.
        read: reads a Secret by name; its values are in Base64.
        own: returns the token with which the operator logs in to the API server, if it uses one; raises OSError.

    Attributes:
        problem: why it cannot be used, or cannot be read again; None where all is well.
    """

    def __init__(self, reference: SecretKeyRef, read: ReadValues, own: Callable[[], str | None]) -> None:
        self.problem: CredentialsProblem | None = None
        self._reference = reference
        self._read = read
        self._own = own
        self._token = ""

    def __call__(self) -> str:
        """Return the token for a request.

        Raises:
            ConnectionFailed: there is none that may be sent.
        """
        if not self._token:
            raise not_available("its token is")
        return self._token

    @property
    def is_due(self) -> bool:
        """Whether it is known that another one is needed: nobody announces when a Secret changes."""
        return False

    async def renew(self, *, is_refused: bool) -> bool:  # noqa: ARG002 - it is read at each call
        """Read the token again; returns whether it is another one. The last one is used while none can be read."""
        before = self._token
        await self._read_again()
        return self._token != before

    async def _read_again(self) -> None:
        found = await self._read(self._reference.name)
        if found is None:
            return
        if isinstance(found, CredentialsProblem):
            self.problem = found
            return
        if self._reference.key not in found:
            self.problem = no_such_key("Secret", self._reference.name, self._reference.key)
            return
        token = _token_in(found[self._reference.key])
        if token is None:
            where = f"key {self._reference.key!r} of the Secret {self._reference.name!r}"
            message = f"The {where} contains no token: one line of ASCII text without spaces."
            self.problem = CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, message)
            return
        self.problem = self._refusal(token)
        self._token = token if self.problem is None else ""

    def _refusal(self, token: str) -> CredentialsProblem | None:
        if not is_for_api_server(token, self._own):
            return None
        message = (
            f"The token in the Secret {self._reference.name!r} is valid at the API server too, so the registry could "
            "use the cluster with its rights. It is not sent. Use a token for an audience of the registry's own."
        )
        return CredentialsProblem(RegistryReason.CREDENTIALS_REFUSED, message)


def _token_in(value: str) -> str | None:
    try:
        token = base64.b64decode(value).decode("ascii").strip()
    except ValueError:
        return None
    return token if token and token.isprintable() and " " not in token else None
