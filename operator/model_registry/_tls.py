"""Which certificates the client trusts."""

import logging
import os
import ssl
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from model_registry.exceptions import ConnectionFailed

logger = logging.getLogger("model_registry")

Authority = str | os.PathLike[str]
"""Path of a file of CA certificates, or their PEM text."""

# Weak: once no client is left, the next one reads the system's authorities again.
_SHARED: WeakValueDictionary[tuple[str | None, ...], ssl.SSLContext] = WeakValueDictionary()


class TrustStore:
    """The TLS context of a client, built when it is first needed and shared by its connection pools.

    Args:
        authority: Path or PEM text of the only certificate authorities to trust. None trusts the system's, including
            those that a company has installed.
        verify: False trusts every server.

    Attributes:
        reloads: How often a changed file of authorities has been loaded.
    """

    def __init__(self, authority: Authority | None = None, *, verify: bool = True) -> None:
        self._pem, self._path = _pem_or_path(authority)
        self._verify = verify
        self._context: ssl.SSLContext | None = None
        self._loaded_state: tuple[int, ...] | None = None
        self.reloads = 0

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_context": None}  # it is built again where it is needed

    def context(self) -> ssl.SSLContext:
        """Return the context. It is the same object every time.

        Raises:
            ValueError: If the certificate authorities cannot be read, or the file or text contains none.
        """
        if self._context is None:
            if not self._verify:
                self._context = _unverified_context()
            elif self._pem is self._path is None:
                self._context = _system_context()
            else:
                self._context = self._load(None)
        return self._context

    def reload(self, reloads_before: int) -> bool:
        """Load the file of authorities if it has changed since it was read. Call this after verification has failed.

        The authorities are added to the existing context, so that working connections keep working.

        Args:
            reloads_before: The value of `reloads` before the attempt to connect. Many attempts fail together, and only
                the first finds a changed file.

        Returns:
            Whether another attempt may succeed.

        Raises:
            ConnectionFailed: If the file has changed and cannot be read, or contains no authority.
        """
        if self._context is not None and self._path is not None and self._file_state() != self._loaded_state:
            try:
                self._load(self._context)
            except ValueError as error:
                # The file is being replaced, like a token file. It may be complete the next time.
                raise ConnectionFailed(str(error), is_temporary=False) from error
            self.reloads += 1
        return self.reloads > reloads_before

    def _load(self, context: ssl.SSLContext | None) -> ssl.SSLContext:
        state = self._file_state()
        try:
            if context is None:
                context = _verifying_context(cafile=self._path, cadata=self._pem)
            else:
                context.load_verify_locations(cafile=self._path)
        except OSError as error:  # ssl.SSLError is one
            where = f"file {self._path}" if self._path else "text given"
            raise ValueError(f"The CA {where} contains no readable certificate authority: {error}") from error
        self._loaded_state = state
        return context

    def _file_state(self) -> tuple[int, ...] | None:
        try:
            file = Path(self._path).stat() if self._path else None
        except OSError:
            return None
        return (file.st_ino, file.st_mtime_ns, file.st_size) if file else None


def _system_context() -> ssl.SSLContext:
    """Return the context that all clients of this process share: reading its 150 authorities takes 20 ms and 0.6 MB."""
    sources = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    context = _SHARED.get(sources)
    if context is None:
        context = _SHARED[sources] = _verifying_context()
    return context


def _verifying_context(*, cafile: str | None = None, cadata: str | None = None) -> ssl.SSLContext:
    """Return a context that accepts the same certificates with every version of Python."""
    context = ssl.create_default_context(cafile=cafile, cadata=cadata)
    # Since 3.13, Python refuses certificates without key identifiers. Many private authorities issue such ones; curl,
    # Go and older Pythons accept them. Signatures, dates and names are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    _disable_old_protocols(context)
    return context


def _unverified_context() -> ssl.SSLContext:
    logger.warning("The registry's TLS certificate is not verified: others on the network can read the traffic")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _disable_old_protocols(context)
    return context


def _disable_old_protocols(context: ssl.SSLContext) -> None:
    # Debian's Python leaves the limit to OpenSSL's configuration, which may also be stricter than ours.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)


def _pem_or_path(authority: Authority | None) -> tuple[str | None, str | None]:
    if isinstance(authority, str) and "-----BEGIN" in authority:
        return authority, None
    return None, None if authority is None else os.fspath(authority)
