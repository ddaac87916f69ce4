"""Certificate authorities in PEM format, as people write and copy them."""

from __future__ import annotations

import re
import ssl
from functools import lru_cache

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@lru_cache(maxsize=256)
def are_certificates(bundle: str) -> bool:
    """Return whether a bundle can be trusted. The same one is often asked for, and parsing it may take 13 ms."""
    certificates = certificates_in(bundle)
    if not certificates:
        return False
    try:
        ssl.create_default_context(cadata=certificates)
    except (ssl.SSLError, TypeError, ValueError):  # what is not ASCII is a TypeError
        return False
    return True


def certificates_in(bundle: str) -> str:
    """Return the certificates of a bundle, without the text around them, which may be in any language."""
    return "\n".join(_CERTIFICATE.findall(bundle))
