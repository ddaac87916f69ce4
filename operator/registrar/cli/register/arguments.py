"""The command's arguments as text: ``name=value``, and properties as the text of a pipeline's parameter."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

import click

from registrar.cli.register.declaring import ALL, PropertyValue

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)
_TYPED = re.compile(r"\{\s*(string|int|double|bool)\s*:\s*(.*?)\s*\}", re.DOTALL)
_BOOLEANS = {"true": True, "false": False}


def pairs(texts: Iterable[str], *, what: str) -> dict[str, str]:
    """Return what texts of the form ``name=value`` say.

    Raises:
        click.BadParameter: one has another form, or a name comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, is_pair, value = text.partition("=")
        if not is_pair or not name:
            raise click.BadParameter(f"{text!r} is no {what}")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice")
        found[name] = value
    return found


def artifacts(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the URIs of artifacts by name, as click's callback."""
    return pairs(texts, what="artifact: write name=uri")


def files(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return paths by the names of outputs, as click's callback."""
    return pairs(texts, what="output: write name=path")


def formats(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return formats by the names of artifacts, as click's callback; one without a name is that of all others."""
    return _of_artifacts(texts, "format for an artifact, such as onnx:1.17")


def digests(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return digests by the names of artifacts, as click's callback; one without a name is that of the only one."""
    return _of_artifacts(texts, "digest for an artifact, such as sha256:2c26…")


def _of_artifacts(texts: Iterable[str], what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (text if "=" in text else f"{ALL}={text}").partition("=")
        if name in found or not value:
            raise click.BadParameter(f"{text!r}: give one {what}")
        found[name] = value
    return found


def properties(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> dict[str, PropertyValue]:
    """Return custom properties by name, as click's callback."""
    return {name: property_value(text) for name, text in pairs(texts, what="property: write name=value").items()}


def property_value(text: str) -> PropertyValue:
    """Return the value that a text declares.

    Numbers, ``true`` and ``false`` are those of JSON. Text in double quotes is text, as is everything else. The typed
    form of manifests, such as ``{string: 1234567}`` or ``{double: 2}``, decides itself.

    Raises:
        click.BadParameter: a value does not have the type that its typed form names.
    """
    if typed := _TYPED.fullmatch(text):
        return _typed(typed[1], typed[2], text)
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else _unquoted(text)


def _typed(name: str, text: str, whole: str) -> dict[str, PropertyValue]:
    convert: dict[str, Callable[[str], PropertyValue]] = {
        "string": _unquoted,
        "int": int,
        "double": float,
        "bool": _BOOLEANS.__getitem__,
    }
    try:
        return {name: convert[name](text)}
    except (ValueError, KeyError):
        raise click.BadParameter(f"{whole!r}: {text!r} is no {name}") from None


def _unquoted(text: str) -> str:
    if text[:1] != '"':
        return text
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return str(found)
