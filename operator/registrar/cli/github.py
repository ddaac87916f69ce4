"""Annotations of GitHub Actions, which show a message at a line of a pull request."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How GitHub marks an annotation."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


def annotation(level: Level, title: str, message: str, *, file: str | None, line: int | None) -> str:
    """Return the workflow command that makes an annotation; it is one line, whatever the texts contain.

    Args:
        level: how it is marked.
        title: its heading.
        message: its text, which may have several lines.
        file: the file, from the repository's root; None for none.
        line: the line, the first being 1; None for the whole file.
    """
    fields = {"file": file, "line": line, "title": title}
    written = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value is not None)
    return f"::{level} {written}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
