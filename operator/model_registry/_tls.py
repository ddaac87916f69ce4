"""Whose certificates are believed."""

import logging
import os
import ssl
from pathlib import Path
from weakref import WeakValueDictionary

from .exceptions import ConnectionFailed

logger = logging.getLogger("model_registry")

Authority = str | os.PathLike[str]
"""Path of a file of CA certificates, or their PEM text."""

# Weak: once no client is left, the next one reads the system's authorities as they are then.
_SHARED: WeakValueDictionary[tuple[str | None, ...], ssl.SSLContext] = WeakValueDictionary()


class Trust:
    """The TLS context of a client, built when it is first needed and shared by its pools.

    Args:
        authority: Path or PEM text of the only certificate authorities to believe; None believes the system's, so
            that a company's own count.
        verify: False believes everybody.

    Attributes:
        renewals: How often new authorities have been taken in.
    """

    def __init__(self, authority: Authority | None = None, *, verify: bool = True) -> None:
        self._pem, self._path = _pem_or_path(authority)
        self._verify = verify
        self._context: ssl.SSLContext | None = None
        self._file_state: tuple[int, ...] | None = None
        self.renewals = 0

    def context(self) -> ssl.SSLContext:
        """Return the context; always the same one.

        Raises:
            ValueError: If the certificate authorities cannot be read or are none.
        """
        if self._context is None:
            if not self._verify:
                self._context = _unverified()
            elif self._pem is self._path is None:
                self._context = _believing_the_system()
            else:
                self._context = self._load(None)
        return self._context

    def renew(self, seen: int) -> bool:
        """Take in a file of authorities that has changed since it was read; to be called when verification failed.

        The context is added to rather than replaced, so that the connections that work go on working.

        Args:
            seen: `renewals` before the connection was tried: many fail together, and only the first finds the file new.

        Returns:
            Whether there is anything new to try again with.

        Raises:
            ConnectionFailed: If the file has changed and cannot be read, or holds no authority.
        """
        if self._context is not None and self._path is not None and self._state() != self._file_state:
            try:
                self._load(self._context)
            except ValueError as error:
                # Like a token file: it is being replaced, and may be whole the next time.
                raise ConnectionFailed(str(error), is_temporary=False) from error
            self.renewals += 1
        return self.renewals > seen

    def _load(self, context: ssl.SSLContext | None) -> ssl.SSLContext:
        state = self._state()
        try:
            if context is None:
                context = ssl.create_default_context(cafile=self._path, cadata=self._pem)
            else:
                context.load_verify_locations(cafile=self._path)
        except OSError as error:  # ssl.SSLError is one
            where = f"file {self._path}" if self._path else "text given"
            raise ValueError(f"The CA {where} holds no certificate authority that can be read: {error}") from error
        self._file_state = state
        return context

    def _state(self) -> tuple[int, ...] | None:
        try:
            seen = Path(self._path).stat() if self._path else None
        except OSError:
            return None
        return (seen.st_ino, seen.st_mtime_ns, seen.st_size) if seen else None


def _believing_the_system() -> ssl.SSLContext:
    """Return the context that all clients of this process share: reading its 150 authorities takes 20 ms and 0.6 MB."""
    sources = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    context = _SHARED.get(sources)
    if context is None:
        context = _SHARED[sources] = ssl.create_default_context()
    return context


def _unverified() -> ssl.SSLContext:
    logger.warning("TLS certificates of the registry are not verified: anyone on the way can read along")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _pem_or_path(authority: Authority | None) -> tuple[str | None, str | None]:
    if isinstance(authority, str) and "-----BEGIN" in authority:
        return authority, None
    return None, None if authority is None else os.fspath(authority)
