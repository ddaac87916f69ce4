"""Pages of lists: in every order, each entry appears exactly once."""

from collections.abc import Callable, Iterator
from unittest import mock

import httpx
import pytest

from local_registry import store

Unique = Callable[[str], str]


def _pages(client: httpx.Client, path: str, size: int, **parameters: str) -> Iterator[list[str]]:
    token = ""
    while True:
        answer = client.get(path, params={"pageSize": size, "nextPageToken": token, **parameters}).json()
        assert answer["size"] == len(answer["items"])
        assert answer["pageSize"] == size
        yield [item["name"] for item in answer["items"]]
        if not (token := answer["nextPageToken"]):
            return


@pytest.mark.parametrize("order", ["", "ID", "CREATE_TIME", "LAST_UPDATE_TIME", "id", "NAME"])
def test_pages_follow_each_other(own_registry: httpx.Client, order: str) -> None:
    names = [f"m{number}" for number in range(5)]
    # All in the same millisecond, because this test is about the order of ties.
    with mock.patch.object(store, "_now", return_value=1_700_000_000_000):
        for name in names:
            own_registry.post("/registered_models", json={"name": name}).raise_for_status()
    for direction, expected in (("ASC", names), ("DESC", names[::-1])):
        for size in (1, 2, 3, 5, 6):
            pages = list(_pages(own_registry, "/registered_models", size, orderBy=order, sortOrder=direction))
            assert [name for page in pages for name in page] == expected
            assert all(len(page) == size for page in pages[:-1])
            assert pages[-1]


def test_pages_in_time_order_are_sorted_by_time(own_registry: httpx.Client) -> None:
    ids = []
    for number in range(4):
        with mock.patch.object(store, "_now", return_value=1_700_000_000_000 + number):
            ids.append(own_registry.post("/registered_models", json={"name": f"m{number}"}).json()["id"])
    with mock.patch.object(store, "_now", return_value=1_700_000_001_000):
        own_registry.patch(f"/registered_models/{ids[1]}", json={}).raise_for_status()
    pages = _pages(own_registry, "/registered_models", 2, orderBy="LAST_UPDATE_TIME", sortOrder="DESC")
    assert list(pages) == [["m1", "m3"], ["m2", "m0"]]


def test_pages_of_a_filtered_list(registry: httpx.Client, unique: Unique) -> None:
    for number in range(5):
        body = {"name": unique(f"m{number}"), "owner": f"o{number % 2}"}
        registry.post("/registered_models", json=body).raise_for_status()
    query = f"name LIKE '%{unique('')}' AND owner = 'o0'"
    pages = list(_pages(registry, "/registered_models", 2, orderBy="ID", filterQuery=query))
    assert pages == [[unique("m0"), unique("m2")], [unique("m4")]]


def test_a_last_page_that_is_full_has_no_successor(registry: httpx.Client, unique: Unique) -> None:
    for number in range(2):
        registry.post("/registered_models", json={"name": unique(f"m{number}")}).raise_for_status()
    query: dict[str, str | int] = {"filterQuery": f"name LIKE '%{unique('')}'", "pageSize": 2}
    assert registry.get("/registered_models", params=query).json()["nextPageToken"] == ""


@pytest.mark.parametrize("size", ["abc", "1.5", "2147483648", "1e3"])
def test_an_invalid_page_size_is_a_400(registry: httpx.Client, size: str) -> None:
    answer = registry.get("/registered_models", params={"pageSize": size})
    assert (answer.status_code, answer.json()["code"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("garbage", "illegal base64 data at input byte 4"),
        ("M!Q=", "illegal base64 data at input byte 1"),
        ("MQ==", "invalid cursor format"),  # "1"
        ("YTox", "strconv"),  # "a:1"
        ("OTk5OTk5OTk5OTk6MQ==", "out of range"),  # "99999999999:1"
        ("a" * 1025, "invalid cursor format"),
    ],
)
def test_an_invalid_token_is_a_400(registry: httpx.Client, token: str, message: str) -> None:
    answer = registry.get("/model_versions", params={"nextPageToken": token})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("invalid nextPageToken: ")
    assert message in answer.json()["message"]


def test_a_token_of_another_order_is_a_400(registry: httpx.Client) -> None:
    query = {"nextPageToken": "MTph", "orderBy": "CREATE_TIME"}  # "1:a"
    assert registry.get("/registered_models", params=query).status_code == 400
