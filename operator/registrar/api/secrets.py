"""Recognizes what no message, log or file may show: by the name of a property, or by the form of a value."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "(hidden)"
"""What a message shows instead."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SECRET_WORDS = frozenset(
    ("token", "password", "passwd", "pwd", "passphrase", "secret", "secrets", "credential", "credentials", "apikey")
)
_KEY = "key"
_SPECIAL_TOKEN = re.compile(r"(?:bos|eos|eot|pad|unk|sep|cls|mask|stop|special)[-_. ]?token", re.IGNORECASE)
"""Tokens of a tokenizer, which many model cards list."""
_FORMS = (
    # A private key or certificate in PEM.
    re.compile(r"-----BEGIN [A-Z0-9 ]+-----"),
    # A JSON web token.
    re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    # Tokens of GitHub and Hugging Face.
    re.compile(r"\bgh[pousr]_\w{20,}|\bhf_\w{20,}"),
    # A password in a URL.
    re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@", re.IGNORECASE),
    # A signed URL: whoever has it can read the object.
    re.compile(
        r"[?&](x-amz-signature|x-goog-signature|signature|sig|awsaccesskeyid|access_token|token)=", re.IGNORECASE
    ),
)


def is_sensitive_name(name: str) -> bool:
    """Return whether a property of this name holds a secret.

    ``hf_token`` does, ``max_tokens``, ``eos_token`` and ``tokenizer`` do not; ``key`` counts as the last word:
    ``aws-access-key``.
    """
    words = [word.lower() for word in _WORDS.findall(_SPECIAL_TOKEN.sub("", name))]
    return not _SECRET_WORDS.isdisjoint(words) or words[-1:] == [_KEY]


def is_sensitive_text(text: str) -> bool:
    """Return whether a text contains what gives access to something."""
    return any(form.search(text) for form in _FORMS)


def is_sensitive_json(value: object) -> bool:
    """Return whether a JSON value contains a secret at any depth: by the name of a key, or by the form of a text."""
    pending = [value]
    while pending:
        match pending.pop():
            case str(text):
                if is_sensitive_text(text):
                    return True
            case list(items):
                pending += items
            case dict(members):
                if any(map(is_sensitive_name, members)):
                    return True
                pending += members.values()
    return False


def without_credentials(uri: str) -> str:
    """Return a URI without its user information, query and fragment, which may sign or authorize a request."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return uri
    if not parts.scheme or not parts.netloc:
        return uri
    host = parts.netloc.rpartition("@")[2]
    hidden = f"{HIDDEN}@" if "@" in parts.netloc else ""
    return urlunsplit((parts.scheme, hidden + host, parts.path, HIDDEN if parts.query else "", ""))
