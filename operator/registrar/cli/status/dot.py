"""The report as a graph for Graphviz: models, their versions and artifacts, coloured by how they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from registrar.api.bodies import ResourceKey
from registrar.cli.console import one_line
from registrar.cli.status.causes import Assessed
from registrar.cli.status.report import Report, order_of

_READY, _REFUSED, _OTHER, _NEUTRAL = "#c8e6c9", "#ffcdd2", "#fff3c4", "#ffffff"
_STYLE = 'node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontname="sans-serif"];'


def report_dot(report: Report, only: Collection[ResourceKey] | None = None) -> Iterator[str]:
    """Yield the lines of a graph in the DOT language; each namespace is a box if there are several.

    Args:
        report: the resources.
        only: the resources to show, without their inline artifacts; None shows everything.
    """
    shown = [one for one in report.assessed if only is None or one.resource.key in only]
    nodes: defaultdict[str, list[str]] = defaultdict(list)
    edges: list[str] = []
    for one in shown:
        own_nodes, own_edges = _around(one, with_artifacts=only is None)
        nodes[one.resource.key.namespace] += own_nodes
        edges += own_edges
    parents = {one.resource.parent.key for one in shown if one.resource.parent is not None}
    for key in sorted((key for key in report.missing if key in parents), key=order_of):
        nodes[key.namespace].append(_node(str(key), [key.name, key.kind, "does not exist"], _REFUSED, "dashed"))
    yield "digraph registrar {"
    yield "  rankdir=LR;"
    yield f"  {_STYLE}"
    for number, namespace in enumerate(sorted(nodes)):
        if report.scope.namespace is not None:
            yield from (f"  {node}" for node in nodes[namespace])
            continue
        yield f"  subgraph cluster_{number} {{"
        yield f"    label={_quoted(namespace)};"
        yield from (f"    {node}" for node in nodes[namespace])
        yield "  }"
    yield from (f"  {edge}" for edge in dict.fromkeys(edges))
    yield "}"


def _around(one: Assessed, *, with_artifacts: bool) -> tuple[list[str], list[str]]:
    """Return the nodes of a resource and of what has none of its own, and the edges between them."""
    resource, verdict, name = one.resource, one.verdict, str(one.resource.key)
    entry_id = [] if resource.status.id is None else [f"id {resource.status.id}"]
    concern = resource.concern if one.is_ready else None
    state = verdict.reason if concern is None else concern.type
    colour = _REFUSED if verdict.is_refused else _READY if one.is_ready and concern is None else _OTHER
    nodes = [_node(name, [resource.key.name, resource.key.kind, ", ".join([*entry_id, state])], colour)]
    edges = []
    parent = resource.parent
    if parent is not None and parent.key is None:
        above = f"{parent.kind} {resource.key.namespace} {parent.external}"
        nodes.append(_node(above, [parent.external, parent.kind, "in the registry"], _NEUTRAL, "dashed"))
        edges.append(_edge(above, name))
    elif parent is not None:
        edges.append(_edge(str(parent.key), name))
    for artifact in resource.artifacts if with_artifacts else ():
        below = f"{name}#{artifact.type}/{artifact.name}"
        found = [] if artifact.id is None else [f"id {artifact.id}"]
        nodes.append(_node(below, [artifact.name, artifact.type, *found], _NEUTRAL))
        edges.append(_edge(name, below))
    return nodes, edges


def _node(name: str, label: list[str], colour: str, style: str = "") -> str:
    styles = f', style="rounded,filled,{style}"' if style else ""
    return f'{_quoted(name)} [label={_quoted(*label)}, fillcolor="{colour}"{styles}];'


def _edge(above: str, below: str) -> str:
    return f"{_quoted(above)} -> {_quoted(below)};"


def _quoted(*lines: str) -> str:
    r"""Return lines as a quoted string in which nothing has a meaning: Graphviz replaces ``\N`` in labels."""
    escaped = (one_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
