"""Bearer tokens. They are read again for every request, because Kubernetes rotates the files it projects."""

import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model_registry.exceptions import ConnectionFailed

Token = str | os.PathLike[str] | Callable[[], str]
"""The token itself, the path of a file that contains it, or a function that returns it."""

_ACCEPTED = "A token is text, a pathlib.Path, or a function that returns text (not an asynchronous one)"
_SENDABLE = re.compile(r"[\x21-\x7e]+")


class TokenSource:
    """Returns the current token.

    Args:
        token: Where the token comes from. None sends no token.
    """

    def __init__(self, token: Token | None) -> None:
        if not (token is None or isinstance(token, str | os.PathLike) or callable(token)):
            raise TypeError(f"{_ACCEPTED}, not {type(token).__name__}")
        self._token = token
        self._file_state: tuple[int, ...] | None = None
        self._from_file = ""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<hidden>)"

    def read(self, *, force_read: bool = False) -> str | None:
        """Return the token, or None to send no token.

        Args:
            force_read: Read a file even if it looks unchanged.

        Raises:
            ValueError: If a token given as text, or returned by the function, cannot be sent in a header.
            ConnectionFailed: If the file cannot be read, or contains no token that can be sent.
        """
        if self._token is None or isinstance(self._token, str):
            return _sendable(self._token)
        if isinstance(self._token, os.PathLike):
            return self._read_file(Path(self._token), force_read=force_read)
        returned: Any = self._token()
        if inspect.iscoroutine(returned):
            returned.close()
        if returned is not None and not isinstance(returned, str):
            raise TypeError(f"{_ACCEPTED}, and this function returned {type(returned).__name__}")
        return _sendable(returned)

    def _read_file(self, path: Path, *, force_read: bool) -> str | None:
        try:
            file = path.stat()
            state = (file.st_ino, file.st_mtime_ns, file.st_size)
            if force_read or state != self._file_state:
                self._from_file = _sendable(path.read_text(encoding="ascii")) or ""
                self._file_state = state
        except OSError as error:
            message = f"The token file {path} cannot be read: {error.strerror}"
            raise ConnectionFailed(message, is_temporary=False) from None
        except ValueError:  # from None: a decoding error carries the token
            message = f"The token file {path} holds no token: one line of ASCII text"
            raise ConnectionFailed(message, is_temporary=False) from None
        return self._from_file


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # a token that is longer than a name may be; the error would show it
        return False


def _sendable(token: str | None) -> str | None:
    """Strip a token and check it here: an HTTP library would show an illegal header value in its error."""
    if token is None:
        return None
    stripped = token.strip()
    if stripped.startswith("/") and _is_file(stripped):
        raise ValueError(f"The token {stripped!r} is the path of a file: pass pathlib.Path({stripped!r})")
    if not _SENDABLE.fullmatch(stripped):
        raise ValueError(
            "The token cannot be sent: it is empty, or contains spaces, line breaks or non-ASCII characters"
        )
    return stripped
