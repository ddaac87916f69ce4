"""The graph, as a parser of the DOT language reads it."""

from collections.abc import Iterator
from typing import Any

import pydot
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar.cli.status.dot import report_dot
from registrar.cli.status.report import Reading, Report, Scope, report
from registrar.cli.status.resources import observe
from tests.unit.build import body
from tests.unit.cli.status.cases import artifact, drifted, model, not_ready, ready, report_of, version, waiting_version

# pydot calls its parser by names that this has replaced.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot")

GREEN, RED, YELLOW, WHITE = "#c8e6c9", "#ffcdd2", "#fff3c4", "#ffffff"


def unquoted(text: str) -> str:
    return text.removeprefix('"').removesuffix('"')


def graph_of(found: Report, only: frozenset[Any] | None = None) -> pydot.Dot:
    graphs = pydot.graph_from_dot_data("\n".join(report_dot(found, only)))
    assert graphs is not None
    (graph,) = graphs
    return graph


def nodes_of(graph: pydot.Graph) -> Iterator[tuple[str, list[str], str]]:
    """Yield name, lines and colour of each node, also inside of boxes."""
    for node in graph.get_nodes():
        if node.get_name() != "node":
            lines = unquoted(str(node.get("label"))).split("\\n")
            yield unquoted(node.get_name()), lines, unquoted(str(node.get("fillcolor")))
    for box in graph.get_subgraphs():
        yield from nodes_of(box)


def edges_of(graph: pydot.Dot) -> list[tuple[str, str]]:
    return [(unquoted(str(edge.get_source())), unquoted(str(edge.get_destination()))) for edge in graph.get_edges()]


def test_models_versions_and_artifacts_are_nodes_in_the_colour_of_their_state() -> None:
    inline = [{"name": "card", "type": "doc-artifact", "id": "5"}, {"name": "new", "type": "model-artifact"}]
    found = report_of(
        model("churn", ready("1")),
        version("v1", "churn", ready("2", artifacts=inline)),
        artifact("onnx", "v1", not_ready("WaitingForModelVersion")),
        version("v2", "churn", not_ready("InvalidSpec", stalled=True)),
        version("v3", "churn", drifted("3")),
        waiting_version("v4", "frod"),
        version("v5", "churn", not_ready("NameConflict")),
    )
    graph = graph_of(found)
    assert sorted(nodes_of(graph)) == [
        ("ModelArtifact team/onnx", ["onnx", "ModelArtifact", "WaitingForModelVersion"], YELLOW),
        ("ModelVersion team/v1", ["v1", "ModelVersion", "id 2, Synced"], GREEN),
        ("ModelVersion team/v1#doc-artifact/card", ["card", "doc-artifact", "id 5"], WHITE),
        ("ModelVersion team/v1#model-artifact/new", ["new", "model-artifact"], WHITE),
        ("ModelVersion team/v2", ["v2", "ModelVersion", "InvalidSpec"], RED),
        ("ModelVersion team/v3", ["v3", "ModelVersion", "id 3, Drifted"], YELLOW),
        ("ModelVersion team/v4", ["v4", "ModelVersion", "WaitingForRegisteredModel"], YELLOW),
        ("ModelVersion team/v5", ["v5", "ModelVersion", "NameConflict"], RED),
        ("RegisteredModel team/churn", ["churn", "RegisteredModel", "id 1, Synced"], GREEN),
        ("RegisteredModel team/frod", ["frod", "RegisteredModel", "does not exist"], RED),
    ]
    assert sorted(edges_of(graph)) == [
        ("ModelVersion team/v1", "ModelArtifact team/onnx"),
        ("ModelVersion team/v1", "ModelVersion team/v1#doc-artifact/card"),
        ("ModelVersion team/v1", "ModelVersion team/v1#model-artifact/new"),
        ("RegisteredModel team/churn", "ModelVersion team/v1"),
        ("RegisteredModel team/churn", "ModelVersion team/v2"),
        ("RegisteredModel team/churn", "ModelVersion team/v3"),
        ("RegisteredModel team/churn", "ModelVersion team/v5"),
        ("RegisteredModel team/frod", "ModelVersion team/v4"),
    ]
    shown = graph_of(found, found.without_ready())
    assert "ModelVersion team/v1#doc-artifact/card" not in [name for name, _, _ in nodes_of(shown)]
    assert len(list(nodes_of(shown))) == 8


def test_an_entry_that_no_resource_manages_is_a_node_of_its_own() -> None:
    reference = {"external": {"name": "churn"}}
    versions = (
        body("ModelVersion", name, status=ready(name[1:]), registeredModelRef=reference) for name in ("v1", "v2")
    )
    graph = graph_of(report_of(*versions))
    above = "RegisteredModel team name 'churn'"
    assert next(lines for name, lines, _ in nodes_of(graph) if name == above) == [
        "name 'churn'",
        "RegisteredModel",
        "in the registry",
    ]
    assert sorted(edges_of(graph)) == [(above, "ModelVersion team/v1"), (above, "ModelVersion team/v2")]


def test_each_namespace_is_a_box_if_there_may_be_several() -> None:
    one = model("m", ready("1"))
    bodies = [{**one, "metadata": {**one["metadata"], "namespace": namespace}} for namespace in "ab"]
    graph = graph_of(report(Reading(tuple(map(observe, bodies)), {}), Scope(None)))
    boxes = {unquoted(str(box.get("label"))): [name for name, _, _ in nodes_of(box)] for box in graph.get_subgraphs()}
    assert boxes == {"a": ["RegisteredModel a/m"], "b": ["RegisteredModel b/m"]}
    assert graph_of(report_of(bodies[0])).get_subgraphs() == []


@settings(max_examples=25)  # the parser takes its time
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    | st.sampled_from(['"', "\\", "\\N", 'a" ; b', "a\nb", "<b>x</b>", "日本語", "\\\\", 'x\\"'])
)
def test_no_name_breaks_out_of_its_quotes(name: str) -> None:
    inline = [{"name": f"x{name}", "type": "doc-artifact"}]
    graph = graph_of(report_of(model("m", ready("1")), version("v", "m", ready("2", artifacts=inline))))
    assert len(list(nodes_of(graph))) == 3
    assert len(edges_of(graph)) == 2


def test_a_backslash_is_no_escape() -> None:
    inline = [{"name": 'a\\N"', "type": "doc-artifact"}]
    text = "\n".join(report_dot(report_of(model("m", ready("1")), version("v", "m", ready("2", artifacts=inline)))))
    assert '[label="a\\\\N\\"\\ndoc-artifact", fillcolor="#ffffff"]' in text
