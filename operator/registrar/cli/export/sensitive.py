"""What must not get into Git: recognised by the name of a property and by the form of a value."""

from __future__ import annotations

import re

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset(
    ("token", "password", "passwd", "pwd", "passphrase", "secret", "secrets", "credential", "credentials", "apikey")
)
_KEY = "key"
_FORMS = (
    # A private key or certificate in PEM.
    re.compile(r"-----BEGIN [A-Z0-9 ]+-----"),
    # A JSON web token.
    re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    # A password in a URL.
    re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@", re.IGNORECASE),
    # A signed URL: whoever has it can read the object.
    re.compile(
        r"[?&](x-amz-signature|x-goog-signature|signature|sig|awsaccesskeyid|access_token|token)=", re.IGNORECASE
    ),
)


def is_sensitive_name(name: str) -> bool:
    """Return whether a property of this name holds a secret.

    ``hf_token`` does, ``max_tokens`` and ``tokenizer`` do not; ``key`` counts as the last word: ``aws-access-key``.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    return not _SECRET_WORDS.isdisjoint(words) or words[-1:] == [_KEY]


def is_sensitive_text(text: str) -> bool:
    """Return whether a text contains what gives access to something."""
    return any(form.search(text) for form in _FORMS)
