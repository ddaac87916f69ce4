"""Digests: the SHA-256 of what is at the address of an artifact.

The registry has no field for it. A digest is the string property ``digest`` of the artifact's entry.
"""

import re
from typing import Annotated

from pydantic import Field

from registrar.api.conditions import Reason
from registrar.api.rules import Rule

DIGEST_PROPERTY = "digest"
"""The custom property that holds the digest of an artifact."""
_ALGORITHM = "sha256"
_LENGTH = len(_ALGORITHM) + 1 + 64
_FORM = rf"^{_ALGORITHM}:[0-9a-f]{{64}}$"
_IMAGE = "oci://"
_PIN = f"@{_ALGORITHM}:"


def is_digest(value: object) -> bool:
    """Return whether the value of a property is a digest as a spec declares it."""
    return isinstance(value, str) and re.fullmatch(_FORM.removesuffix("$"), value, re.ASCII) is not None


def pinned_digest(uri: str) -> str | None:
    """Return the digest that the address of an OCI image contains; None if it contains none."""
    if not uri.lower().startswith(_IMAGE) or _PIN not in uri:
        return None
    return f"{_ALGORITHM}:{uri.partition(_PIN)[2]}"


def is_of_other_address(digest: object, before: str | None, after: str | None) -> bool:
    """Return whether a recorded digest would not be known to be right at another address.

    Args:
        digest: what the registry has as the digest of an artifact.
        before: the address of the artifact there; an artifact without one gets its first address.
        after: its next address; none keeps the one that it has.
    """
    if not before or not after or before == after:
        return False
    return is_digest(digest) and pinned_digest(after) != digest


KEPT_DIGEST = (
    "digest cannot change, because other content is another version; set it back, and declare the other content in "
    "another version or as an artifact with another name"
)
"""Why an edit is refused."""
_IS_REFUSED = (
    "has(oldSelf.status) && has(oldSelf.status.conditions) && "
    f"oldSelf.status.conditions.exists(c, c.reason == '{Reason.DIGEST_CHANGED}')"
)
"""The operator has refused the digest in the spec, so correcting it must be possible."""
Digest = Annotated[
    str,
    Field(max_length=_LENGTH),
    Rule(
        cel=f"self.matches('{_FORM}')",
        message=f"must be {_ALGORITHM}: and 64 lower-case hexadecimal digits, such as sha256sum prints",
        holds=is_digest,
    ),
]
"""The SHA-256 of an artifact."""
KEPT = Rule(
    cel=f"({_IS_REFUSED}) || !has(oldSelf.spec.digest) || !has(self.spec.digest) || "
    "self.spec.digest == oldSelf.spec.digest",
    message=KEPT_DIGEST,
    holds=None,
    field=".spec.digest",
)
"""A resource that is an artifact keeps its digest."""


def kept_in(field: str) -> Rule:
    """Return the rule that the artifacts in a list of a spec keep their digests."""
    return Rule(
        cel=f"({_IS_REFUSED}) || !has(oldSelf.spec.{field}) || !has(self.spec.{field}) || "
        f"self.spec.{field}.all(a, !has(a.digest) || "
        f"oldSelf.spec.{field}.all(o, o.name != a.name || !has(o.digest) || o.digest == a.digest))",
        message=KEPT_DIGEST,
        holds=None,
        field=f".spec.{field}",
    )


PIN_RULE = Rule(
    cel="!has(self.digest) || !has(self.uri) || "
    f"!self.uri.lowerAscii().startsWith('{_IMAGE}') || !self.uri.contains('{_PIN}') || "
    "self.uri.endsWith('@' + self.digest)",
    message=f"digest differs from the {_PIN}… in uri; correct one of the two, or leave out digest",
    holds=lambda artifact: (
        artifact.digest is None or artifact.uri is None or pinned_digest(artifact.uri) in {None, artifact.digest}
    ),
)
"""The digest of an image says the same as its address, where that contains one."""
