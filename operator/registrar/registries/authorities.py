"""The certificate authorities of a registry that are in a ConfigMap or Secret: read by name, again and again."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from registrar.api.certificates import are_certificates, certificates_in
from registrar.api.v1alpha1.cluster_registry import RegistryReason
from registrar.api.v1alpha1.registry_trust import CAConfigMapKeyRef, CASecretKeyRef
from registrar.registries.credentials import CredentialsProblem, ReadValues, no_such_key


class Authorities:
    """Certificate authorities, as they were last read. While none were read, there is no client, so nothing is sent.

    Args:
        reference: where they are.
        read: reads that by its name.
        use: has the registry reached by a client that trusts these alone, in PEM format.

    Attributes:
        problem: why they cannot be used, or cannot be read again; None where all is well.
    """

    def __init__(
        self,
        reference: CAConfigMapKeyRef | CASecretKeyRef,
        read: ReadValues,
        use: Callable[[str], Awaitable[None]],
    ) -> None:
        self.problem: CredentialsProblem | None = None
        self._reference = reference
        self._read = read
        self._use = use
        self._bundle = ""

    @property
    def is_due(self) -> bool:
        """Whether it is known that others are needed: nobody announces when they change."""
        return False

    async def renew(self, *, is_refused: bool) -> bool:  # noqa: ARG002 - it concerns the token
        """Read them again; returns whether they are others. The last ones are used while none can be read."""
        found = await self._read(self._reference.name)
        if found is None:
            return False
        if isinstance(found, CredentialsProblem):
            self.problem = found
            return False
        if self._reference.key not in found:
            self.problem = no_such_key(self._kind, self._reference.name, self._reference.key)
            return False
        bundle = certificates_in(self._text_of(found[self._reference.key]))
        if not are_certificates(bundle):
            self.problem = CredentialsProblem(
                RegistryReason.CREDENTIALS_MISSING,
                f"The key {self._reference.key!r} of the {self._kind} {self._reference.name!r} contains no certificate "
                "authorities in PEM format, or something else among them. Correct it.",
            )
            return False
        self.problem = None
        if bundle == self._bundle:
            return False
        await self._use(bundle)
        self._bundle = bundle
        return True

    @property
    def _kind(self) -> str:
        return "Secret" if isinstance(self._reference, CASecretKeyRef) else "ConfigMap"

    def _text_of(self, value: str) -> str:
        """Return the text of a value; empty for none."""
        if isinstance(self._reference, CAConfigMapKeyRef):
            return value
        try:
            return base64.b64decode(value).decode()
        except ValueError:
            return ""
