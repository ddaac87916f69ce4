"""How far the aliases of a document expand: kubectl refuses one that is small as text and huge as data.

The rule is that of go-yaml 2 (``decode.go``: ``allowedAliasRatio``), which sigs.k8s.io/yaml and so kubectl read YAML
with. It bounds the nodes; a long text that is repeated is bounded by the API server, which takes no such request.
"""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_TEXT = 16 * 1024 * 1024
"""Characters that the aliases of a document may expand to; a request to the API server has at most 3 MiB."""

_MIN_ALIASED, _MIN_READ = 100, 1000
"""Nodes up to which a document may have any number of aliases."""
_SMALL, _LARGE = 400_000, 4_000_000
"""Nodes up to which, and from which on, the share of aliased ones is the same."""
_SHARE_OF_SMALL, _SHARE_OF_LARGE = 0.99, 0.10


class ExcessiveAliasingError(Exception):
    """The aliases of a document expand to too much.

    Attributes:
        node: the last node before the alias with which it becomes too much.
    """

    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.node = node


def check_aliases(root: Node) -> None:
    """Make sure that the aliases of a document expand to no more than kubectl accepts.

    Args:
        root: the document; no alias in it contains itself.

    Raises:
        ExcessiveAliasingError: they expand to more.
    """
    _Count().read(root)


def _children(node: Node) -> list[Node]:
    match node:
        case MappingNode():
            return [child for pair in node.value for child in pair]
        case SequenceNode():
            return list(node.value)
    return []


class _Count:
    """Counts nodes in the order in which go-yaml reads them, each as often as it is reached."""

    def __init__(self) -> None:
        self._seen: set[int] = set()
        self._children: dict[int, list[tuple[Node, bool]]] = {}
        self._nodes = 1  # the document
        self._aliased = 0
        self._text = 0
        self._latest: Node | None = None
        """Of the nodes that are no aliases: the next alias stands behind it."""

    def read(self, node: Node, *, is_alias: bool = False, is_aliased: bool = False) -> None:
        """Count a node and all below it.

        Args:
            node: the node.
            is_alias: it is reached by an alias.
            is_aliased: an alias is above it.
        """
        if is_alias:
            # go-yaml has a node for the alias, and reads that of the anchor below it.
            self._count(node, is_aliased=is_aliased)
        is_aliased = is_aliased or is_alias
        if not is_aliased:
            self._latest = node
        self._count(node, is_aliased=is_aliased)
        for child, is_repeated in self._children_of(node):
            self.read(child, is_alias=is_repeated, is_aliased=is_aliased)

    def _children_of(self, node: Node) -> list[tuple[Node, bool]]:
        """Return the children, and whether each is an alias: it is composed as the very node of its anchor."""
        if id(node) not in self._children:
            found: list[tuple[Node, bool]] = []
            self._children[id(node)] = found
            for child in _children(node):
                found.append((child, id(child) in self._seen))
                self._seen.add(id(child))
                self._children_of(child)
        return self._children[id(node)]

    def _count(self, node: Node, *, is_aliased: bool) -> None:
        self._nodes += 1
        if not is_aliased:
            return
        self._aliased += 1
        if isinstance(node, ScalarNode):
            self._text += len(node.value)
        is_small = self._aliased <= _MIN_ALIASED or self._nodes <= _MIN_READ
        if not is_small and self._aliased / self._nodes > _allowed_share(self._nodes):
            raise ExcessiveAliasingError(
                "the document contains excessive aliasing, which kubectl refuses; write the values out",
                self._latest or node,
            )
        if self._text > MAX_TEXT:
            raise ExcessiveAliasingError(
                f"the aliases of this document expand to more than {MAX_TEXT // 1024**2} MiB of text, which no API "
                "server accepts; write the values out",
                self._latest or node,
            )


def _allowed_share(nodes: int) -> float:
    """Return which share of so many nodes may be aliased."""
    place = min(max((nodes - _SMALL) / (_LARGE - _SMALL), 0.0), 1.0)
    return _SHARE_OF_SMALL - (_SHARE_OF_SMALL - _SHARE_OF_LARGE) * place
