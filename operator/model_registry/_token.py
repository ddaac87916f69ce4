"""Bearer tokens, read anew for every request: Kubernetes rotates the files it projects."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from .exceptions import ConnectionFailed

Token = str | os.PathLike[str] | Callable[[], str]
"""The token itself, the path of a file that holds it, or a function that returns it."""

_SENDABLE = re.compile(r"[\x21-\x7e]+")


class TokenSource:
    """Gives the token to send, as it is now.

    Args:
        token: None sends no token.
    """

    def __init__(self, token: Token | None) -> None:
        self._token = token
        self._file_state: tuple[int, ...] | None = None
        self._from_file = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<hidden>)"

    def read(self, *, afresh: bool = False) -> str | None:
        """Return the token; None if none is to be sent.

        Args:
            afresh: Read a file even if it looks unchanged.

        Raises:
            ValueError: If a token given as text, or by the function, cannot be sent in a header.
            ConnectionFailed: If the file cannot be read or holds nothing that can be sent.
        """
        if self._token is None or isinstance(self._token, str):
            return _sendable(self._token)
        if isinstance(self._token, os.PathLike):
            return self._read_file(Path(self._token), afresh=afresh)
        return _sendable(self._token())

    def _read_file(self, path: Path, *, afresh: bool) -> str | None:
        try:
            seen = path.stat()
            state = (seen.st_ino, seen.st_mtime_ns, seen.st_size)
            if afresh or state != self._file_state:
                self._from_file = _sendable(path.read_text(encoding="ascii")) or ""
                self._file_state = state
        except OSError as error:
            what = f"The token file {path} cannot be read: {error.strerror}"
            raise ConnectionFailed(what, is_temporary=False) from None
        except ValueError:  # from None: a decoding error carries the token
            what = f"The token file {path} holds no token: one line of ASCII text"
            raise ConnectionFailed(what, is_temporary=False) from None
        return self._from_file


def _sendable(token: str | None) -> str | None:
    """Strip a token and check it here: an HTTP library puts an illegal header value into its error, for all to see."""
    if token is None:
        return None
    stripped = token.strip()
    if not _SENDABLE.fullmatch(stripped):
        raise ValueError("The token cannot be sent: it is empty, or holds spaces, line breaks or letters beyond ASCII")
    return stripped
