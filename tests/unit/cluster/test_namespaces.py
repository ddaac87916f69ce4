"""The labels of namespaces, from a list and a watch that may be behind each other."""

from typing import Any

import pytest

from registrar.cluster.namespaces import Namespaces


def _body(name: str, version: int, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": str(version), "labels": labels}}


class Known:
    """Namespaces, and how often they changed."""

    def __init__(self) -> None:
        self.changes = 0
        self.namespaces = Namespaces(self._note)
        self.pages: list[dict[str, Any]] = []

    def _note(self) -> None:
        self.changes += 1

    async def read(self, version: int, *pages: list[dict[str, Any]]) -> None:
        """Have them listed, in pages."""
        last = len(pages) - 1
        self.pages = [
            {
                "items": items,
                "metadata": {"resourceVersion": str(version), "continue": "" if number == last else "more"},
            }
            for number, items in enumerate(pages)
        ]
        await self.namespaces.read_all(self)  # type: ignore[arg-type]  # it has what is used

    async def list_page(self, path: str, _: int, token: str = "") -> dict[str, Any]:
        assert (path, bool(token)) == ("/api/v1/namespaces", len(self.pages) == 1 and token == "more")
        return self.pages.pop(0)


@pytest.fixture
def known() -> Known:
    return Known()


async def test_a_list_has_them_all(known: Known) -> None:
    await known.read(5, [_body("a", 1, x="1")], [_body("b", 2)])
    assert dict(known.namespaces) == {"a": {"x": "1"}, "b": {}}
    assert known.changes == 1
    await known.read(6, [_body("a", 1, x="1")], [_body("b", 2)])
    assert known.changes == 1


async def test_only_other_labels_are_a_change(known: Known) -> None:
    known.namespaces.on_change(_body("a", 1, x="1"))
    known.namespaces.on_change(_body("a", 2, x="1"))
    assert known.changes == 1
    known.namespaces.on_change(_body("a", 3, x="2"))
    assert (known.changes, known.namespaces["a"]) == (2, {"x": "2"})


async def test_what_is_older_changes_nothing(known: Known) -> None:
    """A former label would admit the namespace for a moment."""
    known.namespaces.on_change(_body("a", 5))
    known.namespaces.on_change(_body("a", 4, x="1"))
    known.namespaces.on_delete(_body("a", 4, x="1"))
    await known.read(4, [_body("a", 4, x="1")])
    await known.read(4, [])
    assert (dict(known.namespaces), known.changes) == ({"a": {}}, 1)


async def test_a_deleted_one_is_forgotten_also_if_the_watch_has_missed_that(known: Known) -> None:
    for name in ("a", "b"):
        known.namespaces.on_change(_body(name, 1))
    known.namespaces.on_delete(_body("a", 2))
    assert list(known.namespaces) == ["b"]
    await known.read(3, [])
    assert list(known.namespaces) == []
    assert known.changes == 4


async def test_a_list_brings_back_nothing_that_was_deleted_while_it_was_read(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known.read(5, [_body("a", 1, x="1")])
    list_page = known.list_page

    async def slow(path: str, limit: int, token: str = "") -> dict[str, Any]:
        page = await list_page(path, limit, token)
        known.namespaces.on_delete(_body("a", 7, x="1"))
        return page

    monkeypatch.setattr(known, "list_page", slow)
    await known.read(6, [_body("a", 1, x="1")])
    assert dict(known.namespaces) == {}
    monkeypatch.undo()
    # Its successor is another one.
    await known.read(9, [_body("a", 8)])
    assert dict(known.namespaces) == {"a": {}}
