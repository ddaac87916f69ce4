"""What kopf's lists hand over: the resources of our kinds, each with its kind, and nothing else."""

import logging

import pytest

from registrar.api.bodies import Body
from registrar.api.meta import API_VERSION
from registrar.cluster.listed import hand_over
from registrar.kinds.table import KINDS
from tests.unit.build import body


def page(kind: str, *names: str, api_version: str = API_VERSION) -> Body:
    """Return a page as the API server sends it: its items name neither their kind nor its version."""
    items = [
        {name: part for name, part in body("RegisteredModel", each).items() if name not in {"apiVersion", "kind"}}
        for each in names
    ]
    return {"apiVersion": api_version, "kind": f"{kind}List", "metadata": {"continue": "more"}, "items": items}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_resources_are_shown_in_order_and_kopf_gets_the_page_without_them(kind: str) -> None:
    listed, shown = page(kind, "a", "b"), list[Body]()
    assert hand_over(listed, shown.append) == {**listed, "items": []}
    assert shown == [{"apiVersion": API_VERSION, "kind": kind, **item} for item in listed["items"]]


@pytest.mark.parametrize(
    "answer",
    [
        page("ClusterRegistry", "a"),
        page("Namespace", "a", api_version="v1"),
        page("RegisteredModel", "a", api_version="example.com/v1"),
        {"apiVersion": "v1", "kind": "Status", "code": 410},
        [],
    ],
    ids=["ClusterRegistryList", "NamespaceList", "another group", "Status", "no object"],
)
def test_any_other_answer_is_left_to_kopf(answer: object) -> None:
    shown = list[Body]()
    assert hand_over(answer, shown.append) is answer
    assert not shown


def test_one_that_cannot_be_taken_is_logged_and_the_others_are_shown(caplog: pytest.LogCaptureFixture) -> None:
    shown = list[str]()

    def show(resource: Body) -> None:
        if resource["metadata"]["name"] == "bad":
            raise ValueError("not this one")
        shown.append(resource["metadata"]["name"])

    with caplog.at_level(logging.ERROR):
        hand_over(page("RegisteredModel", "a", "bad", "b"), show)
    assert shown == ["a", "b"]
    assert "RegisteredModel team/bad was listed, and could not be taken" in caplog.text
