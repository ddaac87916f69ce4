"""What a registry of a ClusterRegistry is reached with, and what is read again while it is served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from model_registry.exceptions import ConnectionFailed
from registrar.api.v1alpha1.cluster_registry import RegistryReason


@dataclass(frozen=True, slots=True)
class CredentialsProblem:
    """Why something cannot be read, or must not be used.

    Attributes:
        reason: the reason of the ``Ready`` condition.
        message: what to change.
    """

    reason: RegistryReason
    message: str


Values = Mapping[str, str] | CredentialsProblem | None
"""The values of a Secret or ConfigMap, or why it cannot be read; None if the API server failed."""
ReadValues = Callable[[str], Awaitable[Values]]
"""Reads a Secret or ConfigMap by its name."""


class Renewable(Protocol):
    """A token, or certificate authorities."""

    @property
    def problem(self) -> CredentialsProblem | None:
        """Why it cannot be used, or cannot be read again; None where all is well."""

    @property
    def is_due(self) -> bool:
        """Whether it is known that another one is needed soon."""

    async def renew(self, *, is_refused: bool) -> bool:
        """Get it again, as far as that may help; returns whether it is another one. The last one is used meanwhile.

        Args:
            is_refused: whether the registry refuses the token.
        """


class Credentials:
    """The token of a registry and its certificate authorities, as far as they have to be read.

    Args:
        parts: what has to be read.
        is_refused: returns whether the registry refuses the token now.
    """

    def __init__(self, parts: tuple[Renewable, ...], is_refused: Callable[[], bool]) -> None:
        self._parts = parts
        self._is_refused = is_refused
        # The poller of the registry and the minute's reading may meet.
        self._lock = asyncio.Lock()

    @property
    def problem(self) -> CredentialsProblem | None:
        """The first reason why something cannot be used, or cannot be read again; None where all is well."""
        return next((part.problem for part in self._parts if part.problem is not None), None)

    @property
    def is_due(self) -> bool:
        """Whether something cannot wait for the next minute."""
        return self.problem is not None or any(part.is_due for part in self._parts)

    async def renew(self) -> bool:
        """Get everything again; returns whether something is another one."""
        async with self._lock:
            is_refused = self._is_refused()
            renewed = [await part.renew(is_refused=is_refused) for part in self._parts]
        return any(renewed)


class CredentialsUnavailableError(ConnectionFailed):
    """A request needs something that could not be read; it was not sent."""


def not_available(what: str) -> CredentialsUnavailableError:
    """Return the failure of a request that needs something that could not be read, such as ``its token is``."""
    return CredentialsUnavailableError(f"{what} not available", is_temporary=False)


def no_such_key(kind: str, name: str, key: str) -> CredentialsProblem:
    """Return that a Secret or ConfigMap lacks the key that a ClusterRegistry names."""
    message = f"The {kind} {name!r} has no key {key!r}. Add it, or correct the key in the spec."
    return CredentialsProblem(RegistryReason.CREDENTIALS_MISSING, message)
