"""Reads manifests as kubectl does, and knows the line of each."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from registrar.api.nesting import MAX_DEPTH
from registrar.cli.documents.aliases import ExcessiveAliasingError, check_aliases
from registrar.cli.documents.scalars import plain_key, plain_value

Path = Sequence[str | int]
"""The way to a value: keys of maps, positions in lists."""

_SEPARATOR = re.compile(r"^---\s*$")
_SURROGATES = re.compile(r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})")
"""How JSON writes a character beyond 16 bits, which YAML writes as it is."""
_YAML = "tag:yaml.org,2002:"
_PLAIN = "plain"
_MERGE = "<<"


class DocumentError(Exception):
    """A text that kubectl refuses, or would not read as its author means it.

    Attributes:
        line: the line, the first being 1.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a text.

    Attributes:
        content: what kubectl reads: JSON values.
        start: the number of lines of the text before the document.
        end: the number of lines of the text before the next separator.
    """

    content: Any
    start: int
    end: int
    _root: Node

    @property
    def line(self) -> int:
        """The line on which the document's content begins."""
        return self.line_of(())

    def line_of(self, path: Path) -> int:
        """Return the line of the value at a path, or of the last thing on the way to it that exists."""
        node, line = self._root, self._root.start_mark.line
        for step in path:
            found = next(((mark, child) for name, mark, child in _children(node) if name == str(step)), None)
            if found is None:
                break
            line, node = found
        return self.start + line + 1


def load(text: str) -> list[Document]:
    """Return the documents of a text; those without content are left out, as by kubectl.

    Raises:
        DocumentError: the text is no YAML, has what no JSON can hold, or has aliases that expand to too much; a map
            names a key twice, of which kubectl would silently take the last; or a separator is followed by text, and
            kubectl would pass over what comes behind it.
    """
    found = []
    for document in load_each(text):
        if isinstance(document, DocumentError):
            raise document
        found.append(document)
    return found


def load_each(text: str) -> Iterator[Document | DocumentError]:
    """Yield the documents of a text, and an error in place of each that `load` would refuse."""
    is_json = text.lstrip().startswith("{")
    for start, end, lines in _chunks(_SURROGATES.sub(_joined, text) if is_json else text):
        try:
            root = _compose("".join(lines), start)
            content = None if root is None else _read(root, start)
        except DocumentError as error:
            yield error
        else:
            if root is not None and content is not None:
                yield Document(content, start, end, root)


def _joined(pair: re.Match[str]) -> str:
    character: str = json.loads(f'"{pair[2]}"')
    return pair[1] + character


def resources(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the resources of a document: itself, or the items of a List."""
    yield from (resource for _, resource in resources_at(document))


def resources_at(document: Document) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the path of each resource of a document, and the resource."""
    content = document.content
    if not isinstance(content, Mapping):
        return
    if str(content.get("kind", "")).endswith("List") and isinstance(content.get("items"), list):
        items = enumerate(content["items"])
        yield from ((("items", number), item) for number, item in items if isinstance(item, Mapping))
    else:
        yield (), content


def replaced(text: str, contents: Mapping[int, str]) -> str:
    """Return a text with documents replaced.

    Args:
        text: the text, as it was loaded.
        contents: new documents by the `Document.start` of those that they replace.
    """
    parts = []
    for start, end, lines in _chunks(text):
        content = contents.get(start)
        parts.append("".join(lines) if content is None else content)
        parts.extend(_lines(text)[end : end + 1])
    return "".join(parts)


def text_of(text: str, document: Document) -> str:
    """Return the part of a text that is one of its documents, without separators."""
    return "".join(_lines(text)[document.start : document.end])


def _chunks(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the lines between separators, with the numbers of lines before their begin and their end."""
    lines = _lines(text)
    start = 0
    for number, line in enumerate([*lines, "---"]):
        if _SEPARATOR.match(line):
            yield start, number, lines[start:number]
            start = number + 1


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


class _Parser(yaml.CSafeLoader):
    """libyaml's parser, which go-yaml is a translation of; it marks plain scalars instead of guessing their type."""

    def resolve(self, kind: type[Node], value: Any, implicit: Any) -> str:  # noqa: ARG002 - PyYAML's signature
        """Return the tag of a node that has none."""
        if kind is ScalarNode:
            return _PLAIN if implicit[0] else f"{_YAML}str"
        return f"{_YAML}map" if kind is MappingNode else f"{_YAML}seq"


def _compose(text: str, start: int) -> Node | None:
    parser = _Parser(text)
    try:
        root: Node | None = parser.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or str(error)
        if "single document" in str(error):
            message = "text behind '---' on one line: kubectl passes over this document; put '---' on a line of its own"
        raise DocumentError(message, start + (0 if mark is None else mark.line) + 1) from error
    except yaml.YAMLError as error:
        raise DocumentError(str(error).splitlines()[0], start + 1) from error
    except RecursionError as error:
        raise DocumentError("this document is nested too deeply to be read", start + 1) from error
    finally:
        parser.dispose()
    return root


def _read(root: Node, start: int) -> Any:
    reader = _Reader(start)
    content = reader.value(root)
    if reader.has_aliases:
        try:
            check_aliases(root)
        except ExcessiveAliasingError as error:
            raise DocumentError(str(error), start + error.node.start_mark.line + 1) from error
    return content


class _Reader:
    """Makes values of the nodes of one document.

    Attributes:
        has_aliases: whether the document has any.
    """

    def __init__(self, start: int) -> None:
        self.has_aliases = False
        self._start = start
        self._values: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: Node) -> Any:
        """Return the value of a node; an alias is the same value as its anchor."""
        if id(node) in self._open:
            raise self._error("this alias contains itself", node)
        if id(node) in self._values:
            self.has_aliases = True
        elif len(self._open) >= MAX_DEPTH:
            raise self._error(f"this is nested in {MAX_DEPTH} others, which is deeper than any resource", node)
        else:
            self._open.add(id(node))
            self._values[id(node)] = self._read(node)
            self._open.remove(id(node))
        return self._values[id(node)]

    def _read(self, node: Node) -> Any:
        match node:
            case MappingNode():
                return self._map(node)
            case SequenceNode():
                return [self.value(item) for item in node.value]
        return self._scalar(node)

    def _map(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        named: set[Hashable] = set()
        for key_node, value_node in node.value:
            if key_node.tag == _PLAIN and key_node.value == _MERGE:
                result.update(self._merged(value_node))
                continue
            key = self._key(key_node)
            if key in named:
                raise self._error(f"the key {key!r} stands here twice; kubectl would take the last", key_node)
            named.add(key)
            result[key] = self.value(value_node)
        return result

    def _merged(self, node: Node) -> dict[str, Any]:
        maps = [self.value(item) for item in node.value] if isinstance(node, SequenceNode) else [self.value(node)]
        if not all(isinstance(each, dict) for each in maps):
            raise self._error("'<<' takes a map, or a list of maps", node)
        # Of a list, the first counts.
        return {key: value for each in reversed(maps) for key, value in each.items()}

    def _key(self, node: Node) -> str:
        if isinstance(node, ScalarNode):
            key = plain_key(node.value) if node.tag == _PLAIN else self._scalar(node)
            if isinstance(key, str):
                return key
        raise self._error("this cannot be a key; put it in quotes", node)

    def _scalar(self, node: Node) -> Any:
        text, tag = str(node.value), node.tag.removeprefix(_YAML)
        if tag == "binary":
            try:
                return base64.b64decode(text, validate=False).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise self._error(f"!!binary does not hold text: {error}", node) from None
        value = plain_value(text) if tag in {_PLAIN, "int", "float", "bool", "null"} else text
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(f"{text} has no form in JSON; put it in quotes if it is text", node)
        return value

    def _error(self, message: str, node: Node) -> DocumentError:
        return DocumentError(message, self._start + node.start_mark.line + 1)


def _children(node: Node) -> Iterator[tuple[str, int, Node]]:
    """Yield the name, the line and the value of each child."""
    match node:
        case MappingNode():
            yield from ((str(key.value), key.start_mark.line, value) for key, value in node.value)
        case SequenceNode():
            yield from ((str(position), item.start_mark.line, item) for position, item in enumerate(node.value))
