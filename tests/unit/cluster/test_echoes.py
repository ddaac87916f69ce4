"""The echoes of our own writes: what an answer has shown, and nothing else, is left out of the watch."""

import json
from typing import Any

import pytest

from registrar.cluster import echoes as module
from registrar.cluster.echoes import Echoes
from tests.unit.build import body


def line(resource: dict[str, Any], kind: str = "MODIFIED") -> bytes:
    """A line of a watch, as the API server writes it."""
    return json.dumps({"type": kind, "object": resource}, separators=(",", ":")).encode()


def test_an_echo_is_left_out_once() -> None:
    echoes = Echoes()
    echoes.expect(body(version=7))
    assert echoes.is_echo(line(body(version=7)))
    # After a disconnection, the API server shows it again; the cache knows it.
    assert not echoes.is_echo(line(body(version=7)))


@pytest.mark.parametrize(
    "shown",
    [
        line(body(version=8)),
        line(body(version=7), "ADDED"),
        line(body(version=7), "DELETED"),
        line(body(version=7, annotations={"resourceVersion": "7"})),
        line(body(version=8, annotations={"resourceVersion": "7"})),
        line(body(version=8, annotations={"note": '"resourceVersion":"7"'})),
        b"",
    ],
    ids=["another change", "added", "deleted", "twice", "another twice", "in a text", "no line"],
)
def test_everything_else_is_shown(shown: bytes) -> None:
    echoes = Echoes()
    echoes.expect(body(version=7))
    assert not echoes.is_echo(shown)


def test_a_resource_that_is_being_deleted_is_shown() -> None:
    going = body(version=7)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    echoes = Echoes()
    echoes.expect(going)
    assert not echoes.is_echo(line(going))


def test_what_is_expected_in_vain_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_EXPECTED", 2)
    echoes = Echoes()
    for version in (7, 8, 9):
        echoes.expect(body(version=version))
    assert [echoes.is_echo(line(body(version=version))) for version in (7, 8, 9)] == [False, True, True]
