"""Editing a document: it says what it has to, keeps the rest of its text, or is refused."""

import contextlib
import copy
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar.cli.documents.dump import dump
from registrar.cli.documents.edit import EditError, edited
from registrar.cli.documents.load import load

Change = Callable[[Any], object]

EDITS: dict[str, tuple[str, Change, str]] = {
    "a first item": (
        "a:\n  - xx # 1\n  - yy # 2\n",
        lambda content: content["a"].pop(0),
        "a:\n  - yy # 2\n",
    ),
    "an item between others": (
        "a:\n- xx # 1\n# on yy\n- yy # 2\nb: 1\n",
        lambda content: content["a"].insert(1, "true"),
        "a:\n- xx # 1\n- 'true'\n# on yy\n- yy # 2\nb: 1\n",
    ),
    "a list on one line": ("a: [en, 'no'] # c\n", lambda content: content["a"].append("y"), "a: [en, 'no', 'y'] # c\n"),
    "an item with a name": (
        "l:\n- name: a\n  v: 1\n# about b\n- name: b\n  v: 2\n# about c\n- {name: c, v: 3}\n",
        lambda content: content["l"].pop(1),
        "l:\n- name: a\n  v: 1\n# about b\n# about c\n- {name: c, v: 3}\n",
    ),
    "a key before a comment": (
        "a: 1\n\n# about c\nc: 1\n# the end\n",
        lambda content: [content.clear(), content.update(a=1, b="x", c=1, d=2)],
        "a: 1\nb: x\n\n# about c\nc: 1\nd: 2\n# the end\n",
    ),
    "a map that becomes text": ("a: {b: 1} # c\n", lambda content: content.update(a="12:30"), "a: '12:30' # c\n"),
    "an anchored map": (
        "a: &x {p: 1}\nb: *x\n",
        lambda content: [content.update(a={"p": 2}), content.update(b={"p": 2})],
        "a: &x {p: 2}\nb: *x\n",
    ),
    "a text over lines": ("a: 'x\n  y'\nb: 1\n", lambda content: content.update(a="z"), "a: 'z'\nb: 1\n"),
    "no end of the line": ("a: 1", lambda content: content.update(a=2), "a: 2\n"),
    "other indentation in each part": (
        "a:\n    b:  1\nc:\n  d: [1,2]\n",
        lambda content: [content["a"].update(b=2), content["c"].update(d=[1, 3])],
        "a:\n    b: 2\nc:\n  d: [1, 3]\n",
    ),
}


@pytest.mark.parametrize(("text", "change", "expected"), EDITS.values(), ids=list(EDITS))
def test_an_edit_changes_its_lines_alone(text: str, change: Change, expected: str) -> None:
    target = copy.deepcopy(load(text)[0].content)
    change(target)
    assert edited(text, target) == expected


REFUSED: dict[str, tuple[str, Change]] = {
    "a key that is a number": ("a: {12: x, b: 1}\n", lambda content: content["a"].pop("12")),
    "a key of a merged map": ("a: {<<: {p: 1}, q: 2}\n", lambda content: content["a"].pop("p")),
    "one of two with an anchor": (
        "a: &x {p: 1, l: [1]}\nb: *x\n",
        lambda content: content.update(a={"p": 2, "l": [1]}),
    ),
}


@pytest.mark.parametrize(("text", "change"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_edited_exactly_is_refused(text: str, change: Change) -> None:
    target = copy.deepcopy(load(text)[0].content)
    change(target)
    with pytest.raises(EditError):
        edited(text, target)


def test_a_comment_that_the_editor_would_move_is_a_refusal() -> None:
    """Found by the test below: the comment behind a text would stand inside of the map that replaces it."""
    with pytest.raises(EditError, match="a comment would be lost or moved"):
        edited("a:\n  p:\n  - ''\n# before b\nb: ''\n# end\n", {"a": [], "b": {"p": [""]}})


TEXTS = st.text(max_size=8) | st.sampled_from(["y", "1e3", "# no comment", "a\n# b\n", "\n", " x", "2026-11-23", "😀"])
VALUES = st.recursive(
    TEXTS | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, 1e22]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqr"), inner, max_size=3),
    max_leaves=6,
)
CONTENTS = st.dictionaries(st.sampled_from("abcde"), VALUES, min_size=1)


@given(CONTENTS, CONTENTS)
def test_an_edit_says_what_it_has_to_and_keeps_comments_or_is_refused(
    content: dict[str, Any], target: dict[str, Any]
) -> None:
    text = "".join(f"# before {name}\n{dump({name: value})}" for name, value in content.items()) + "# end\n"
    with contextlib.suppress(EditError):
        result = edited(text, target)
        # `says` inside compares; here the reader alone.
        assert load(result)[0].content == load(dump(target))[0].content
        assert [line for line in text.splitlines() if line.startswith(("# before", "# end"))] == [
            line for line in result.splitlines() if line.startswith(("# before", "# end"))
        ]


@given(CONTENTS, st.sampled_from("abcde"), TEXTS)
def test_one_value_of_our_own_manifests_can_always_be_changed(content: dict[str, Any], name: str, value: str) -> None:
    target = {**content, name: value}
    assert load(edited(dump(content), target))[0].content == load(dump(target))[0].content


def test_the_editor_is_loaded_when_it_is_used() -> None:
    program = "import sys, registrar.cli.export; print([name for name in sys.modules if 'ruamel' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
