"""JSON that is nested too deeply: what lies deeper is null, and everything else is as it was."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.api.nesting import MAX_DEPTH, read_shallow, shallow

BRACKETS = st.text('[]{}",:\\ a', max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | BRACKETS,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(BRACKETS, part, max_size=4),
)


def _nested(levels: int, inside: object = None) -> Any:
    """Return lists and objects in each other, each with a neighbour, around a value."""
    value = inside
    for level in range(levels):
        value = [level, value, "]"] if level % 2 else {"before": "[", "in": value, "}": 0}
    return value


@given(VALUES)
def test_an_ordinary_value_stays_the_same(value: Any) -> None:
    assert shallow(json.dumps(value)) == json.dumps(value)
    assert read_shallow(json.dumps([value] * MAX_DEPTH)) == [value] * MAX_DEPTH


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_the_last_level_is_read(levels: int) -> None:
    text = json.dumps(_nested(levels, inside="deep"))
    assert shallow(text) == text
    assert read_shallow(text) == json.loads(text)


@pytest.mark.parametrize("levels", [1, 2, 50])
def test_what_lies_deeper_is_null(levels: int) -> None:
    cut = _nested(MAX_DEPTH)
    assert read_shallow(json.dumps(_nested(MAX_DEPTH, inside=_nested(levels)))) == json.loads(json.dumps(cut))


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_no_depth_is_an_error(opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    text = '{"items": [' + opening * 9_000 + "1" + closing * 9_000 + ', "kept"]}'
    (value, kept) = read_shallow(text)["items"]
    depth = 0
    while value is not None:
        (value,) = value if isinstance(value, list) else value.values()
        depth += 1
    assert (depth, kept) == (MAX_DEPTH - 2, "kept")
