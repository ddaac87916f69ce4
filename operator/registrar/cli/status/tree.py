"""The resources as a tree: models, their versions, and the artifacts of these."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from registrar.api.bodies import ResourceKey
from registrar.api.v1alpha1.model_version import InlineArtifactStatus
from registrar.cli.status.causes import Assessed
from registrar.cli.status.report import Report, order_of


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the tree.

    Attributes:
        depth: how many lines it is below; 0 at a root.
        namespace: where it is.
        name: kind and name, such as ``RegisteredModel/churn`` or ``model-artifact/onnx``.
        assessed: the resource; None for an artifact inside of one, and for a resource that does not exist.
        artifact: the artifact inside of the resource above; None for a resource.
    """

    depth: int
    namespace: str
    name: str
    assessed: Assessed | None = None
    artifact: InlineArtifactStatus | None = None


def lines_of(report: Report, only: Collection[ResourceKey] | None = None) -> Iterator[Line]:
    """Yield the lines of the tree from top to bottom.

    Args:
        report: the resources.
        only: the resources to show, without their inline artifacts; None shows everything.
    """
    shown = [one for one in report.assessed if only is None or one.resource.key in only]
    present = {one.resource.key for one in shown} | report.missing
    children: defaultdict[ResourceKey | None, list[Assessed]] = defaultdict(list)
    for one in shown:
        parent = one.resource.parent
        children[parent.key if parent is not None and parent.key in present else None].append(one)

    def below(one: Assessed, depth: int) -> Iterator[Line]:
        key = one.resource.key
        yield Line(depth, key.namespace, label(key), one)
        for artifact in one.resource.artifacts if only is None else ():
            yield Line(depth + 1, key.namespace, f"{artifact.type}/{artifact.name}", artifact=artifact)
        for child in children[key]:
            yield from below(child, depth + 1)

    roots: list[ResourceKey | Assessed] = [*children[None], *(key for key in report.missing if children[key])]
    for root in sorted(roots, key=_place):
        if isinstance(root, Assessed):
            yield from below(root, 0)
        else:
            yield Line(0, root.namespace, label(root))
            for child in children[root]:
                yield from below(child, 1)


def label(key: ResourceKey) -> str:
    """Return a resource as the command line takes it, without its namespace."""
    return f"{key.kind}/{key.name}"


def _place(root: ResourceKey | Assessed) -> tuple[str, int, str]:
    return order_of(root.resource.key if isinstance(root, Assessed) else root)
