"""Writes manifests so that kubectl, PyYAML, kustomize and YAML 1.2 read the same values from them.

Plain are only words that no reader takes for anything else. Everything else that is text is quoted, or a block if it
has several lines and the block holds it exactly. So is each date: kustomize would write it back as a time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.representer import SafeRepresenter

_WORD = re.compile(r"[A-Za-z][\w./+@-]*(:[/\w.+@=-]+)*(,? [(]?[A-Za-z0-9][\w/+@-]*[),.;]?)*[.!?]?", re.ASCII)
_MISTAKABLE = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"))
_NOT_IN_BLOCK = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_UNFOLDED = 1_000_000_000
_TEXT = "tag:yaml.org,2002:str"


class Inline(dict[str, Any]):
    """A map that is written on one line, such as ``{double: 2}``."""


class _Style:
    """What both of PyYAML's emitters write the same way."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write equal values in full each time."""
        return True


def style_of(text: str) -> str | None:
    """Return the style of a text: None for plain, ``'``, ``"`` or ``|``."""
    if _WORD.fullmatch(text) and text.lower() not in _MISTAKABLE:
        return None
    lines = text.split("\n")
    if _NOT_IN_BLOCK.search(text):
        return '"'
    if len(lines) == 1:
        return '"' if "\t" in text else "'"
    is_exact = lines[0][:1] not in {"", " ", "\t"} and not any(line[-1:] in {" ", "\t"} for line in lines)
    return "|" if is_exact and lines[-1] + lines[-2] != "" else '"'


def _text(dumper: SafeRepresenter, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(_TEXT, text, style=style_of(text))


def _inline(dumper: SafeRepresenter, content: Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", content, flow_style=True)


class _FastDumper(_Style, yaml.CSafeDumper):
    """libyaml's emitter. It escapes what lies beyond 16 bits, such as emoji."""


class _UnicodeDumper(_Style, yaml.SafeDumper):
    """PyYAML's own emitter, five times slower, which writes emoji as they are."""


for _dumper in (_FastDumper, _UnicodeDumper):
    _dumper.add_representer(str, _text)
    _dumper.add_representer(Inline, _inline)


def dump(content: Mapping[str, Any]) -> str:
    """Return a document, without a separator, its keys in the given order.

    Args:
        content: maps, lists, text, numbers, booleans; None is not written by this project's manifests.
    """
    dumper = _UnicodeDumper if _has_astral(content) else _FastDumper
    return yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True, width=_UNFOLDED)


def _has_astral(value: Any) -> bool:
    match value:
        case str():
            return _ASTRAL.search(value) is not None
        case Mapping():
            return any(_has_astral(key) or _has_astral(each) for key, each in value.items())
        case list() | tuple():
            return any(map(_has_astral, value))
    return False
