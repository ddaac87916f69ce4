"""Changes values in the text of a document, and nothing else: comments, order, quotes and indentation stay.

ruamel.yaml makes the change. As it would also write the rest in its own style, only the lines that the change concerns
are taken from it. The result is read back: either it says exactly what it has to, or there is none.

This is the only module that imports ruamel.yaml, when a document is edited: few commands need it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from registrar.cli.documents.dump import dump
from registrar.cli.documents.load import DocumentError, load

if TYPE_CHECKING:
    from ruamel.yaml import YAML

_INDENTATIONS = ((2, 2, 0), (2, 4, 2), (4, 4, 0), (4, 6, 4), (4, 4, 2))
"""Of maps, of lists, and of the dash in a list: what people use."""
_ANY_WIDTH = 1_000_000_000
_NO_VALUE = re.compile(r"\s*(#.*)?$")
_NAME = "name"


class EditError(Exception):
    """The text cannot be changed exactly."""


def edited(text: str, target: Mapping[str, Any]) -> str:
    """Return the text of one document so that it says something else.

    Args:
        text: the document, without separators.
        target: what kubectl has to read from the result. New keys go behind those before them.

    Raises:
        EditError: the text cannot be changed exactly.
    """
    unix = text.replace("\r\n", "\n")
    lines = unix if unix.endswith("\n") else f"{unix}\n"
    (document,) = load(lines)
    editor = _editor()
    try:
        root = editor.load(lines)
        before = _closest(editor, root, lines)
        _change_map(root, document.content, target)
        result = _merged(lines, before, _written(editor, root))
    # ruamel.yaml has faults of its own with rare syntax; whatever they are, the text is left alone.
    except (LookupError, TypeError, ValueError, AttributeError, AssertionError, NotImplementedError) as error:
        raise EditError(str(error)) from error
    result = result.replace("\n", "\r\n") if "\r\n" in text else result
    if not says(result, [target]):
        raise EditError("the result would not say what it has to")
    if _comments(lines) != _comments(result):
        raise EditError("a comment would be lost or moved")
    return result


def says(text: str, contents: Sequence[Any]) -> bool:
    """Return whether kubectl reads exactly these documents from a text."""
    try:
        return [_canonical(each.content) for each in load(text)] == [_canonical(each) for each in contents]
    except DocumentError:
        return False


def _editor() -> YAML:
    from ruamel.yaml import YAML  # noqa: PLC0415 - see the top of this module

    editor = YAML(typ="rt")
    editor.preserve_quotes = True
    editor.width = _ANY_WIDTH
    return editor


def _written(editor: YAML, root: Any) -> str:
    stream = io.StringIO()
    editor.dump(root, stream)
    return stream.getvalue()


def _closest(editor: YAML, root: Any, text: str) -> str:
    """Return how the editor writes a text, with the indentation that is most like it; the editor keeps this."""
    written = {}
    for mapping, sequence, offset in _INDENTATIONS:
        editor.indent(mapping=mapping, sequence=sequence, offset=offset)
        written[mapping, sequence, offset] = _written(editor, root)
        if written[mapping, sequence, offset] == text:
            return text
    lines = set(text.splitlines())
    mapping, sequence, offset = best = max(written, key=lambda key: len(lines & set(written[key].splitlines())))
    editor.indent(mapping=mapping, sequence=sequence, offset=offset)
    return written[best]


def _canonical(value: Any) -> str:
    """Return a value as text that is equal for what is equal in JSON, types included."""
    return json.dumps(value, sort_keys=True)


def _change_map(node: Any, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    for name in old.keys() - new.keys():
        del node[name]
    names = list(new)
    for position, name in enumerate(names):
        if name not in old:
            behind = list(node).index(names[position - 1]) + 1 if position else 0
            node.insert(behind, name, _fragment(new[name]))
        elif _canonical(old[name]) != _canonical(new[name]):
            _change_value(node, name, old[name], new[name])


def _change_value(node: Any, name: str, old: Any, new: Any) -> None:
    if isinstance(old, dict) and isinstance(new, Mapping) and old and new:
        _change_map(node[name], old, new)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        _change_list(node[name], old, new)
    else:
        node[name] = _in_style_of(node[name], _fragment(new))


def _change_list(node: Any, old: list[Any], new: list[Any]) -> None:
    positions, wanted = _by_name(old), _by_name(new)
    if positions is None or wanted is None:
        _change_plain_list(node, old, new)
        return
    for name, position in positions.items():
        if name in wanted:
            _change_map(node[position], old[position], new[wanted[name]])
    for name, position in reversed(positions.items()):
        if name not in wanted:
            del node[position]
    node.extend([_fragment(new[position]) for name, position in wanted.items() if name not in positions])


def _change_plain_list(node: Any, old: list[Any], new: list[Any]) -> None:
    """Change a list whose items have no names: keep as many of them as possible, with their comments."""
    matcher = SequenceMatcher(None, [*map(_canonical, old)], [*map(_canonical, new)], autojunk=False)
    for tag, start, end, new_start, new_end in reversed(matcher.get_opcodes()):
        if tag == "equal":
            continue
        in_place = min(end - start, new_end - new_start)
        for number in range(in_place):
            node[start + number] = _in_style_of(node[start + number], _fragment(new[new_start + number]))
        for number in reversed(range(start + in_place, end)):
            del node[number]
        for value in reversed(new[new_start + in_place : new_end]):
            node.insert(start + in_place, _fragment(value))


def _by_name(items: list[Any]) -> dict[str, int] | None:
    """Return the positions of maps by their names; None if the list consists of anything else."""
    names = [item.get(_NAME) if isinstance(item, Mapping) else None for item in items]
    found = {name: position for position, name in enumerate(names) if isinstance(name, str)}
    return found if len(found) == len(items) else None


def _fragment(value: Any) -> Any:
    """Return a value for the editor, with the quotes that the dumper gives it."""
    return _editor().load(dump({_NAME: value}))[_NAME]


def _in_style_of(old: Any, new: Any) -> Any:
    """Return a new value in the style of the one that it replaces, as far as it can have that style."""
    from ruamel.yaml.scalarstring import (  # noqa: PLC0415 - see the top of this module
        DoubleQuotedScalarString,
        LiteralScalarString,
        SingleQuotedScalarString,
    )

    is_single = type(new) is str or isinstance(new, SingleQuotedScalarString)
    if is_single and isinstance(old, DoubleQuotedScalarString | SingleQuotedScalarString):
        return type(old)(new)
    if isinstance(old, LiteralScalarString) and isinstance(new, LiteralScalarString) and hasattr(old, "comment"):
        new.comment = old.comment  # type: ignore[attr-defined]  # ruamel.yaml's loader adds it
    return new


def _merged(text: str, before: str, after: str) -> str:
    """Return a text with the lines changed that differ between two others: the editor's without and with the change."""
    lines, old, new = (each.splitlines(keepends=True) for each in (text, before, after))
    places = _places(old, lines)
    without_value = _lines_without_value(before)
    result: list[str] = []
    done = 0
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        # Comments and blank lines before a new key belong to the one behind it.
        while start == end and start > 0 and start - 1 in without_value:
            start = end = start - 1  # noqa: PLW2901 - the place of the insertion
        beside = start if start < end else max(start - 1, 0)
        shift = _indentation(lines[places[beside]]) - _indentation(old[beside])
        added = _shifted(new[new_start:new_end], shift)
        result += [*lines[done : places[start]], *_with_comments(added, old, range(start, end), without_value)]
        done = places[end]
    return "".join([*result, *lines[done:]])


def _with_comments(added: list[str], old: list[str], span: range, without_value: frozenset[int]) -> list[str]:
    """Return lines with the comments of those that they replace: the editor drops what follows a removed key."""
    dropped = [number for number in span if number in without_value and old[number] not in added]
    result = list(added)
    for number in dropped:
        behind = [_key_of(old[each]) for each in range(number, span.stop) if each not in without_value]
        keys = [_key_of(line) for line in result]
        result.insert(next((keys.index(key) for key in behind if key in keys), len(result)), old[number])
    return result


def _key_of(line: str) -> str:
    return line.partition(":")[0].strip()


def _shifted(added: list[str], by: int) -> list[str]:
    """Return lines with another indentation: that of the part of the text where they go."""
    return [" " * by + line if by > 0 else line.removeprefix(" " * -by) for line in added]


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _places(old: list[str], lines: list[str]) -> dict[int, int]:
    """Return where the lines of one text begin in another; LookupError later for those inside of what differs."""
    places = {len(old): len(lines)}
    for _, start, end, there, there_end in SequenceMatcher(None, old, lines, autojunk=False).get_opcodes():
        if end - start == there_end - there:
            places.update(zip(range(start, end), range(there, there_end), strict=True))
        else:
            places.setdefault(start, there)
            for number in range(start + 1, end):
                same = (at for at in range(there + 1, there_end) if _key_of(lines[at]) == _key_of(old[number]))
                there = next(same, there)  # noqa: PLW2901 - each is behind the one before it
                places[number] = there
    return places


def _comments(text: str) -> list[str]:
    """Return the comments that have a line of their own, in their order."""
    lines = text.splitlines()
    return [lines[number].strip() for number in sorted(_lines_without_value(text)) if lines[number].strip()]


def _lines_without_value(text: str) -> frozenset[int]:
    """Return the numbers of lines that are blank or comments, and not part of a text of several lines."""
    inside: set[int] = set()
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    for node in _scalars(root):
        end = node.end_mark.line + (1 if node.end_mark.column else 0)
        inside.update(range(node.start_mark.line + 1, end))
    found = enumerate(text.splitlines())
    return frozenset(number for number, line in found if number not in inside and _NO_VALUE.match(line))


def _scalars(node: Node | None) -> list[ScalarNode]:
    match node:
        case ScalarNode():
            return [node]
        case MappingNode():
            return [scalar for pair in node.value for each in pair for scalar in _scalars(each)]
        case None:
            return []
    return [scalar for each in node.value for scalar in _scalars(each)]
