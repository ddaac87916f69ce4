"""Recognizes values that no message, Event or log may show: by the name of the field, or by the value's own form."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

HIDDEN = "(hidden)"
"""What is shown instead."""

_WORDS = r"(?:token|passw(?:or)?d|passphrase|secrets?|credentials?|(?:api|access|private)[-_. ]?keys?|auth)"
_SENSITIVE_NAME = re.compile(rf"(?:^|[^a-z]){_WORDS}(?:[^a-z]|$)", re.IGNORECASE)
_SPECIAL_TOKEN = re.compile(r"(?:bos|eos|eot|pad|unk|sep|cls|mask|stop|special)[-_. ]?token", re.IGNORECASE)
"""Tokens of a tokenizer, which many model cards list."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|\bgh[pousr]_\w{20,}|\bhf_\w{20,}"
)


def is_sensitive_name(name: str) -> bool:
    """Return whether a property of this name probably holds a secret, such as ``apiKey`` or ``hf-token``."""
    return _SENSITIVE_NAME.search(_SPECIAL_TOKEN.sub("", _CAMEL.sub("_", name))) is not None


def has_secret(text: str) -> bool:
    """Return whether a text has the form of a secret: a private key, a JWT, a well-known kind of token."""
    return _SECRET_VALUE.search(text) is not None


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
